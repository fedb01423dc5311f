"""A load's report as a table for people. Pure: it renders, and asks nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from humanize import intcomma, naturalsize
from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from airflow_dm_loader.report import LoadReport, TableReport

_STYLES = {"passed": "green", "differs": "bold red", "not_compared": "yellow"}


def render_report(report: LoadReport) -> RenderableType:
    """A row per table, what it comes to, and below it where replication would go on."""
    return Group(_tables(report), *_remarks(report), Text(), _facts(report))


def _tables(report: LoadReport) -> Table:
    shown = Table(
        box=box.SIMPLE, show_edge=False, show_footer=True, pad_edge=False, padding=(0, 1, 0, 0), footer_style="bold"
    )
    shown.add_column("Table", "Total", no_wrap=True)
    shown.add_column("Rows", intcomma(report.rows), justify="right", no_wrap=True)
    shown.add_column("Bytes", naturalsize(report.data_bytes), justify="right", no_wrap=True)
    shown.add_column("Sent as", no_wrap=True)
    shown.add_column("Row count", no_wrap=True)
    shown.add_column("Checksum")
    shown.add_column("Seconds", f"{sum(table.seconds for table in report.tables):.3f}", justify="right", no_wrap=True)
    for table in report.tables:
        shown.add_row(
            table.table,
            intcomma(table.rows),
            naturalsize(table.data_bytes),
            table.sent_as or "no rows",
            _comparison(table.row_count),
            _comparison(table.checksum),
            f"{table.seconds:.3f}",
        )
    return shown


def _comparison(word: str) -> Text:
    return Text(word.replace("_", " "), style=_STYLES.get(word, ""))


def _remarks(report: LoadReport) -> list[Text]:
    return [Text(f"{table.table}: {_remark(table)}", style="dim") for table in report.tables if _remark(table)]


def _remark(table: TableReport) -> str:
    aside = f"{intcomma(table.conflicts)} of its rows kept aside" if table.conflicts else ""
    return "; ".join(text for text in (aside, table.remark) if text)


def _facts(report: LoadReport) -> Table:
    accepted = ", accepted" if report.accepted else ""
    not_loaded = "; ".join(f"{what} in {count} file{'s'[: count > 1]}" for what, count in report.not_loaded.items())
    facts = {
        "Outcome": f"{(report.outcome or 'none').replace('_', ' ')}{accepted}",
        "Binlog position": f"{report.binlog_name}:{report.binlog_pos}" if report.binlog_name else "none in the dump",
        "Binlog GTID": report.binlog_gtid or "none in the dump",
        "Not loaded": not_loaded,
        "This run sent": f"{intcomma(report.rows_sent)} of {intcomma(report.rows)} rows, in {report.seconds:.1f} s",
    }
    shown = Table.grid(padding=(0, 2))
    shown.add_column(style="dim", no_wrap=True)
    shown.add_column()
    for name, value in facts.items():
        if value:
            shown.add_row(name, value)
    return shown
