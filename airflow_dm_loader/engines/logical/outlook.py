"""What is left of an import, and how long that will take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from airflow_dm_loader.engines.logical.file_work import FileWork
from airflow_dm_loader.engines.logical.index_builder import IndexBuilder
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.progress.forecast import NO_COMPARISON, ComparisonForecast, Estimate, RowPace, reading_work
from airflow_dm_loader.progress.speed import SpeedWindow, eta_s
from airflow_dm_loader.progress.table_clock import Pace
from airflow_dm_loader.report import TableStatus


@dataclass(frozen=True, slots=True)
class Look:
    """One moment. Seconds that are not known are None."""

    tables: tuple[TableStatus, ...]  # those that are begun and not complete, indexes included
    row_seconds: float | None  # until the rows of all tables are in
    index_seconds: float | None  # from then on
    comparison: Estimate


class Outlook:
    """Looks at an import as often as it is asked.

    Args:
        work: the import's files.
        forecast: foretells the comparison that will follow; None: none will.
        before: how fast rows went the last time: what counts until their speed is known. None: nobody knows.
    """

    def __init__(
        self,
        work: Sequence[FileWork],
        index_builder: IndexBuilder,
        forecast: ComparisonForecast | None,
        before: RowPace | None = None,
    ) -> None:
        self._work = work
        self._index_builder = index_builder
        self._forecast = forecast
        self._before = before
        self._moved = False  # their speed was known once
        self._table_bytes: dict[TableName, int] = defaultdict(int)
        for item in work:
            self._table_bytes[item.table] += item.row.file_bytes
        self._speeds: dict[TableName, SpeedWindow] = defaultdict(SpeedWindow)

    @property
    def index_pace(self) -> Pace | None:
        """How fast indexes were built; None: not one was."""
        return self._index_builder.pace(self._readings(self._density()))

    def look(self, row_seconds: float | None) -> Look:
        """This moment.

        Args:
            row_seconds: until the rows of all tables are in, by their speed; None: that is not known.
        """
        density = self._density()
        readings = self._readings(density)
        index_left = self._index_builder.left(readings)
        comparison = NO_COMPARISON
        if self._forecast is not None:
            comparison = self._forecast.estimate(density, self._index_builder.pace(readings))
        row_left = dict(self._row_left())
        self._moved = self._moved or row_seconds is not None
        if row_seconds is None:
            row_seconds = self._seconds_by_the_last_time()
        return Look(
            tuple(self._statuses(row_left, index_left, comparison)),
            row_seconds,
            self._after_rows(row_seconds or 0.0, row_left, index_left, self._index_builder.seconds_left(readings)),
            comparison,
        )

    def _seconds_by_the_last_time(self) -> float | None:
        """None: nobody knows; or their speed was known, and they stand still now."""
        if self._before is None or self._moved:
            return None
        finished = self._finished()
        return self._before.seconds({table: whole - finished[table] for table, whole in self._table_bytes.items()})

    def _density(self) -> dict[TableName, float]:
        """Rows a stored byte, of the tables that have some in."""
        finished, rows = self._finished(), defaultdict[TableName, int](int)
        for item in self._work:
            rows[item.table] += item.rows
        return {table: rows[table] / done for table, done in finished.items() if done}

    def _finished(self) -> dict[TableName, int]:
        """Stored bytes whose rows are in."""
        finished = dict.fromkeys(self._table_bytes, 0)
        for item in self._work:
            finished[item.table] += item.counted_bytes
        return finished

    def _readings(self, density: Mapping[TableName, float]) -> dict[TableName, float]:
        """What reading each table takes; one without a row in yet is taken for one like the others."""
        other = sum(density.values()) / len(density) if density else 0.0
        return {
            table: reading_work(table_bytes, table_bytes * density.get(table, other))
            for table, table_bytes in self._table_bytes.items()
        }

    def _row_left(self) -> Iterator[tuple[TableName, tuple[int, float | None]]]:
        """The begun tables: bytes that are in, and the seconds until the others are; None: not known yet."""
        for table, finished in self._finished().items():
            if finished:
                left = self._table_bytes[table] - finished
                yield table, (finished, eta_s(left, self._speeds[table].bps(finished) if left else 0))

    @staticmethod
    def _after_rows(
        row_seconds: float,
        row_left: Mapping[TableName, tuple[int, float | None]],
        index_left: Mapping[TableName, float] | None,
        together: float | None,
    ) -> float | None:
        """Indexes are built while the rows of other tables come: this is the time that they take after those."""
        if index_left is None or together is None:
            return None
        ends = [together]
        for table, seconds in index_left.items():
            _, own = row_left.get(table, (0, None))
            ends.append(seconds + (row_seconds if own is None else min(own, row_seconds)))
        return max(0.0, max(ends) - row_seconds)

    def _statuses(
        self,
        row_left: Mapping[TableName, tuple[int, float | None]],
        index_left: Mapping[TableName, float] | None,
        comparison: Estimate,
    ) -> Iterator[TableStatus]:
        stages = self._index_builder.stages
        for table, (finished, seconds) in row_left.items():
            if finished == self._table_bytes[table] and table not in stages:
                continue
            index_seconds = (index_left or {}).get(table) if table in stages else 0.0
            parts = [seconds, index_seconds, comparison.by_table.get(table, 0.0)]
            known = [part for part in parts if part is not None]
            yield TableStatus(
                table=str(table),
                finished_bytes=finished,
                total_bytes=self._table_bytes[table],
                indexes=stages.get(table, "none"),
                eta_s=sum(known) if len(known) == len(parts) else None,
            )
