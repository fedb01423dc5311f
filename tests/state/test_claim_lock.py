from __future__ import annotations

from typing import Any

import pytest

from airflow_dm_loader.errors import CheckpointError
from airflow_dm_loader.state.chunks import ChunkKey, claim
from airflow_dm_loader.state.meta import Meta


class NoLoad:
    """A connection that remembers what it was asked, and knows no load."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def one(self, sql: str, args: tuple[object, ...]) -> None:
        self.asked.append(sql)


@pytest.mark.parametrize("share_lock", [True, False])
def test_the_loads_row_is_locked_only_where_the_server_has_shared_locks(share_lock: bool) -> None:
    db: Any = NoLoad()
    with pytest.raises(CheckpointError):
        claim(Meta(db, "dm_meta"), ChunkKey(1, 0, 0), "run", share_lock=share_lock)
    assert [("LOCK IN SHARE MODE" in sql) for sql in db.asked] == [share_lock]
