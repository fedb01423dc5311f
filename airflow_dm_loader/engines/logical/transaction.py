"""A chunk's transaction: claim, send, complete, commit; with it goes what its rows lack that the table has."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from airflow_dm_loader.engines.logical.kept_rows import Keeper
from airflow_dm_loader.engines.logical.load_context import LoadContext
from airflow_dm_loader.engines.logical.sender_connection import SenderConnection
from airflow_dm_loader.errors import CheckpointError, RetriableError
from airflow_dm_loader.formats.base import Chunk, SendAgainError, Sent, TableColumns
from airflow_dm_loader.formats.chunk_chain import FILE_CHANGED_REMEDY
from airflow_dm_loader.report import Finding
from airflow_dm_loader.settings.choices import OnLoss
from airflow_dm_loader.state import chunk_groups, chunks, findings
from airflow_dm_loader.state.chunk_groups import SentChunk
from airflow_dm_loader.state.chunks import ChunkCounts, ChunkIsDone, ChunkKey
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.session import check_time_zone

# A server's way to say that somebody else changed a row that was read, here the number of rows that are set aside.
_OVERTAKEN = frozenset({1020, 1213, 9007})


def load_chunk(
    context: LoadContext, connection: SenderConnection, chunk: Chunk, *, in_place: bool
) -> ChunkCounts | None:
    """Load a chunk, or nothing of it where this raises; None: another session had committed it.

    Args:
        in_place: see :meth:`~airflow_dm_loader.engines.logical.sender_connection.SenderConnection.ready`.
    """
    started = time.monotonic()
    db = connection.ready(chunk, in_place=in_place)
    meta, key = context.meta(db), _key(context, chunk)
    try:
        nonce = chunks.claim(meta, key, context.run_id, hold=connection.hold)
    except ChunkIsDone as done:
        _check_end(chunk, done)
        connection.used()
        return None
    _check_zone(context, chunk)
    with _keeping(context, meta) as keeper:
        sent = chunk.payload.send(context.delivery(db, chunk, keeper))
        _keep_losses(context, meta, chunk, sent)
        keeper.settle()
        chunks.complete(
            meta,
            key,
            nonce,
            end_offset=chunk.end,
            counts=sent.counts,
            sent_as=sent.sent_as,
            file_bytes=chunk.file_bytes,
            seconds=time.monotonic() - started,
        )
    connection.used()
    return sent.counts


def load_together(context: LoadContext, connection: SenderConnection, group: Sequence[Chunk]) -> list[ChunkCounts]:
    """Load several small chunks in one transaction: all of them, or none where this raises."""
    db = connection.ready(group[0])
    meta = context.meta(db)
    keys = [_key(context, chunk) for chunk in group]
    nonce = chunk_groups.claim_group(meta, keys, context.run_id, hold=connection.hold)
    done = []
    with _keeping(context, meta) as keeper:
        for key, chunk in zip(keys, group, strict=True):
            started = time.monotonic()
            connection.take_session_of(chunk)
            _check_zone(context, chunk)
            sent = chunk.payload.send(context.delivery(db, chunk, keeper))
            _keep_losses(context, meta, chunk, sent)
            seconds = time.monotonic() - started
            done.append(SentChunk(key, chunk.end, sent.counts, sent.sent_as, chunk.file_bytes, seconds))
        keeper.settle()
        chunk_groups.complete_group(meta, nonce, done)
    connection.used()
    return [chunk.counts for chunk in done]


@contextmanager
def _keeping(context: LoadContext, meta: Meta) -> Iterator[Keeper]:
    """What is kept within goes with the transaction: where that is undone, there is room again."""
    keeper = context.keeper(meta)
    try:
        yield keeper
    except RetriableError as error:
        keeper.undo()
        if keeper.set_aside and error.errno in _OVERTAKEN:  # each time another chunk has come further, so it ends
            raise SendAgainError(
                f"other chunks set rows aside meanwhile: {error.message}", errno=error.errno
            ) from error
        raise
    except BaseException:
        keeper.undo()
        raise


def _key(context: LoadContext, chunk: Chunk) -> ChunkKey:
    return ChunkKey(context.load_id, chunk.file.file_id, chunk.start)


def _check_end(chunk: Chunk, done: ChunkIsDone) -> None:
    if done.end_offset != chunk.end:
        raise CheckpointError(
            f"this chunk was committed up to byte {done.end_offset}, and ends at byte {chunk.end} now: "
            "the file was changed",
            remedy=FILE_CHANGED_REMEDY,
        ) from None


def _check_zone(context: LoadContext, chunk: Chunk) -> None:
    """A file of TIMESTAMPs must name its zone where the settings say so. Raises DumpFormatError."""
    table = context.table(chunk)
    if "timestamp" in table.types.values():
        check_time_zone(context.config, chunk.head, chunk.file.name)


def _keep_losses(context: LoadContext, meta: Meta, chunk: Chunk, sent: Sent) -> None:
    """Write down, with the chunk, what its rows do not carry."""
    if not sent.counts.rows:
        return
    lost = [*_missing_columns(context, chunk, sent), *_left_out(context.table(chunk), chunk, sent)]
    found = [*chunk.found, *lost, *_zone(context, chunk, sent)]
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


def _left_out(table: TableColumns, chunk: Chunk, sent: Sent) -> Iterator[Finding]:
    for column in sent.left_out:
        if column.lower() in table.masked:
            continue
        if column.lower() in table.generated:
            yield Finding(
                kind="generated_column",
                table=str(chunk.file.key),
                text=f"values of column `{column}` of the dump were left out: the table computes them",
                rows=sent.counts.rows,
            )
            continue
        setting = "ignore_columns" if column.lower() in table.ignored else "on_schema_change=ignore_columns"
        yield Finding(
            kind="ignored_column",
            table=str(chunk.file.key),
            text=f"values of column `{column}` of the dump were left out ({setting})",
            rows=sent.counts.rows,
        )
    for column, kind in table.masked.items():
        yield Finding(
            kind="masked_column",
            table=str(chunk.file.key),
            text=f"values of column `{column}` of the dump were masked ({kind})",
            rows=sent.counts.rows,
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
