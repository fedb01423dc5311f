"""What Lightning found, with the rows counted: its part of the load's outcome."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from airflow_dm_loader.config import Level, LoadConfig, OnDuplicatePhysical
from airflow_dm_loader.dump.filenames import Compression
from airflow_dm_loader.engines.physical.configuration import task_info_schema
from airflow_dm_loader.engines.physical.task_info import SetAside, rows_set_aside, view_of
from airflow_dm_loader.plan.load_plan import LoadPlan, PlannedTable
from airflow_dm_loader.report import Comparison, TableReport
from airflow_dm_loader.state import files, lightning
from airflow_dm_loader.state.lightning import LightningRow, LightningStage
from airflow_dm_loader.state.loads import Load
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.answers import as_number
from airflow_dm_loader.verify.conclusion import Findings

_SHOWN = 3
_SENT_AS = "tidb-lightning"


@dataclass(frozen=True, slots=True)
class _Found:
    """What is known of one table once Lightning has ended."""

    counted: int
    alone: str  # "" or why its rows are not this load's alone
    difference: str  # Lightning's words, or ""
    conflicts: int
    unsure: bool  # Lightning found a difference, and did not say in which table


def lightning_findings(config: LoadConfig, meta: Meta, load: Load, plan: LoadPlan, row: LightningRow) -> Findings:
    """Count the rows, and take in what Lightning said."""
    aside = _set_aside(config, meta, row)
    unnamed = _differences(row).get("", "")
    left_out = (f"{found.rows} rows of {found.table} were left out: see {found.where}" for found in _others(aside))
    return Findings(
        tables=_tables(config, meta, load, plan, row, aside),
        conflicts=sum(found.rows for found in aside if found.is_conflict),
        differs=row.stage is LightningStage.CHECKSUM_DIFFERS,
        warnings=(*((unnamed,) if unnamed else ()), *left_out),
    )


def describe_conflicts(config: LoadConfig, meta: Meta, load_id: int, count: int) -> str:
    """How many rows Lightning set aside, in which tables to look."""
    row = lightning.find(meta, load_id)
    aside = [found for found in _set_aside(config, meta, row) if found.is_conflict] if row is not None else []
    examples = "; ".join(f"{found.table}: {found.rows} in {found.where}" for found in aside[:_SHOWN])
    view = view_of(meta.db, task_info_schema(config))
    return f"tidb-lightning set {count} row(s) in conflict aside: {examples}" + (f"; {view} shows all" if view else "")


def _set_aside(config: LoadConfig, meta: Meta, row: LightningRow) -> tuple[SetAside, ...]:
    if config.physical.on_duplicate_physical is not OnDuplicatePhysical.MANUAL:
        return ()
    return rows_set_aside(meta.db, task_info_schema(config), row.task_id_before)


def _others(aside: Iterable[SetAside]) -> list[SetAside]:
    return [found for found in aside if not found.is_conflict]


def _differences(row: LightningRow) -> Mapping[str, str]:
    """table -> Lightning's words; "" where it did not name the table."""
    return {str(table): str(text) for table, text in row.findings.get("differences", {}).items()}


def _tables(
    config: LoadConfig, meta: Meta, load: Load, plan: LoadPlan, row: LightningRow, aside: tuple[SetAside, ...]
) -> tuple[TableReport, ...]:
    before = {table.key: table.empty_before for table in files.list_tables(meta, load.load_id)}
    differences = {table.lower(): text for table, text in _differences(row).items()}
    reports = []
    for table in plan.tables:
        name = table.name.lower()
        counted = meta.db.sure(f"SELECT COUNT(*) FROM {table.key.quoted}", shape=(as_number,))
        alone = "" if before.get(table.key, False) else "the table had rows before"
        if not alone and len(config.what.all_sources) > 1:
            alone = "other sources may load into it too"
        mine = [found for found in aside if found.table.lower() == name]
        found = _Found(
            counted=int(counted[0]),
            alone=alone,
            difference=differences.get(name, ""),
            conflicts=sum(item.rows for item in mine if item.is_conflict),
            unsure="" in differences,
        )
        reports.append(_report(config, plan, table, found))
    return tuple(reports)


def _report(config: LoadConfig, plan: LoadPlan, table: PlannedTable, found: _Found) -> TableReport:
    said = table.metadata.rows if table.metadata is not None else None
    remarks = [found.difference] if found.difference else []
    row_count: Comparison = "not_compared"
    if config.verify.checksum is Level.OFF:
        row_count = "off"
    elif said is None and found.alone:
        remarks.append(f"how many rows came is not known: {found.alone}")
    elif said is None:
        remarks.append("rows not compared: the dump does not say how many there are")
    elif found.alone:
        remarks.append(f"rows in the target not compared: {found.alone}")
    elif found.counted == said:
        row_count = "passed"
    else:
        row_count = "differs"
        remarks.append(f"the table has {found.counted} rows, the dump says {said}")
    checksum: Comparison = "differs" if found.difference else "passed"
    if config.verify.checksum is Level.OFF:
        checksum = "off"
    elif not table.has_data or (found.unsure and not found.difference):
        checksum = "not_compared"
    rows = said if said is not None else 0 if found.alone else found.counted
    return TableReport(
        table=table.name,
        rows=rows,
        data_bytes=_decoded_bytes(plan, table),
        conflicts=found.conflicts,
        sent_as=_SENT_AS if table.has_data else "",
        row_count=row_count,
        checksum=checksum,
        remark="; ".join(remarks),
    )


def _decoded_bytes(plan: LoadPlan, table: PlannedTable) -> int:
    """Of files that are not compressed; what Lightning decoded it does not tell."""
    mine = [file.source for file in plan.files if file.key == table.key]
    return sum(file.file_bytes for file in mine if file.compression is Compression.NONE)
