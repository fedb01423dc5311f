"""Says how far the comparison of tables is."""

from __future__ import annotations

import time
from collections.abc import Callable

from airflow_dm_loader.forecast import ComparisonForecast, Pace
from airflow_dm_loader.report import LoadStatus, TableStatus
from airflow_dm_loader.speed import SpeedWindow, make_status
from airflow_dm_loader.state.loads import Load
from airflow_dm_loader.table_clock import Table, TableClock


class ComparisonProgress:
    """A line every few seconds while tables are compared; none where that takes less.

    Args:
        forecast: the tables that are compared, and how fast that was the last time.
        on_progress: called by :meth:`tick`, about every ``interval_s`` seconds.
    """

    def __init__(
        self,
        load: Load,
        forecast: ComparisonForecast,
        on_progress: Callable[[LoadStatus], None] | None,
        interval_s: float,
    ) -> None:
        self._load = load
        self._tables = forecast.tables
        self._table_bytes = {table: reading.file_bytes for table, reading in forecast.tables.items()}
        self._expected = forecast.estimate({}, None)
        self._on_progress = on_progress
        self._interval_s = interval_s
        self._window = SpeedWindow()
        self._window.bps(0)
        self._began_at = self._spoken_at = time.monotonic()
        self.clock = TableClock(forecast.connections)

    @property
    def pace(self) -> Pace | None:
        """How fast tables were read so far; None: not one was."""
        took = {table: seconds for table, seconds in self.clock.took.items() if self._tables[table].readings}
        work = sum(self._tables[table].work() for table in took)
        return Pace(work, sum(took.values())) if work else None

    def tick(self) -> None:
        """Speak, where it is time to."""
        now = time.monotonic()
        if self._on_progress is not None and now - self._spoken_at >= self._interval_s:
            self._spoken_at = now
            self._on_progress(self.status())

    def status(self) -> LoadStatus:
        """This moment. All rows are in; the tables are those that are being compared."""
        ended = self.clock.ended
        total = sum(self._table_bytes.values())
        compared = sum(self._table_bytes.get(table, 0) for table in ended)
        status = make_status(
            total,
            total,
            self._window.bps(compared),
            done=True,
            meta_binlog=self._load.meta_binlog,
            meta_binlog_gtid=self._load.binlog_gtid,
            tables=tuple(self._table(table) for table in sorted(self.clock.begun - ended)),
        )
        left = self.clock.seconds_left(frozenset(self._table_bytes) - ended, self._table_bytes)
        if left is None:
            left = self._expected_left(self._expected.seconds)
        return status.model_copy(update={"compared_bytes": compared, "eta_s": left, "comparison_s": left})

    def _table(self, table: Table) -> TableStatus:
        table_bytes = self._table_bytes.get(table, 0)
        left = self.clock.seconds_left_of(table, self._table_bytes)
        if left is None:
            left = self._expected_left(self._expected.by_table.get(table))
        return TableStatus(
            table=".".join(table),
            finished_bytes=table_bytes,
            total_bytes=table_bytes,
            indexes="none",
            eta_s=left,
        )

    def _expected_left(self, seconds: float | None) -> float | None:
        """As the last comparison was: before the first table is ready, all that are begun began with this one."""
        return None if seconds is None else max(0.0, seconds - (time.monotonic() - self._began_at))
