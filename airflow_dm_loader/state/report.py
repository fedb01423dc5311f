"""The report of a load, made from what is stored."""

from __future__ import annotations

from typing import Any

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.report import LoadReport
from airflow_dm_loader.state import chunks, events, files, lightning
from airflow_dm_loader.state.events import Worker
from airflow_dm_loader.state.loads import Load
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.state.outcomes import Outcome


def make_report(
    meta: Meta, config: LoadConfig, load: Load, outcome: Outcome, worker: Worker, *, had_finished: bool
) -> LoadReport:
    """Everything that a reader wants to know at the end. ``had_finished``: before this run came."""
    notes: dict[str, Any] = dict(load.notes)
    rows_sent = _rows_sent(meta, load, worker)
    return LoadReport(
        task_name=config.what.task_name,
        source_id=config.what.source_id,
        status=load.status,
        outcome=outcome.verdict,
        outcome_id=outcome.outcome_id,
        accepted=outcome.accepted,
        skipped=had_finished and rows_sent == 0,
        tables=outcome.tables,
        rows=sum(table.rows for table in outcome.tables),
        rows_sent=rows_sent or 0,
        rows_sent_known=rows_sent is not None,
        data_bytes=sum(table.data_bytes for table in outcome.tables),
        file_bytes=sum(row.file_bytes for row in files.list_files(meta, load.load_id)),
        seconds=round(events.seconds_since_start(meta, load.load_id, worker) or 0.0, 3),
        binlog_name=load.binlog_name,
        binlog_pos=load.binlog_pos,
        binlog_gtid=load.binlog_gtid,
        not_loaded=notes["not_loaded"],
        findings=outcome.findings,
        warnings=_warnings(notes, outcome),
    )


def _rows_sent(meta: Meta, load: Load, worker: Worker) -> int | None:
    """By this run; None: it is not known."""
    row = lightning.find(meta, load.load_id)
    if row is not None:
        return row.rows_of_run(worker.run_id)
    return chunks.rows_of_run(meta, load.load_id, worker.run_id)


def _warnings(notes: dict[str, Any], outcome: Outcome) -> tuple[str, ...]:
    """Of the dump, of the target, of what was found; each once, though a phase repeats what another one said."""
    found = {_reason(warning) for warning in outcome.warnings}
    expected = (warning for warning in notes.get("target_warnings", ()) if _reason(warning) not in found)
    return tuple(dict.fromkeys((*notes["warnings"], *expected, *outcome.warnings)))


def _reason(warning: str) -> str:
    """``rows will be sent as statements: why`` and ``rows were sent as statements: why`` are one thing."""
    return warning.partition(": ")[2] or warning
