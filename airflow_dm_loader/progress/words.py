"""Progress and reports as lines that a person likes to read. Pure."""

from __future__ import annotations

from datetime import timedelta

from airflow_dm_loader.progress.phase_words import counted
from airflow_dm_loader.report import DumpPlan, LoadReport, LoadStatus, TablePlan, TableReport, percent

_SHOWN_SOURCES = 8


def describe(status: LoadStatus, *, amounts: bool = True) -> str:
    """One line, for example ``42.17 % | 154.3 MB of 366.0 MB | 25.3 MB/s | about 8 seconds left``.

    In the comparison the figures are of that. Without ``amounts`` it leaves out what a bar shows already.
    """
    from humanize import naturalsize, precisedelta

    done, total, parts = status.finished_bytes, status.total_bytes, [status.progress]
    if status.compared_bytes is not None:
        done = status.compared_bytes
        parts = [f"all sent, comparing: {percent(done, total, done >= total)}"]
    if amounts:
        parts.append(f"{naturalsize(done)} of {naturalsize(total)}")
    parts.append(f"{naturalsize(status.bps)}/s")
    waiting = f"the indexes of {counted(status.indexes_waiting, 'table')}" if status.indexes_waiting else ""
    if status.compared_bytes is None and done >= total:
        parts.append(f"all sent, building {waiting}" if waiting else "all sent")
    elif waiting:
        parts.append(f"then {waiting}")
    if status.eta_s:
        left = precisedelta(timedelta(seconds=max(1, round(status.eta_s))), format="%.0f")
        parts.append(" + ".join([f"about {left} left", *_not_known(status)]))
    elif status.comparison_s is None and status.compared_bytes is None:
        parts.append("then the comparison")
    if status.slowed:
        parts.append(f"slowed: {status.slowed}")
    return " | ".join(parts)


def _not_known(status: LoadStatus) -> list[str]:
    """What the time left does not count."""
    parts = {"indexes": status.indexes_s, "comparison": status.comparison_s}
    return [what for what, seconds in parts.items() if seconds is None]


def describe_report(report: LoadReport) -> list[str]:
    """A line per table, and one for the whole load at the end."""
    return [*(_describe_table(table) for table in report.tables), _describe_total(report)]


def _describe_table(table: TableReport) -> str:
    from humanize import intcomma, naturalsize

    parts = [
        f"{table.table}: {counted(table.rows, 'row')}, {naturalsize(table.data_bytes)}"
        + (f" as {table.sent_as}" if table.sent_as else "")
    ]
    if table.import_job is not None:
        parts.append(f"imported by job {table.import_job}")
    if table.rows_before is not None:
        parts.append(f"held {counted(table.rows_before, 'row')} before")
    if table.added is not None:
        parts.append(f"{intcomma(table.added)} added")
    counts = {"replaced": table.replaced, "ignored": table.ignored, "in conflict": table.conflicts}
    counts["refused"] = table.refused
    parts += [f"{intcomma(count)} {what}" for what, count in counts.items() if count]
    if table.kept:
        parts.append(f"{intcomma(table.kept)} of them kept")
    parts.append(f"row count {_plain(table.row_count)}")
    parts.append(f"checksum {_plain(table.checksum)}")
    if table.remark:
        parts.append(table.remark)
    parts.append(f"{table.seconds:.1f} s")
    if table.sender_seconds > table.seconds:
        parts[-1] += f", {table.sender_seconds:.1f} s over all connections"
    return " | ".join(parts)


def _describe_total(report: LoadReport) -> str:
    from humanize import naturalsize

    if report.skipped:
        start = "Had been loaded before, nothing was sent"
    elif report.rows_sent_known:
        start = f"{counted(report.rows_sent, 'row')} sent by this run in {report.seconds:.1f} s"
    else:
        start = f"tidb-lightning did not tell how many rows this run sent in {report.seconds:.1f} s"
    parts = [
        f"{report.task_name} / {report.source_id}: {report.status}",
        start,
        f"{counted(report.rows, 'row')} in {counted(len(report.tables), 'table')}, {naturalsize(report.data_bytes)}",
    ]
    if report.outcome and report.outcome != "clean":
        parts.append(_plain(report.outcome) + (", accepted" if report.accepted else ""))
    if any(found.kind == "skipped_indexes" for found in report.findings):
        parts.append("not verified whole, since indexes or foreign keys were skipped")
    if report.swap:
        parts.append(report.swap)
    if report.binlog_name:
        parts.append(f"binlog {report.binlog_name}:{report.binlog_pos}")
    if report.binlog_gtid:
        parts.append(f"GTID {report.binlog_gtid}")
    if report.not_loaded:
        parts.append("not loaded: " + ", ".join(f"{what} ({count})" for what, count in report.not_loaded.items()))
    return " | ".join(parts)


def describe_plan(plan: DumpPlan) -> list[str]:
    """A line per table and per thing that a reader must know; the whole plan in the last ones."""
    from humanize import naturalsize

    lines = [_describe_planned_table(table) for table in plan.tables]
    lines += [f"create the database {name}" for name in plan.databases]
    lines += [f"create the view {name}" for name in plan.views]
    lines += [plan.swap] if plan.swap else []
    lines += [plan.duration] if plan.duration else []
    lines += plan.guard
    lines += plan.existing_rows
    lines += plan.schema_changes
    lines += [f"left out by block_allow_list: {name}" for name in plan.filtered]
    total = [
        f"{plan.task_name} / {plan.source_id} into {plan.target}: {counted(plan.files, 'data file')} of "
        f"{naturalsize(plan.file_bytes)} into {counted(len(plan.tables), 'table')}",
        plan.stored,
    ]
    if plan.filtered_files:
        total.append(f"{counted(plan.filtered_files, 'data file')} of {naturalsize(plan.filtered_bytes)} left out")
    if plan.not_loaded:
        total.append("not loaded: " + ", ".join(f"{what} ({count})" for what, count in plan.not_loaded.items()))
    return [*lines, " | ".join(total)]


def _describe_planned_table(table: TablePlan) -> str:
    from humanize import naturalsize

    state = {True: "exists", False: "would be created", None: "was not looked at"}[table.exists]
    parts = [f"{table.table} {state}"]
    if table.sources != (table.table,):
        shown = ", ".join(table.sources[:_SHOWN_SOURCES])
        more = len(table.sources) - _SHOWN_SOURCES
        parts.append(f"from {shown}" + (f" and {more} more" if more > 0 else ""))
    parts.append(f"{counted(table.files, 'data file')}, {naturalsize(table.file_bytes)}")
    if table.rows is not None:
        parts.append(counted(table.rows, "row"))
    if table.filled:
        parts.append(f"routes fill {', '.join(table.filled)}")
    if table.indexes_after_rows:
        parts.append(f"{table.indexes_after_rows} indexes after the rows")
    return " | ".join(parts)


def _plain(word: str) -> str:
    return word.replace("_", " ")
