"""A DAG run of a real Airflow, held in the middle of its import, where what happens to it can be seen."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from itertools import count
from typing import Any

from dev.private_mariadb import PrivateMariaDB
from dev.running_airflow import RunningAirflow, TaskState
from tests.faults.importing import sessions
from tests.faults.reference import FaultDump
from tests.tables import chunks, one, query

DAG_ID, TASK = "faulty_load", "run_import"
run_numbers = count(1)


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
    middle = Middle(airflow, server, f"run-{next(run_numbers)}")
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
