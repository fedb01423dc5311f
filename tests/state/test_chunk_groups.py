"""The fence of several chunks: each has its row, and all live and die together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from airflow_dm_loader import loader
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import CheckpointError, LoaderError, LockedError, RetriableError
from airflow_dm_loader.state.chunk_groups import SentChunk, claim_group, complete_group
from airflow_dm_loader.state.chunks import ChunkCounts, ChunkIsDone, ChunkKey, claim, complete
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.connection import Database
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import Table, load_config, run_of, write_dump
from tests.tables import chunks, count, query

OpenMeta = Callable[[], Meta]


@pytest.fixture
def keys(target: TargetConfig, tmp_path: Path) -> list[ChunkKey]:
    """Three chunks of a load that is registered, and whose table is there."""
    config = load_config(write_dump(tmp_path / "dump", Table("t", "(`id` int) ENGINE=InnoDB", ["(1)"])))
    registered = loader.prepare_checkpoint(run_of(config, target))
    loader.create_tables(run_of(config, target))
    load_id = registered["load_id"]
    assert isinstance(load_id, int)
    return [ChunkKey(load_id, file_id, 0) for file_id in range(3)]


@pytest.fixture
def open_meta(target: TargetConfig) -> Iterator[OpenMeta]:
    """Sessions that wait one second for a lock."""
    with ExitStack() as stack:
        yield lambda: Meta(
            stack.enter_context(Database.open(target, session={"innodb_lock_wait_timeout": 1})), "dm_meta"
        )


def sent(keys: list[ChunkKey]) -> list[SentChunk]:
    """As if each had a row and ended at a byte of its own."""
    return [SentChunk(key, 10 + key.file_id, ChunkCounts(1), "statements", 10, 0.5) for key in keys]


def test_chunks_and_their_rows_are_committed_together(
    server: PrivateMariaDB, keys: list[ChunkKey], open_meta: OpenMeta
) -> None:
    meta = open_meta()
    nonce = claim_group(meta, keys, "a run's name: é")
    meta.db.execute("INSERT INTO s.t VALUES (1), (2), (3)")
    assert (count(server, "s.t"), chunks(server)) == (0, 0)

    complete_group(meta, nonce, sent(keys))

    assert (count(server, "s.t"), chunks(server)) == (3, 3)
    assert query(
        server,
        "SELECT file_id, start_offset, end_offset, run_id, sent_as, row_count, replaced, ignored, conflicts, "
        "file_bytes, seconds, row_version, committed_at IS NOT NULL FROM dm_meta.dm_loader_chunk ORDER BY file_id",
    ) == [(at, 0, 10 + at, "a run's name: é", "statements", 1, 0, 0, 0, 10, 0.5, 1, 1) for at in range(3)]


def test_a_session_that_vanishes_leaves_nothing(
    server: PrivateMariaDB, keys: list[ChunkKey], open_meta: OpenMeta
) -> None:
    meta = open_meta()
    claim_group(meta, keys, "run")
    meta.db.execute("INSERT INTO s.t VALUES (1)")

    meta.db.close()

    complete_group(other := open_meta(), claim_group(other, keys, "run"), sent(keys))
    assert (count(server, "s.t"), chunks(server)) == (0, 3)


def test_a_chunk_that_is_done_keeps_the_whole_group_out(
    server: PrivateMariaDB, keys: list[ChunkKey], open_meta: OpenMeta
) -> None:
    meta = open_meta()
    complete_group(meta, claim_group(meta, keys[1:2], "run"), sent(keys[1:2]))

    with pytest.raises(LoaderError) as caught:
        claim_group(other := open_meta(), keys, "other run")

    assert caught.value.errno == 1062
    other.db.rollback()
    assert chunks(server) == 1


def test_a_chunk_that_another_session_sends_alone_is_waited_for(keys: list[ChunkKey], open_meta: OpenMeta) -> None:
    claim(open_meta(), keys[1], "run")

    with pytest.raises(LockedError):
        claim_group(open_meta(), keys, "other run")


def test_who_sends_a_chunk_alone_meets_those_of_a_group(keys: list[ChunkKey], open_meta: OpenMeta) -> None:
    meta = open_meta()
    complete_group(meta, claim_group(meta, keys, "run"), sent(keys))

    with pytest.raises(ChunkIsDone) as caught:
        claim(open_meta(), keys[2], "other run")

    assert caught.value.end_offset == 12


def test_a_transaction_that_the_server_undid_is_not_completed(
    server: PrivateMariaDB, keys: list[ChunkKey], open_meta: OpenMeta
) -> None:
    meta = open_meta()
    nonce = claim_group(meta, keys, "run")
    meta.db.execute("ROLLBACK")  # as a server does that says nothing of it
    meta.db.execute("INSERT INTO s.t VALUES (1)")

    with pytest.raises(RetriableError, match="undid"):
        complete_group(meta, nonce, sent(keys))

    meta.db.close()
    assert (count(server, "s.t"), chunks(server)) == (0, 0)


def test_a_row_that_holds_another_nonce_is_left_as_it_is(
    server: PrivateMariaDB, keys: list[ChunkKey], open_meta: OpenMeta
) -> None:
    meta = open_meta()
    complete(
        meta,
        keys[0],
        claim(meta, keys[0], "other run"),
        end_offset=77,
        counts=ChunkCounts(7),
        sent_as="x",
        file_bytes=7,
        seconds=0,
    )
    nonce = claim_group(meta, keys[1:], "run")

    with pytest.raises(RetriableError, match="undid"):
        complete_group(meta, nonce, sent(keys))

    meta.db.close()
    assert query(server, "SELECT file_id, end_offset, row_count FROM dm_meta.dm_loader_chunk") == [(0, 77, 7)]


def test_a_load_that_is_not_stored_any_more_takes_no_group(keys: list[ChunkKey], open_meta: OpenMeta) -> None:
    with pytest.raises(CheckpointError, match="started afresh"):
        claim_group(open_meta(), [ChunkKey(keys[0].load_id + 1, 0, 0)], "run")
