"""Says how far the comparison of tables is."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.progress.forecast import TableReading
from airflow_dm_loader.progress.speed import SpeedWindow, make_status
from airflow_dm_loader.progress.table_clock import Pace, TableClock
from airflow_dm_loader.report import LoadStatus, TableStatus
from airflow_dm_loader.state.loads import Load


class ComparisonProgress:
    """A line every few seconds while tables are compared; none where that takes less.

    Args:
        tables: all that are compared.
        clock: times them.
        on_progress: called by :meth:`tick`, about every ``interval_s`` seconds.
    """

    def __init__(
        self,
        load: Load,
        tables: Mapping[TableName, TableReading],
        clock: TableClock,
        on_progress: Callable[[LoadStatus], None] | None,
        interval_s: float,
    ) -> None:
        self._load = load
        self._table_bytes = {table: reading.file_bytes for table, reading in tables.items()}
        self._work = {table: reading.work() for table, reading in tables.items()}
        self._on_progress = on_progress
        self._interval_s = interval_s
        self._window = SpeedWindow()
        self._window.bps(0)
        self._spoken_at = time.monotonic()
        self.clock = clock

    @property
    def pace(self) -> Pace | None:
        """How fast tables were read so far; None: not one was."""
        return self.clock.pace(self._work)

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
        left = self.clock.seconds_left(frozenset(self._table_bytes) - ended, self._work)
        return status.model_copy(update={"compared_bytes": compared, "eta_s": left, "comparison_s": left})

    def _table(self, table: TableName) -> TableStatus:
        table_bytes = self._table_bytes.get(table, 0)
        return TableStatus(
            table=str(table),
            finished_bytes=table_bytes,
            total_bytes=table_bytes,
            indexes="none",
            eta_s=self.clock.seconds_left_of(table, self._work),
        )
