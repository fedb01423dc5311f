"""Two sessions at one load: each chunk is sent once, whoever sends it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from airflow_dm_loader import load_dump, loader
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import CheckpointError, ConnectionLostError
from airflow_dm_loader.loader import Worker
from airflow_dm_loader.state.chunks import ChunkCounts, ChunkKey, claim, complete
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.connection import Database
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import WITHOUT_KEY, Table, load_config, numbered, prepare, run_of, write_dump
from tests.faults import before_each_commit, global_variable
from tests.faults.importing import wait_for_lock
from tests.tables import chunks, count, hashes_by_client, one, query, table_hashes
from tests.waiting import PATIENCE_S, wait_until


def test_two_loads_at_once_send_each_row_once(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", numbered("keyless", 6000, WITHOUT_KEY), numbered("keyed", 2000))
    reference = hashes_by_client(server, folder)
    config = load_config(folder)
    start = threading.Barrier(2)

    def load() -> int:
        start.wait()
        return load_dump(config, target).rows_sent

    with ThreadPoolExecutor(2) as pool:
        sent = [future.result() for future in [pool.submit(load) for _ in range(2)]]

    assert table_hashes(server, ["s"]) == reference
    assert sum(sent) == 8000


@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_a_chunk_of_another_session_is_waited_for(
    end: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", WITHOUT_KEY, ['(1,"a")', '(2,"b")']))
    config = load_config(folder, session={"innodb_lock_wait_timeout": 1})
    prepare(config, target)
    query(server, "UPDATE dm_meta.dm_loader_load SET status = 'running'")
    load_id = one(server, "SELECT load_id FROM dm_meta.dm_loader_load")
    caplog.set_level("INFO")
    with Database.open(target) as db, ThreadPoolExecutor(1) as pool:
        other, key = Meta(db, "dm_meta"), ChunkKey(load_id, 0, 0)
        nonce = claim(other, key, "another run")
        running = pool.submit(loader.run_import, run_of(config, target))
        wait_until(lambda: "another session is still at s.t.sql" in caplog.text)  # it waited for the lock in vain
        assert not running.done()
        if end == "commit":
            size = (folder / "s.t.sql").read_bytes().rindex(b";") + 1
            complete(other, key, nonce, end_offset=size, counts=ChunkCounts(2), sent_as="x", file_bytes=size, seconds=0)
        else:
            db.rollback()
        report = running.result(PATIENCE_S)

    sent = 0 if end == "commit" else 1  # the other session said that it had sent the rows
    assert (report.chunks_sent, report.chunks_skipped, count(server, "s.t")) == (sent, 1 - sent, 2 * sent)


def test_a_transaction_that_is_undone_in_the_middle_is_sent_again_whole(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_dump(tmp_path / "dump", numbered("t", 300, WITHOUT_KEY))
    reference = hashes_by_client(server, folder)

    def undo_the_second(came: int, db: Database) -> None:
        if came == 2:
            db.execute("ROLLBACK")
            assert count(server, "s.t") == query(server, "SELECT SUM(row_count) FROM dm_meta.dm_loader_chunk")[0][0]

    before_each_commit(monkeypatch, undo_the_second)
    report = load_dump(load_config(folder, pool_size=1), target)

    assert (report.rows, table_hashes(server, ["s"])) == (300, reference)


@pytest.mark.parametrize("local_infile", [1, 0], ids=["load data", "statements"])
def test_a_session_that_is_killed_in_the_middle_is_replaced(
    local_infile: int, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_dump(tmp_path / "dump", numbered("t", 300, WITHOUT_KEY))
    reference = hashes_by_client(server, folder)

    def kill_the_second(came: int, db: Database) -> None:
        if came == 2:
            query(server, f"KILL {db.connection_id}")

    before_each_commit(monkeypatch, kill_the_second)
    with global_variable(server, "local_infile", local_infile):
        load_dump(load_config(folder, pool_size=1), target)

    assert table_hashes(server, ["s"]) == reference


def test_a_commit_whose_answer_is_lost_is_not_sent_twice(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_dump(tmp_path / "dump", numbered("t", 300, WITHOUT_KEY))
    reference = hashes_by_client(server, folder)
    commit = Database.commit
    lost: list[Database] = []

    def lose_an_answer(self: Database) -> None:
        chunk_was_open = self.in_transaction and chunks(server) == 1
        commit(self)
        if chunk_was_open and chunks(server) == 2 and not lost:
            lost.append(self)
            self.close()
            raise ConnectionLostError("the answer was lost")

    monkeypatch.setattr(Database, "commit", lose_an_answer)
    load_dump(load_config(folder, pool_size=1), target)

    assert lost
    assert table_hashes(server, ["s"]) == reference


def test_an_attempt_whose_load_was_started_afresh_commits_nothing_more(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_dump(tmp_path / "dump", numbered("t", 2000, WITHOUT_KEY))
    config = load_config(folder, pool_size=1)
    prepare(config, target)
    in_a_chunk, go_on = threading.Event(), threading.Event()

    def pause(came: int, db: Database) -> None:
        in_a_chunk.set()
        assert go_on.wait(PATIENCE_S)

    before_each_commit(monkeypatch, pause)
    afresh = load_config(folder, remove_meta=True)
    with ThreadPoolExecutor(2) as pool:
        old = pool.submit(loader.run_import, run_of(config, target))
        assert in_a_chunk.wait(PATIENCE_S)
        new = pool.submit(loader.prepare_checkpoint, run_of(afresh, target, Worker("there", run_id="run-2")))
        wait_for_lock(server)
        assert not new.done()  # it waits for the chunk that is open
        go_on.set()
        with pytest.raises(CheckpointError, match="started afresh"):
            old.result(PATIENCE_S)
        assert new.result(PATIENCE_S)["fresh"] is True

    assert chunks(server) == 0
    assert 0 < count(server, "s.t") < 300  # the chunk that was open, and no other
