"""Airflow itself in trouble in the middle of a load: its tasks, its scheduler, its API server, all of them real."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from dev.places import new_folder
from dev.private_mariadb import PrivateMariaDB
from dev.running_airflow import RunningAirflow, TaskState
from tests.faults.importing import sessions
from tests.faults.reference import FaultDump
from tests.faults.tally import LONG, tried
from tests.tables import chunks, one, query

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(900)]

DAG_ID, TASK = "faulty_load", "run_import"
_numbers = count(1)


@pytest.fixture(scope="module")
def airflow(mariadb: PrivateMariaDB) -> Iterator[RunningAirflow]:
    """One Airflow for all these tests: it takes a while to start."""
    uri = f"mysql://{mariadb.user}:{quote(mariadb.password, safe='')}@{mariadb.host}:{mariadb.port}/"
    home = new_folder("running-airflow-")
    home.rmdir()  # it makes it itself
    with RunningAirflow(home, Path(__file__).parent / "dags", {"AIRFLOW_CONN_DM_TARGET": uri}) as running:
        yield running


class Middle:
    """A DAG run whose import stands in the middle of its rows: chunks are in, and one waits for a row of ours."""

    def __init__(self, airflow: RunningAirflow, server: PrivateMariaDB, run_id: str) -> None:
        self.airflow, self.server, self.run_id = airflow, server, run_id

    @property
    def task(self) -> TaskState:
        return self.airflow.task(self.run_id, TASK)

    @property
    def sessions(self) -> set[int]:
        """Of the import; there is no other task at work."""
        return {number for number, _ in sessions(self.server)}

    @property
    def waiting_sessions(self) -> set[int]:
        """Those that wait for our row."""
        waiting = query(
            self.server,
            "SELECT trx_mysql_thread_id FROM information_schema.innodb_trx "
            "WHERE trx_state = 'LOCK WAIT' AND trx_query REGEXP '^(LOAD DATA|INSERT INTO `s`)'",
        )
        return {number for (number,) in waiting}

    def wait_until_there(self, *, try_number: int, not_in: Collection[int] = ()) -> None:
        """The import, in this try or a later one, waits for our row in another session than these."""

        def is_there() -> bool:
            task = self.task
            return task.state == "running" and task.try_number >= try_number and bool(self.waiting_sessions - {*not_in})

        self.airflow.wait_until(f"try {try_number} of the import waits for our row", is_there)


@contextmanager
def in_the_middle(
    airflow: RunningAirflow, server: PrivateMariaDB, dump: FaultDump, **settings: Any
) -> Iterator[Middle]:
    """After the block the row is given back, and the load must end well."""
    middle = Middle(airflow, server, f"run-{next(_numbers)}")
    server.client("CREATE DATABASE s; USE s;" + (dump.folder / "s.keyed-schema.sql").read_text())
    with closing(server.connect(autocommit=False)) as other, other.cursor() as cursor:
        cursor.execute("INSERT INTO s.keyed (id) VALUES (800)")
        conf = {
            "task_name": "t",
            "dump_uri": str(dump.folder),
            "chunk_bytes": 4096,
            "pool_size": 1,
            "session": {"innodb_lock_wait_timeout": 2},  # the server finds out late that a waiting client is gone
            **settings,
        }
        airflow.trigger(DAG_ID, middle.run_id, conf)
        middle.wait_until_there(try_number=1)
        committed = chunks(server)
        assert committed > 10

        yield middle

        assert chunks(server) == committed, "nothing was sent twice, and nothing passed the row that is in the way"
        other.rollback()
    assert_ends_well(airflow, server, dump, middle.run_id)


def assert_ends_well(airflow: RunningAirflow, server: PrivateMariaDB, dump: FaultDump, run_id: str) -> None:
    airflow.wait_until("the run ends", lambda: airflow.run_state(run_id) in {"success", "failed"})
    assert airflow.run_state(run_id) == "success", airflow.task_states(run_id)
    dump.assert_arrived_once(server)
    assert one(server, "SELECT status FROM dm_meta.dm_loader_load") == "finished"
    assert one(server, "SELECT SUM(row_count) FROM dm_meta.dm_loader_chunk") == dump.rows
    airflow.wait_until("no session of ours is left", lambda: not sessions(server))


# -- faults


def kill_the_task(middle: Middle) -> None:
    killed: list[tuple[int, set[int]]] = []

    def kill() -> bool:
        """Another fault may just have ended it, and the next try not begun."""
        task, before = middle.task, middle.sessions
        if task.state == "running" and task.process is not None:
            with suppress(ProcessLookupError):
                os.kill(task.process, signal.SIGKILL)
                killed.append((task.try_number, before))
        return bool(killed)

    middle.airflow.wait_until("the task runs", kill)
    ((try_number, before),) = killed
    middle.wait_until_there(try_number=try_number + 1, not_in=before)


def kill_its_supervisor(middle: Middle) -> None:
    """The task lives on for a while: Airflow starts another beside it."""
    task = middle.task
    assert task.process is not None
    parent = int(Path(f"/proc/{task.process}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(parent, signal.SIGKILL)
    middle.airflow.wait_until("Airflow tries again", lambda: middle.task.try_number > task.try_number)


def clear_the_running_task(middle: Middle) -> None:
    task, before = middle.task, middle.sessions
    middle.airflow.clear(DAG_ID, middle.run_id, TASK)
    middle.wait_until_there(try_number=task.try_number + 1, not_in=before)
    middle.airflow.wait_until("the sessions of the former try end", lambda: not before & middle.sessions)


def restart_the_api_server(middle: Middle) -> None:
    middle.airflow.end("api-server")
    time.sleep(2)
    middle.airflow.start("api-server")
    middle.airflow.wait_until("the API server is back", middle.airflow.answers)


def restart_the_scheduler(middle: Middle) -> None:
    """With all that it started, the task among them, as a service manager does it."""
    task, before = middle.task, middle.sessions
    middle.airflow.end("scheduler")
    middle.airflow.start("scheduler")
    middle.wait_until_there(try_number=task.try_number, not_in=before)


def kill_the_scheduler(middle: Middle) -> None:
    """The task lives on without it."""
    middle.airflow.kill9("scheduler")
    middle.airflow.start("scheduler")
    time.sleep(8)  # it takes the other one for dead, and what that one started for lost


FAULTS: dict[str, Callable[[Middle], None]] = {
    "kill -9 of the task": kill_the_task,
    "kill -9 of its supervisor": kill_its_supervisor,
    "clear of the running task": clear_the_running_task,
    "restart of the API server": restart_the_api_server,
    "restart of the scheduler": restart_the_scheduler,
    "kill -9 of the scheduler": kill_the_scheduler,
}
SHORT = [
    ("kill -9 of the task", "clear of the running task", "restart of the API server", "kill -9 of the scheduler"),
]
ALONE_AND_TOGETHER = [*((fault,) for fault in FAULTS), tuple(FAULTS), tuple(reversed(FAULTS))]


@pytest.mark.parametrize("faults", ALONE_AND_TOGETHER if LONG else SHORT, ids=", ".join)
def test_a_load_goes_on_after(
    faults: Sequence[str], airflow: RunningAirflow, server: PrivateMariaDB, dump: FaultDump
) -> None:
    with in_the_middle(airflow, server, dump) as middle:
        for fault in faults:
            FAULTS[fault](middle)
            tried(f"Airflow: {fault}, in the middle of a load")


if LONG:

    def test_a_load_whose_every_task_is_killed_once_ends_well(
        airflow: RunningAirflow, server: PrivateMariaDB, dump: FaultDump
    ) -> None:
        run_id = f"run-{next(_numbers)}"
        killed: set[str] = set()

        def ends() -> bool:
            for task_id, process in airflow.running(run_id):
                if task_id not in killed:
                    os.kill(process, signal.SIGKILL)
                    killed.add(task_id)
                    tried(f"Airflow: kill -9 of {task_id}")
            return airflow.run_state(run_id) in {"success", "failed"}

        airflow.trigger(DAG_ID, run_id, {"task_name": "t", "dump_uri": str(dump.folder), "chunk_bytes": 4096})
        airflow.wait_until("the run ends", ends, 300)

        assert {"prepare_checkpoint", "create_tables", TASK, "checksum", "finish"} <= killed
        assert_ends_well(airflow, server, dump, run_id)
