"""The fence: a chunk's row lives and dies with the chunk's rows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from airflow_dm_loader import loader
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import CheckpointError, RetriableError
from airflow_dm_loader.state.chunks import (
    ChunkCounts,
    ChunkIsBusy,
    ChunkIsDone,
    ChunkKey,
    claim,
    complete,
    totals_by_table,
)
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.connection import Database
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import Table, load_config, run_of, write_dump
from tests.tables import chunks, count, query
from tests.waiting import PATIENCE_S

OpenMeta = Callable[[], Meta]


@pytest.fixture
def key(target: TargetConfig, tmp_path: Path) -> ChunkKey:
    """The first chunk of a load that is registered, and whose table is there."""
    config = load_config(write_dump(tmp_path / "dump", Table("t", "(`id` int) ENGINE=InnoDB", ["(1)"])))
    registered = loader.prepare_checkpoint(run_of(config, target))
    loader.create_tables(run_of(config, target))
    load_id = registered["load_id"]
    assert isinstance(load_id, int)
    return ChunkKey(load_id, 0, 0)


@pytest.fixture
def open_meta(target: TargetConfig) -> Iterator[OpenMeta]:
    """Sessions that wait one second for a lock."""
    with ExitStack() as stack:
        yield lambda: Meta(
            stack.enter_context(Database.open(target, session={"innodb_lock_wait_timeout": 1})), "dm_meta"
        )


def finish(meta: Meta, key: ChunkKey, nonce: str, end_offset: int = 10) -> None:
    complete(
        meta, key, nonce, end_offset=end_offset, counts=ChunkCounts(1), sent_as="statements", file_bytes=10, seconds=0
    )


def test_a_chunk_and_its_rows_are_committed_together(
    server: PrivateMariaDB, key: ChunkKey, open_meta: OpenMeta
) -> None:
    meta = open_meta()
    nonce = claim(meta, key, "run")
    meta.db.execute("INSERT INTO s.t VALUES (1)")
    assert (count(server, "s.t"), chunks(server)) == (0, 0)

    finish(meta, key, nonce)

    assert (count(server, "s.t"), chunks(server)) == (1, 1)


def test_a_session_that_vanishes_leaves_nothing(server: PrivateMariaDB, key: ChunkKey, open_meta: OpenMeta) -> None:
    meta = open_meta()
    claim(meta, key, "run")
    meta.db.execute("INSERT INTO s.t VALUES (1)")

    meta.db.close()

    finish(other := open_meta(), key, claim(other, key, "run"))
    assert (count(server, "s.t"), chunks(server)) == (0, 1)


def test_a_chunk_that_is_done_says_where_it_ended(key: ChunkKey, open_meta: OpenMeta) -> None:
    meta = open_meta()
    finish(meta, key, claim(meta, key, "run"), end_offset=77)

    with pytest.raises(ChunkIsDone) as caught:
        claim(open_meta(), key, "other run")

    assert caught.value.end_offset == 77


def test_a_chunk_that_another_session_holds_is_busy(key: ChunkKey, open_meta: OpenMeta) -> None:
    claim(open_meta(), key, "run")

    with pytest.raises(ChunkIsBusy):
        claim(open_meta(), key, "other run")


@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_a_session_waits_for_the_one_that_holds_the_chunk(end: str, key: ChunkKey, open_meta: OpenMeta) -> None:
    first, second = open_meta(), open_meta()
    second.db.execute(f"SET innodb_lock_wait_timeout = {PATIENCE_S:.0f}")
    nonce = claim(first, key, "run")
    found: list[object] = []

    def come_second() -> None:
        try:
            found.append(claim(second, key, "other run"))
        except ChunkIsDone as done:
            found.append(done.end_offset)

    thread = threading.Thread(target=come_second)
    thread.start()
    thread.join(0.3)
    assert thread.is_alive()
    if end == "commit":
        finish(first, key, nonce, end_offset=5)
    else:
        first.db.rollback()
    thread.join(PATIENCE_S)

    assert len(found) == 1
    assert (found[0] == 5) == (end == "commit")
    assert isinstance(found[0], str) == (end == "rollback")  # the chunk is its own now


def test_another_nonce_can_not_complete_a_chunk(server: PrivateMariaDB, key: ChunkKey, open_meta: OpenMeta) -> None:
    meta = open_meta()
    claim(meta, key, "run")
    meta.db.execute("INSERT INTO s.t VALUES (1)")

    with pytest.raises(RetriableError, match="undid"):
        finish(meta, key, "0" * 32)

    meta.db.close()
    assert (count(server, "s.t"), chunks(server)) == (0, 0)


def test_a_transaction_that_the_server_undid_is_not_completed(
    server: PrivateMariaDB, key: ChunkKey, open_meta: OpenMeta
) -> None:
    meta = open_meta()
    nonce = claim(meta, key, "run")
    meta.db.execute("ROLLBACK")
    meta.db.execute("INSERT INTO s.t VALUES (1)")

    with pytest.raises(RetriableError, match="undid"):
        finish(meta, key, nonce)

    meta.db.close()
    assert (count(server, "s.t"), chunks(server)) == (0, 0)


def test_a_chunk_is_completed_once(key: ChunkKey, open_meta: OpenMeta) -> None:
    meta = open_meta()
    nonce = claim(meta, key, "run")
    finish(meta, key, nonce)

    with pytest.raises(RetriableError):
        finish(meta, key, nonce)


def test_a_load_that_was_forgotten_takes_no_chunk(server: PrivateMariaDB, key: ChunkKey, open_meta: OpenMeta) -> None:
    query(server, "DELETE FROM dm_meta.dm_loader_load")

    with pytest.raises(CheckpointError, match="not stored any more"):
        claim(open_meta(), key, "run")


def test_a_load_is_not_forgotten_while_a_chunk_of_it_is_open(key: ChunkKey, open_meta: OpenMeta) -> None:
    first, second = open_meta(), open_meta()
    second.db.execute(f"SET innodb_lock_wait_timeout = {PATIENCE_S:.0f}")
    nonce = claim(first, key, "run")

    def forget() -> None:
        second.forget(key.load_id)
        second.db.commit()

    thread = threading.Thread(target=forget)
    thread.start()
    thread.join(0.3)
    assert thread.is_alive()
    finish(first, key, nonce)
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    with pytest.raises(CheckpointError):
        claim(first, key, "run")


@pytest.mark.servers
def test_a_tables_seconds_are_those_between_its_first_begin_and_its_last_end(
    server: PrivateMariaDB, key: ChunkKey, open_meta: OpenMeta
) -> None:
    meta = open_meta()
    for start in (0, 10):
        of_it = ChunkKey(key.load_id, key.file_id, start)
        finish(meta, of_it, claim(meta, of_it, "run"), end_offset=start + 10)
    ((found,),) = query(server, "SELECT COUNT(committed_at) FROM dm_meta.dm_loader_chunk")
    assert found == 2
    for start, end_s, seconds in ((0, 10, 4.5), (10, 12, 5.0)):  # the first from 5.5 to 10, the other from 7 to 12
        query(
            server,
            "UPDATE dm_meta.dm_loader_chunk SET seconds = %s, committed_at = (SELECT created_at + INTERVAL %s SECOND "
            "FROM dm_meta.dm_loader_load) WHERE start_offset = %s",
            *(seconds, end_s, start),
        )
    (totals,) = totals_by_table(meta, key.load_id)
    assert totals.seconds == 9.5
    assert totals.wall_s == pytest.approx(6.5)

    query(server, "UPDATE dm_meta.dm_loader_chunk SET committed_at = NULL WHERE start_offset = 10")
    meta.db.rollback()  # it has read before
    (totals,) = totals_by_table(meta, key.load_id)
    assert totals.wall_s is None
