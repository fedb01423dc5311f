"""How long a load will take, by the pace of the last load of its tables; for a dry run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from airflow_dm_loader.config import Level, LoadConfig
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.progress.forecast import ComparisonForecast, TableReading, build_work, reading_work
from airflow_dm_loader.progress.table_clock import Pace
from airflow_dm_loader.report import TablePlan, some_of
from airflow_dm_loader.state import history, pace
from airflow_dm_loader.state.history import Brought
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.state.pace import Step

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Duration:
    """Seconds of each part of a load; None: nobody knows how fast that is. ``unknown``: tables without a past."""

    rows_s: float | None
    indexes_s: float | None
    comparison_s: float | None
    unknown: tuple[str, ...] = ()

    @property
    def seconds(self) -> float | None:
        """All that is known; None: not even the rows are."""
        return None if self.rows_s is None else self.rows_s + (self.indexes_s or 0.0) + (self.comparison_s or 0.0)

    def __str__(self) -> str:
        from datetime import timedelta

        from humanize import precisedelta

        def told(seconds: float) -> str:
            return precisedelta(timedelta(seconds=max(1, round(seconds))), format="%.0f")

        if self.rows_s is None:
            return ""
        parts = {"rows": self.rows_s, "indexes": self.indexes_s, "comparison": self.comparison_s}
        known = [f"{what} {told(seconds)}" for what, seconds in parts.items() if seconds]
        lacks = [what for what, seconds in parts.items() if seconds is None]
        lacks += [f"the rows of {some_of(list(self.unknown), _SHOWN)}"] if self.unknown else []
        without = f"; not known, and left out: {', '.join(lacks)}" if lacks else ""
        return f"by the pace of the last load it takes about {told(self.seconds or 0.0)} ({', '.join(known)}){without}"


def foretell(meta: Meta, config: LoadConfig, tables: Mapping[TableName, TablePlan], load_id: int | None) -> Duration:
    """Args: tables: by the names that readers know."""
    known = history.last(meta, config, tables, load_id=load_id)
    last = max(known.values(), key=lambda one: one.of_load, default=None)
    paces = {step: pace.of(meta, last.task_name, last.source_id, step) if last is not None else None for step in Step}
    return duration(config, tables, known, paces)


def duration(
    config: LoadConfig,
    tables: Mapping[TableName, TablePlan],
    known: Mapping[TableName, Brought],
    paces: Mapping[Step, Pace | None],
) -> Duration:
    """Pure: what rows, indexes and comparison take, given what the last load took for its own."""
    connections = config.work.pool_size * config.work.import_tasks
    took = {
        table: plan.file_bytes * rate
        for table, plan in tables.items()
        if table in known and (rate := known[table].seconds_per_byte) is not None
    }
    unknown = [plan.table for table, plan in tables.items() if plan.file_bytes and table not in took]
    return Duration(
        sum(took.values()) / connections if any(took.values()) else None,
        _indexes_s(list(tables.values()), connections, paces[Step.INDEXES]),
        _comparison_s(config, tables, paces[Step.COMPARISON]),
        tuple(unknown),
    )


def _indexes_s(tables: Sequence[TablePlan], connections: int, before: Pace | None) -> float | None:
    work = [
        build_work(reading_work(table.file_bytes, table.rows or 0), table.indexes_after_rows)
        for table in tables
        if table.indexes_after_rows
    ]
    if not work:
        return 0.0
    if before is None or not before.tells_of(sum(work)):
        return None
    return max(sum(work) / connections, *work) * before.seconds / before.work


def _comparison_s(config: LoadConfig, tables: Mapping[TableName, TablePlan], before: Pace | None) -> float | None:
    if config.verify.checksum is Level.OFF:
        return 0.0
    readings = {table: TableReading(plan.file_bytes, plan.rows, 1) for table, plan in tables.items()}
    return ComparisonForecast(readings, config.work.pool_size, before).estimate({}, None).seconds
