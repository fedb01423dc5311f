"""What a chunk's rows lack that the table has: a finding in the transaction of the chunk."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_dm_loader.engines.logical.load_context import LoadContext
from airflow_dm_loader.formats.base import Chunk, Sent, TableColumns
from airflow_dm_loader.report import Finding
from airflow_dm_loader.settings.choices import OnLoss
from airflow_dm_loader.state import findings
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.session import check_time_zone


def check_zone(context: LoadContext, chunk: Chunk) -> None:
    """A file of TIMESTAMPs must name its zone where the settings say so. Raises DumpFormatError."""
    table = context.table(chunk)
    if "timestamp" in table.types.values():
        check_time_zone(context.config, chunk.head, chunk.file.name)


def keep_losses(context: LoadContext, meta: Meta, chunk: Chunk, sent: Sent) -> None:
    """Write down, with the chunk, what its rows do not carry."""
    if not sent.counts.rows:
        return
    found = [*chunk.found, *_missing_columns(context, chunk, sent), *_zone(context, chunk, sent)]
    findings.add(meta, context.load_id, f"{chunk.file.name} from byte {chunk.start}", found)


def _missing_columns(context: LoadContext, chunk: Chunk, sent: Sent) -> Iterator[Finding]:
    if sent.columns is None:
        return
    table = context.table(chunk)
    filled = {extracted.column.lower() for extracted in table.extracted}
    for column in table.types:
        if column.lower() not in sent.columns | filled:
            yield Finding(
                kind="missing_column",
                table=str(chunk.file.key),
                text=f"the dump has no value of column `{column}`{_why(table, column)}: its rows took a default",
                rows=sent.counts.rows,
                pauses=context.config.logical.on_missing_columns is OnLoss.PAUSE,
            )


def _why(table: TableColumns, column: str) -> str:
    return ", an AUTO_INCREMENT" if column.lower() == (table.auto_increment or "").lower() else ""


def _zone(context: LoadContext, chunk: Chunk, sent: Sent) -> Iterator[Finding]:
    if "timestamp" in context.table(chunk).types.values() and not chunk.head.get("time_zone"):
        yield Finding(
            kind="assumed_time_zone",
            text=f"files name no time zone: their TIMESTAMPs were read in {context.zone_in_words}",
            rows=sent.counts.rows,
        )
