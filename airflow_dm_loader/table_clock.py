"""How long work on whole tables will take, learned from the tables that are ready."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

Table = tuple[str, str]  # schema, name


class TableClock:
    """Times work that is done a table at a time, by several workers.

    Args:
        workers: how many tables at a time.
    """

    def __init__(self, workers: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._workers = workers
        self._clock = clock
        self._began: dict[Table, float] = {}
        self._took: dict[Table, float] = {}

    def begin(self, table: Table) -> None:
        """A worker is at the table now."""
        self._began[table] = self._clock()

    def end(self, table: Table) -> float:
        """The table is ready; the seconds that it took."""
        self._took[table] = took = self._clock() - self._began[table]
        return took

    @property
    def begun(self) -> frozenset[Table]:
        """Tables that a worker is or was at."""
        return frozenset(self._began.copy())

    @property
    def took(self) -> dict[Table, float]:
        """The seconds of each table that is ready."""
        return self._took.copy()

    @property
    def ended(self) -> frozenset[Table]:
        """Tables that are ready."""
        return frozenset(self._took.copy())

    def seconds_left_of(self, table: Table, table_bytes: Mapping[Table, int]) -> float | None:
        """How long one table still takes, if all go as fast as those that are ready; None before the first one."""
        took = self._took.copy()
        if table in took:
            return 0.0
        known = sum(table_bytes.get(ready, 0) for ready in took)
        if not known:
            return None
        now = self._clock()
        whole = table_bytes.get(table, 0) * sum(took.values()) / known
        return max(0.0, whole - (now - self._began.get(table, now)))

    def seconds_left(self, tables: frozenset[Table], table_bytes: Mapping[Table, int]) -> float | None:
        """The same of several tables that the workers share; None before the first one is ready."""
        left = [self.seconds_left_of(table, table_bytes) for table in tables]
        known = [seconds for seconds in left if seconds is not None]
        if len(known) < len(left):
            return None
        return max([sum(known) / self._workers, *known], default=0.0)
