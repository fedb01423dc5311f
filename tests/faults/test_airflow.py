"""Airflow itself in trouble in the middle of a load: its tasks, its scheduler, its API server, all of them real."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import quote

import pytest

from dev.places import new_folder
from dev.private_mariadb import PrivateMariaDB
from dev.running_airflow import RunningAirflow
from tests.faults.middle import DAG_ID, TASK, Middle, assert_ends_well, in_the_middle, run_numbers
from tests.faults.reference import FaultDump
from tests.faults.tally import LONG, tried

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def airflows() -> Iterator[Callable[[PrivateMariaDB], RunningAirflow]]:
    """Gives one Airflow a server for all these tests: it takes a while to start."""
    running: dict[int, RunningAirflow] = {}
    with ExitStack() as stack:

        def of(server: PrivateMariaDB) -> RunningAirflow:
            if server.port not in running:
                uri = f"mysql://{server.user}:{quote(server.password, safe='')}@{server.host}:{server.port}/"
                home = new_folder("running-airflow-")
                home.rmdir()  # it makes it itself
                one = RunningAirflow(home, Path(__file__).parent / "dags", {"AIRFLOW_CONN_DM_TARGET": uri})
                running[server.port] = stack.enter_context(one)
            return running[server.port]

        yield of


@pytest.fixture
def airflow(airflows: Callable[[PrivateMariaDB], RunningAirflow], server: PrivateMariaDB) -> RunningAirflow:
    return airflows(server)


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
        run_id = f"run-{next(run_numbers)}"
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
