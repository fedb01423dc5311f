from __future__ import annotations

from typing import Any

import pytest

from airflow_dm_loader.errors import CheckpointError
from airflow_dm_loader.state.chunks import ChunkKey, Hold, claim
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.connection import Result


class NoLoad:
    """A connection that remembers what it was asked, and knows neither a load nor its senders."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def one(self, sql: str, args: tuple[object, ...], *, shape: object) -> None:
        self.asked.append(sql)

    def execute(self, sql: str, args: tuple[object, ...] = ()) -> Result:
        self.asked.append(sql)
        return Result(affected=0, warnings=0)


@pytest.mark.parametrize(
    ("hold", "asked"),
    [
        (Hold(), ["SELECT status FROM `dm_meta`.`dm_loader_load` WHERE load_id = %s LOCK IN SHARE MODE"]),
        (
            Hold(share_lock=False, sender="x", begin="BEGIN OPTIMISTIC"),
            ["BEGIN OPTIMISTIC", "UPDATE `dm_meta`.`dm_loader_sender` SET chunks = chunks + 1 "
             "WHERE load_id = %s AND sender = %s"],
        ),
    ],
)  # fmt: skip
def test_a_load_that_is_not_stored_any_more_is_found_out_by_lock_or_by_sender(hold: Hold, asked: list[str]) -> None:
    db: Any = NoLoad()
    with pytest.raises(CheckpointError, match="started afresh"):
        claim(Meta(db, "dm_meta"), ChunkKey(1, 0, 0), "run", hold=hold)
    assert db.asked == asked
