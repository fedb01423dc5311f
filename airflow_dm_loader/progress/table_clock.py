"""How long work on whole tables will take, learned from the tables that are ready, else from the last time."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from airflow_dm_loader.identifiers import TableName

_LEAST_SHARE = 0.01  # of less, most of the time was not the work


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast something went: the work of all workers, in bytes, and their seconds."""

    work: float
    seconds: float

    def tells_of(self, work: float) -> bool:
        """Whether it was enough work to tell how long so much will take."""
        return self.work >= work * _LEAST_SHARE


class TableClock:
    """Times work that is done a table at a time, by several workers.

    Args:
        workers: how many tables at a time.
        before: how fast it went the last time.
    """

    def __init__(
        self, workers: int, clock: Callable[[], float] = time.monotonic, *, before: Pace | None = None
    ) -> None:
        self._workers = workers
        self._clock = clock
        self._before = before
        self._began: dict[TableName, float] = {}
        self._took: dict[TableName, float] = {}

    def begin(self, table: TableName) -> None:
        """A worker is at the table now."""
        self._began[table] = self._clock()

    def end(self, table: TableName) -> float:
        """The table is ready; the seconds that it took."""
        self._took[table] = took = self._clock() - self._began[table]
        return took

    @property
    def begun(self) -> frozenset[TableName]:
        """Tables that a worker is or was at."""
        return frozenset(self._began.copy())

    @property
    def ended(self) -> frozenset[TableName]:
        """Tables that are ready."""
        return frozenset(self._took.copy())

    def pace(self, work: Mapping[TableName, float]) -> Pace | None:
        """How fast the tables that are ready were done; None before the first one.

        Args:
            work: each table's, in bytes; those that had none tell nothing.
        """
        took = {table: seconds for table, seconds in self._took.copy().items() if work.get(table)}
        return Pace(sum(work[table] for table in took), sum(took.values())) if took else None

    def left(self, tables: Collection[TableName], work: Mapping[TableName, float]) -> dict[TableName, float] | None:
        """How long each of these still takes, if all go as fast as those that are ready, or as the last time.

        None: there is neither.
        """
        took, began = self._took.copy(), self._began.copy()
        pace = self.pace(work)
        if pace is None and self._before is not None and self._before.tells_of(sum(work.values())):
            pace = self._before
        if pace is None:
            return None if set(tables) - took.keys() else dict.fromkeys(tables, 0.0)
        now = self._clock()
        return {
            table: max(0.0, work.get(table, 0) * pace.seconds / pace.work - (now - began.get(table, now)))
            if table not in took
            else 0.0
            for table in tables
        }

    def seconds_left_of(self, table: TableName, work: Mapping[TableName, float]) -> float | None:
        """The same of one table."""
        left = self.left((table,), work)
        return None if left is None else left[table]

    def seconds_left(self, tables: Collection[TableName], work: Mapping[TableName, float]) -> float | None:
        """The same of several tables that the workers share."""
        left = self.left(tables, work)
        return None if left is None else max([sum(left.values()) / self._workers, *left.values()], default=0.0)
