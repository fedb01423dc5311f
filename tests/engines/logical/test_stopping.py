"""An import that is told to stop leaves nothing at work in the server, and can go on."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from airflow_dm_loader import load_dump, loader
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.errors import LoadInterruptedError
from airflow_dm_loader.loader import ShareReport
from airflow_dm_loader.target import connecting, connection
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import WITHOUT_KEY, Table, load_config, numbered, prepare, run_of, write_dump
from tests.faults import global_variable, hold_chunks_after
from tests.faults.importing import wait_for_statement, wait_until_no_session_is_left
from tests.tables import chunks, count, hashes_by_client, query, table_hashes
from tests.waiting import PATIENCE_S, wait_until


@contextmanager
def importing(config: LoadConfig, target: TargetConfig, stop: threading.Event) -> Iterator[Future[ShareReport]]:
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(loader.run_import, run_of(config, target, stop=stop))
        stop.set()


@contextmanager
def locked(server: PrivateMariaDB, statement: str) -> Iterator[None]:
    """Another session that holds what a statement locks."""
    with closing(server.connect(autocommit=False)) as other, other.cursor() as cursor:
        cursor.execute(statement)
        yield


@pytest.mark.parametrize(("local_infile", "verb"), [(0, "INSERT INTO `s`"), (1, "LOAD DATA")])
def test_a_statement_that_is_blocked_is_killed_in_the_server(
    local_infile: int, verb: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", numbered("t", 1000))
    config, stop = load_config(folder), threading.Event()
    prepare(config, target)
    with (
        global_variable(server, "local_infile", local_infile),
        locked(server, "SELECT * FROM s.t FOR UPDATE"),
        importing(config, target, stop) as running,
    ):
        wait_for_statement(server, verb, 2)

        stop.set()
        with pytest.raises(LoadInterruptedError):
            running.result(PATIENCE_S)

        wait_until_no_session_is_left(server)  # the locks are still held: none ended by getting them
    assert (chunks(server), count(server, "s.t")) == (0, 0)

    report = load_dump(config, target)

    assert (report.rows, count(server, "s.t"), report.outcome) == (1000, 1000, "clean")


def test_a_session_that_waits_for_another_loader_is_stopped_too(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It waits again and again, on new connections: none of them may be left."""
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']))
    config = load_config(folder, session={"innodb_lock_wait_timeout": 1}, pool_size=1)
    prepare(config, target)
    query(server, "UPDATE dm_meta.dm_loader_load SET status = 'running'")
    claim = (
        "INSERT INTO dm_meta.dm_loader_chunk (load_id, file_id, start_offset, nonce, connection_id, run_id) "
        "SELECT load_id, 0, 0, 'x', 0, 'another' FROM dm_meta.dm_loader_load"
    )
    stop = threading.Event()
    caplog.set_level("INFO")
    with locked(server, claim), importing(config, target, stop) as running:
        wait_until(lambda: "another session is still at" in caplog.text)

        stop.set()
        with pytest.raises(LoadInterruptedError):
            running.result(PATIENCE_S)

        wait_until_no_session_is_left(server)  # the locks are still held: none ended by getting them


def test_a_session_that_is_opened_while_others_are_killed_is_killed_too(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_dump(tmp_path / "dump", numbered("t", 100))
    config, stop = load_config(folder, pool_size=1), threading.Event()
    prepare(config, target)
    connect = connecting.connect

    def stop_before_connecting(*args: Any, **settings: Any) -> Any:
        if threading.current_thread().name.startswith("dm-loader-sender"):
            stop.set()
            time.sleep(1)
        return connect(*args, **settings)

    monkeypatch.setattr(connection, "connect", stop_before_connecting)
    with locked(server, "SELECT * FROM s.t FOR UPDATE"), importing(config, target, stop) as running:
        assert stop.wait(PATIENCE_S)
        with pytest.raises(LoadInterruptedError):
            running.result(PATIENCE_S)

        wait_until_no_session_is_left(server)


def test_what_was_committed_before_a_stop_stays(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", numbered("t", 15000, WITHOUT_KEY))
    reference = hashes_by_client(server, folder)
    config, stop = load_config(folder), threading.Event()
    prepare(config, target)
    with pytest.MonkeyPatch.context() as patch:
        go_on = hold_chunks_after(patch, 20)
        with importing(config, target, stop) as running:
            wait_until(lambda: chunks(server) >= 10)
            stop.set()
            go_on.set()
            with pytest.raises(LoadInterruptedError):
                running.result(PATIENCE_S)
    committed = query(server, "SELECT COUNT(*), SUM(row_count) FROM dm_meta.dm_loader_chunk")[0]
    assert count(server, "s.t") == committed[1] < 15000

    report = loader.run_import(run_of(config, target))

    assert (report.chunks_skipped, report.rows_sent) == (committed[0], 15000 - committed[1])
    assert table_hashes(server, ["s"]) == reference
    wait_until_no_session_is_left(server)


def test_a_stop_before_the_start_sends_nothing(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", numbered("t", 1000))
    config, stop = load_config(folder), threading.Event()
    prepare(config, target)
    stop.set()

    with pytest.raises(LoadInterruptedError):
        loader.run_import(run_of(config, target, stop=stop))

    assert (chunks(server), count(server, "s.t")) == (0, 0)
