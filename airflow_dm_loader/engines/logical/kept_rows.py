"""Rows that were replaced, ignored or refused: kept in the conflict table in their chunk's transaction.

To keep a row is to look for it, one by one, so both have a limit: beyond it rows go as fast as ever, and are counted.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping

from airflow_dm_loader.errors import RowError, TooManyErrorRowsError
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.rules.error_rows import ErrorKind
from airflow_dm_loader.state import conflicts, error_rows
from airflow_dm_loader.state.conflicts import Conflict
from airflow_dm_loader.state.meta import Meta

_LOOKS_FOR_ONE = 2  # equal rows that meet are looked at, and there is nothing to keep of them


class Room:
    """How many more rows of each table are kept, and looked at for it; shared by all connections of an import.

    Args:
        limit: rows of a table. 0: none are kept.
        kept: table -> those that earlier attempts have kept.
    """

    def __init__(self, limit: int, kept: Mapping[TableName, int]) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._kept = Counter(dict(kept))
        self._looks = Counter(dict(kept))

    def has(self, table: TableName) -> bool:
        """Whether another row may be looked at."""
        with self._lock:
            return not self._is_full(table)

    def take(self, table: TableName) -> bool:
        """Take the place of one row, where there is one."""
        with self._lock:
            if self._is_full(table):
                return False
            self._kept[table] += 1
            self._looks[table] += 1
            return True

    def give_back(self, table: TableName, places: int = 1) -> None:
        """Nothing was kept there after all, or it was undone with its transaction."""
        with self._lock:
            self._kept[table] -= places

    def _is_full(self, table: TableName) -> bool:
        return self._kept[table] >= self._limit or self._looks[table] >= self._limit * _LOOKS_FOR_ONE


class Keeper:
    """Keeps rows of one transaction, in places that it takes of the room; and counts those that were set aside.

    Args:
        most: kind of error -> how many rows of the whole load may be set aside for it.
    """

    def __init__(self, meta: Meta, load_id: int, room: Room, most: Mapping[str, int]) -> None:
        self._meta = meta
        self._load_id = load_id
        self._room = room
        self._most = most
        self._taken: Counter[TableName] = Counter()
        self._aside: Counter[str] = Counter()
        self._aside_before: Mapping[str, int] | None = None  # by committed chunks, when the first row here came
        self._last: RowError | None = None

    def has(self, table: TableName) -> bool:
        """See :meth:`Room.has`."""
        return self._room.has(table)

    def take(self, table: TableName) -> bool:
        """See :meth:`Room.take`."""
        taken = self._room.take(table)
        self._taken[table] += taken
        return taken

    def give_back(self, table: TableName) -> None:
        """See :meth:`Room.give_back`."""
        self._taken[table] -= 1
        self._room.give_back(table)

    def store(self, conflict: Conflict, session: Mapping[str, str | int]) -> None:
        """Write a row down, in a place that was taken; one in conflict needs none: a person must look at it."""
        conflicts.store(self._meta, self._load_id, conflict, session)

    @property
    def is_set(self) -> bool:
        """See :class:`~airflow_dm_loader.formats.base.Budget`."""
        return any(self._most.values())

    def counts(self, kind: ErrorKind | None) -> bool:
        """See :class:`~airflow_dm_loader.formats.base.Budget`."""
        return kind is not None and kind.value in self._most

    def spend(self, kind: ErrorKind, error: RowError) -> None:
        """See :class:`~airflow_dm_loader.formats.base.Budget`; others' rows count in :meth:`settle`."""
        if self._aside_before is None:
            self._aside_before = error_rows.used(self._meta, self._load_id)
        self._aside[kind.value] += 1
        self._last = error
        if self._aside_before.get(kind.value, 0) + self._aside[kind.value] > self._most[kind.value]:
            raise _too_many(kind, self._most[kind.value], error)

    @property
    def set_aside(self) -> bool:
        """Whether rows were set aside that a limit counts."""
        return bool(self._aside)

    def settle(self) -> None:
        """Count the rows that were set aside, as the last act but the chunk's own row and COMMIT.

        Raises:
            TooManyErrorRowsError: with those of other chunks there are more than the limit allows.
        """
        kind = error_rows.add(self._meta, self._load_id, self._aside, self._most)
        if kind is not None:
            assert self._last is not None
            raise _too_many(ErrorKind(kind), self._most[kind], self._last)

    def undo(self) -> None:
        """The transaction is undone, and there is room again."""
        for table, places in self._taken.items():
            self._room.give_back(table, places)
        self._taken.clear()


def _too_many(kind: ErrorKind, most: int, error: RowError) -> TooManyErrorRowsError:
    """Names the row of which there is one too many, or one of those."""
    return TooManyErrorRowsError(
        f"more rows are wrong than max_error_rows allows ({kind.value}: {most}): {error.message}",
        errno=error.errno,
        file=error.file,
        offset=error.offset,
        table=error.table,
        statement=error.statement,
    )
