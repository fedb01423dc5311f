"""What the form shows that asks whether a load may finish: subject and body, in Markdown. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from airflow_dm_loader.errors import visible

if TYPE_CHECKING:
    from airflow_dm_loader.config import LoadConfig
    from airflow_dm_loader.loader import ConflictsShown, Outcome
    from airflow_dm_loader.report import TableReport

ACCEPT, ABORT = "Accept", "Abort"

_FOUND = {"has_duplicates": "duplicates", "unlike_last_load": "less than the last load brought"}


def form_text(
    config: LoadConfig, outcome: Outcome, shown: ConflictsShown | None = None, max_tables: int = 30
) -> tuple[str, str]:
    """Subject and body of the form.

    Args:
        shown: where rows met rows with the same key; None where the outcome has none.
        max_tables: how many are listed.
    """
    what = _FOUND.get(outcome.verdict, "a checksum difference")
    load = f"{visible(config.what.task_name)} / {visible(config.what.source_id)}"
    found = [table for table in outcome.tables if table.conflicts or "differs" in (table.row_count, table.checksum)]
    lines = [*_tables(found, max_tables), *_findings(outcome)]
    if shown is not None:
        lines += _conflicts(shown)
    lines.append(f"\n**{ACCEPT}**: the load finishes. **{ABORT}**: this task fails.")
    return f"Load {load} found {what} ({outcome.code})", "\n".join(lines)


def _tables(found: Sequence[TableReport], most: int) -> Iterator[str]:
    yield "| table | rows | in conflict | row count | checksum | remark |"
    yield "|---|---:|---:|---|---|---|"
    for table in found[:most]:
        yield (
            f"| {_code(table.table)} | {table.rows:,} | {table.conflicts:,} | {_plain(table.row_count)} "
            f"| {_plain(table.checksum)} | {_plain(table.remark)} |"
        )
    if len(found) > most:
        yield f"\nand {len(found) - most:,} tables more."


def _findings(outcome: Outcome) -> Iterator[str]:
    pausing = [f"- {_plain(str(finding))}" for finding in outcome.findings if finding.pauses]
    if pausing:
        yield ""
        yield from pausing


def _conflicts(shown: ConflictsShown) -> Iterator[str]:
    yield f"\nThe rows in conflict are in {shown.where}."
    if shown.rows:
        yield "\n| table | the row that came | the row that exists | where in the dump |"
        yield "|---|---|---|---|"
        for row in shown.rows:
            yield f"| {_code(row.table)} | {_code(row.came)} | {_code(row.exists)} | {_plain(row.place)} |"
    if shown.select:
        yield f"\nAll of them:\n\n```sql\n{shown.select};\n```"


def _plain(text: str) -> str:
    """Text in a cell of a table, in which nothing of Markdown or HTML is left to act."""
    escaped = "".join(
        f"\\{c}" if c in "\\`*_[]<>|!" else c for c in visible(text.replace("not_compared", "not compared"))
    )
    return escaped.replace("&", "&amp;")


def _code(text: str) -> str:
    """The same as code: between more backticks than there are in it."""
    shown = visible(text).replace("|", "\\|")
    fence = "`"
    while fence in shown:
        fence += "`"
    pad = " " if fence != "`" else ""
    return f"{fence}{pad}{shown}{pad}{fence}"
