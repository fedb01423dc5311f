"""A load that is told to end leaves nothing at work in the server, whatever it was at."""

from __future__ import annotations

import threading
from contextlib import closing

import pytest

from airflow_dm_loader import loader
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import LoadInterruptedError
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import load_config, prepare, run_of
from tests.faults.importing import (
    complete,
    importing,
    sessions,
    wait_for_statement,
    wait_until_no_session_is_left,
)
from tests.faults.reference import FaultDump
from tests.faults.tally import tried
from tests.waiting import PATIENCE_S


class _Signalled(BaseException):
    """As Airflow's, when a task is terminated."""


def loader_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("dm-loader")]


def test_a_stop_in_an_index_build_ends_it_in_the_server(
    server: PrivateMariaDB, target: TargetConfig, dump: FaultDump
) -> None:
    config, stop = load_config(dump.folder), threading.Event()
    prepare(config, target)
    with closing(server.connect(autocommit=False)) as reader, reader.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM s.keyed, s.keyed_too")  # the builds wait for this session
        with importing(config, target, stop) as running:
            wait_for_statement(server, "ALTER TABLE", 2)

            stop.set()
            with pytest.raises(LoadInterruptedError):
                running.result(PATIENCE_S)

            wait_until_no_session_is_left(server)  # the reader is still there: none ended by getting its lock
            tried("stop in an index build")
    assert loader_threads() == []

    loader.run_import(run_of(config, target))

    complete(config, target)
    dump.assert_arrived_once(server)


def test_an_exception_in_the_importing_thread_leaves_nothing_at_work(
    server: PrivateMariaDB, target: TargetConfig, dump: FaultDump
) -> None:
    config = load_config(dump.folder)
    prepare(config, target)
    with closing(server.connect(autocommit=False)) as other, other.cursor() as cursor:
        cursor.execute("SELECT * FROM s.keyed FOR UPDATE")
        cursor.execute("SELECT * FROM s.keyless FOR UPDATE")

        def on_progress(_: object) -> None:
            if any(text.startswith("LOAD DATA") for _, text in sessions(server)):
                raise _Signalled

        with pytest.raises(_Signalled):
            loader.run_import(run_of(config, target, on_progress=on_progress, progress_interval_s=0))

        assert loader_threads() == []
        wait_until_no_session_is_left(server)  # the locks are still held
        tried("exception in the importing thread")

    loader.run_import(run_of(config, target))

    complete(config, target)
    dump.assert_arrived_once(server)
