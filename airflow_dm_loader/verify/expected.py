"""What the comparison of a load's tables will read, known before it begins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from airflow_dm_loader.config import Level
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.plan.load_plan import LoadPlan, PlannedTable
from airflow_dm_loader.progress.forecast import ComparisonForecast, TableReading
from airflow_dm_loader.run import LoadRun
from airflow_dm_loader.state import files, pace
from airflow_dm_loader.state.files import FileRow, TableRow
from airflow_dm_loader.state.loads import Load
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.state.pace import Step


def forecast_comparison(run: LoadRun, meta: Meta, load: Load, plan: LoadPlan) -> ComparisonForecast | None:
    """Foretells what the checksum step will take; None: it compares nothing."""
    config, with_source = run.config, run.compares_with_source
    if config.verify.checksum is Level.OFF:
        return None
    readings = table_readings(
        plan,
        files.list_files(meta, load.load_id),
        before={row.key: row for row in files.list_tables(meta, load.load_id)},
        others=files.other_sources(meta, config),
        rows={table.key: table.metadata.rows for table in plan.tables if table.metadata is not None},
    )
    step = Step.COMPARISON_WITH_SOURCE if with_source else Step.COMPARISON
    return ComparisonForecast(
        readings,
        connections=config.work.pool_size,
        before=pace.last(meta, config, step, {table.home for table in plan.tables}, load_id=load.load_id),
        like_builds=not with_source,
    )


def table_readings(
    plan: LoadPlan,
    data_files: Iterable[FileRow],
    *,
    before: Mapping[TableName, TableRow],
    others: Mapping[TableName, tuple[str, ...]],
    rows: Mapping[TableName, int | None],
) -> dict[TableName, TableReading]:
    """Each table of the plan, and how often it is read.

    Args:
        before: what the tables were like before the load.
        others: the other sources that load into them.
        rows: how many they have.
    """
    table_bytes: dict[TableName, int] = {}
    for row in data_files:
        table_bytes[row.key] = table_bytes.get(row.key, 0) + row.file_bytes
    found = {}
    for table in plan.tables:
        key = table.key
        there = before.get(key)
        alone = there is not None and there.empty_before and key not in others
        found[key] = TableReading(table_bytes.get(key, 0), rows.get(key), _readings(table) if alone else 0)
    return found


def _readings(table: PlannedTable) -> int:
    """To count its rows, and for its checksum where the dump has one."""
    return 1 if table.metadata is None or table.metadata.data_checksum is None else 2
