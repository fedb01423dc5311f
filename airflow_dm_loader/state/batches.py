"""Many rows in few statements: a dump can have a hundred thousand tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from airflow_dm_loader.target.connection import Database

_BATCH = 500
_Item = TypeVar("_Item")


def batches(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    """The items, a few hundred at a time, in order."""
    for start in range(0, len(items), _BATCH):
        yield items[start : start + _BATCH]


def insert_ignore(db: Database, into: str, rows: Sequence[tuple[object, ...]]) -> None:
    """INSERT IGNORE of rows, all of the same length. ``into``: the table with its columns."""
    insert(db, into, rows, verb="INSERT IGNORE")


def insert(db: Database, into: str, rows: Sequence[tuple[object, ...]], *, verb: str = "INSERT") -> None:
    """The same, where a row that is there is an error."""
    for some in batches(rows):
        row = "(" + ", ".join(["%s"] * len(some[0])) + ")"
        values = ", ".join([row] * len(some))
        db.execute(f"{verb} INTO {into} VALUES {values}", [value for one in some for value in one])
