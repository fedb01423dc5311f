"""What the form shows that asks whether a load may finish: subject and body, in Markdown. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from airflow_dm_loader.errors import visible

if TYPE_CHECKING:
    from airflow_dm_loader.config import LoadConfig
    from airflow_dm_loader.loader import ConflictsShown, Outcome
    from airflow_dm_loader.report import TableReport

ACCEPT, REPLAY, ABORT = "Accept", "Replay", "Abort"

_FOUND = {
    "has_duplicates": "duplicates",
    "unlike_last_load": "less than the last load brought",
    "rows_refused": "rows that the server refused",
}


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
    found = [
        table
        for table in outcome.tables
        if table.conflicts or table.refused or "differs" in (table.row_count, table.checksum)
    ]
    lines = [*_tables(found, max_tables), *_findings(outcome)]
    if shown is not None:
        lines += _conflicts(shown)
    lines.append(f"\n{_answers(shown)}")
    return f"Load {load} found {what} ({outcome.code})", "\n".join(lines)


def can_replay(shown: ConflictsShown | None) -> bool:
    """Whether the rows are ours to load again: tidb-lightning keeps its own in tables of several forms."""
    return shown is not None and shown.can_replay


def _answers(shown: ConflictsShown | None) -> str:
    if not can_replay(shown):
        return f"**{ACCEPT}**: the load finishes. **{ABORT}**: this task fails."
    return (
        f"**{ACCEPT}**: the load finishes, and its tables stay as they are. **{REPLAY}**: the rows that were set aside "
        "are loaded as they stand there now, and replace rows with the same key, which are kept there; then tables are "
        f"compared anew. **{ABORT}**: this task fails."
    )


def _tables(found: Sequence[TableReport], most: int) -> Iterator[str]:
    yield "| table | rows | set aside | row count | checksum | remark |"
    yield "|---|---:|---:|---|---|---|"
    for table in found[:most]:
        yield (
            f"| {_code(table.table)} | {table.rows:,} | {table.conflicts + table.refused:,} "
            f"| {_plain(table.row_count)} | {_plain(table.checksum)} | {_plain(table.remark)} |"
        )
    if len(found) > most:
        yield f"\nand {len(found) - most:,} tables more."


def _findings(outcome: Outcome) -> Iterator[str]:
    pausing = [f"- {_plain(str(finding))}" for finding in outcome.findings if finding.pauses]
    if pausing:
        yield ""
        yield from pausing


def _conflicts(shown: ConflictsShown) -> Iterator[str]:
    yield f"\nThe rows that were set aside are in the {shown.kind} {_code(shown.where)}."
    if shown.rows:
        yield "\n| table | the row that came | the row that exists, or the error | where in the dump |"
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
