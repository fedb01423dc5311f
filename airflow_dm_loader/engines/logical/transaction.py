"""One connection's work: chunk after chunk, each a transaction that holds its own row."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from airflow_dm_loader.config import LoadConfig, OnDuplicate
from airflow_dm_loader.dump.heads import head_charset
from airflow_dm_loader.dump.statements import column_names
from airflow_dm_loader.dump.value_marks import Marks
from airflow_dm_loader.engines.logical import load_data, load_records
from airflow_dm_loader.engines.logical.chunk import Chunk, Records, RowStatement, TableColumns
from airflow_dm_loader.engines.logical.duplicates import RowSender
from airflow_dm_loader.engines.logical.load_data import NotAsLoadDataError
from airflow_dm_loader.engines.logical.record_block import record_blocks
from airflow_dm_loader.engines.logical.row_block import Block, RowBlock, extracted_values, into_clause, with_extracted
from airflow_dm_loader.errors import CheckpointError, LoaderError, LoadInterruptedError, RetriableError
from airflow_dm_loader.hidden_values import hide_in_message
from airflow_dm_loader.state import chunk_groups, chunks, conflicts, senders
from airflow_dm_loader.state.chunk_groups import SentChunk
from airflow_dm_loader.state.chunks import (
    ChunkCounts,
    ChunkIsBusy,
    ChunkIsDone,
    ChunkKey,
    DuplicateAtCommitError,
    Hold,
)
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target import tidb
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.identifiers import qualified
from airflow_dm_loader.target.server import Flavour, Server
from airflow_dm_loader.target.session import file_session

_log = logging.getLogger(__name__)
_AS_STATEMENTS = "statements"
_IDLE_S = 60  # the server closes idle connections after wait_timeout: don't try an old one


@dataclass(frozen=True, slots=True)
class LoadContext:
    """What every chunk of a load needs to know."""

    load_id: int
    run_id: str
    config: LoadConfig
    tables: Mapping[int, TableColumns]  # by file_id
    load_data: bool  # whether the server takes LOAD DATA LOCAL from us
    as_statements: set[tuple[str, str]]  # tables whose rows it would not take as they are
    default_time_zone: str
    server: Server
    checked_in_place: set[tuple[str, str]]  # tables whose rows met others at COMMIT, see tidb.CHECK_IN_PLACE
    group_small_files: bool  # several in one transaction
    session: Mapping[str, str | int]
    open_database: Callable[[], Database]


class ChunkSender:
    """Loads chunks over one connection, which is opened when needed and dropped after any error.

    Args:
        is_ending: once true, nobody else's chunk is waited for any more.
    """

    def __init__(self, context: LoadContext, is_ending: Callable[[], bool]) -> None:
        self._context = context
        self._is_ending = is_ending
        self._db: Database | None = None
        self._session: Mapping[str, str | int] = {}
        self._used_at = 0.0
        self._name: str | None = None  # of this connection, where chunks hold their load by it

    @property
    def connection_id(self) -> int | None:
        """The server's number of this connection, for KILL."""
        db = self._db
        return db.connection_id if db is not None else None

    def send(self, chunk: Chunk) -> ChunkCounts | None:
        """Load a chunk, exactly once; None: another session had committed it.

        Any error leaves nothing of the chunk in the target, and the connection closed.
        """
        as_statements = self._goes_as_statements(chunk)
        table = chunk.file.schema, chunk.file.table
        in_place = table in self._context.checked_in_place
        while True:
            try:
                counts = self._send(chunk, as_statements=as_statements, in_place=in_place)
                if in_place and counts is not None:
                    self._context.checked_in_place.add(table)  # its next chunks would most likely fare the same
                return counts
            except DuplicateAtCommitError as error:
                self.close()
                if in_place:  # what was there was looked at, so it came in meanwhile
                    raise RetriableError(error.message, errno=error.errno) from error
                in_place = True
                _log.info("%s from byte %d is sent again, each row checked: %s", *_place(chunk), self._shown(error))
            except NotAsLoadDataError as error:
                self.close()
                as_statements = True
                self._remember(chunk, error)
            except ChunkIsBusy as busy:
                self.close()
                if self._is_ending():
                    raise LoadInterruptedError("the load ends, so another session's chunk is not waited for") from busy
                _log.info("another session is still at %s from byte %d; waiting for it", *_place(chunk))
            except LoaderError as error:
                self.close()
                error.at(file=chunk.file.name, offset=chunk.start, table=f"{chunk.file.schema}.{chunk.file.table}")
                raise
            except BaseException:
                self.close()
                raise

    def send_together(self, group: Sequence[Chunk]) -> list[ChunkCounts] | None:
        """Load several small chunks in one transaction: all of them, or none.

        None: something came between, and nothing of it is kept. Then send them one by one, which tells what it was,
        and lets the others in.
        """
        try:
            return self._send_together(group)
        except LoaderError as error:
            self.close()
            first = group[0].file.name
            _log.info("%d small files from %s on go one by one: %s", len(group), first, self._shown(error))
            return None
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Drop the connection; the server undoes what it had open."""
        if self._db is not None:
            self._db.close()
        self._db, self._session, self._name = None, {}, None

    def _send(self, chunk: Chunk, *, as_statements: bool, in_place: bool) -> ChunkCounts | None:
        started = time.monotonic()
        db = self._ready(chunk, in_place=in_place)
        meta = Meta(db, self._context.config.state.meta_schema)
        key = ChunkKey(self._context.load_id, chunk.file.file_id, chunk.start)
        try:
            nonce = chunks.claim(meta, key, self._context.run_id, hold=self._hold)
        except ChunkIsDone as done:
            if done.end_offset != chunk.end:
                raise CheckpointError(
                    f"this chunk was committed up to byte {done.end_offset}, and ends at byte {chunk.end} now: "
                    "the file was changed",
                    remedy="Put the dump back as it was, or set remove_meta and start afresh on empty tables.",
                ) from None
            self._used_at = time.monotonic()
            return None
        counts, sent_as = self._send_rows(meta, chunk, as_statements=as_statements)
        chunks.complete(
            meta,
            key,
            nonce,
            end_offset=chunk.end,
            counts=counts,
            sent_as=sent_as,
            file_bytes=chunk.file_bytes,
            seconds=time.monotonic() - started,
        )
        self._used_at = time.monotonic()
        return counts

    def _send_together(self, group: Sequence[Chunk]) -> list[ChunkCounts]:
        db = self._ready(group[0])
        meta = Meta(db, self._context.config.state.meta_schema)
        keys = [ChunkKey(self._context.load_id, chunk.file.file_id, chunk.start) for chunk in group]
        nonce = chunk_groups.claim_group(meta, keys, self._context.run_id, hold=self._hold)
        sent = []
        for key, chunk in zip(keys, group, strict=True):
            started = time.monotonic()
            self._set_session(db, chunk)
            try:
                counts, sent_as = self._send_rows(meta, chunk, as_statements=self._goes_as_statements(chunk))
            except NotAsLoadDataError as error:
                self._remember(chunk, error)
                raise
            seconds = time.monotonic() - started
            sent.append(SentChunk(key, chunk.end, counts, sent_as, chunk.file_bytes, seconds))
        chunk_groups.complete_group(meta, nonce, sent)
        self._used_at = time.monotonic()
        return [chunk.counts for chunk in sent]

    def _goes_as_statements(self, chunk: Chunk) -> bool:
        if not chunk.by_load_data or (chunk.file.schema, chunk.file.table) in self._context.as_statements:
            return True
        # LOAD DATA ... REPLACE left tables and their indexes in disagreement in some versions of TiDB
        return self._context.server.flavour is Flavour.TIDB and self._replaces_at_once(chunk)

    def _remember(self, chunk: Chunk, error: NotAsLoadDataError) -> None:
        """The table's next chunks would most likely fare the same."""
        self._context.as_statements.add((chunk.file.schema, chunk.file.table))
        _log.info("%s from byte %d goes as statements: %s", *_place(chunk), self._shown(error))

    def _shown(self, error: LoaderError) -> str:
        return (
            hide_in_message(error.message, error.errno) if self._context.config.reporting.hide_values else error.message
        )

    def _send_rows(self, meta: Meta, chunk: Chunk, *, as_statements: bool) -> tuple[ChunkCounts, str]:
        """What the server counted, and how it went."""
        if as_statements:
            return self._send_statements(meta, chunk), _AS_STATEMENTS
        return self._load_data(meta.db, chunk), load_data.SENT_AS

    def _load_data(self, db: Database, chunk: Chunk) -> ChunkCounts:
        table = self._table(chunk)
        if chunk.records is not None:
            return load_records.send_records(
                db,
                chunk.records,
                self._into(chunk, chunk.records),
                table=qualified(chunk.file.schema, chunk.file.table).encode("utf-8", "surrogateescape"),
                replace=self._replaces_at_once(chunk),
                max_packet_bytes=self._context.server.max_allowed_packet,
                extracted=table.extracted,
                auto_increment=table.auto_increment,
            )
        assert chunk.row_layout is not None
        rows = chunk.statements[0].rows
        into = into_clause(chunk.file.schema, chunk.file.table, rows.columns, table.row_columns)
        return load_data.send_chunk(
            db,
            chunk,
            into,
            chunk.row_layout,
            replace=self._replaces_at_once(chunk),
            max_packet_bytes=self._context.server.max_allowed_packet,
            extracted=table.extracted,
            auto_increment=table.auto_increment,
        )

    def _send_statements(self, meta: Meta, chunk: Chunk) -> ChunkCounts:
        sender = RowSender(
            meta.db,
            self._context.config.logical.on_duplicate_logical,
            lambda conflict: conflicts.store(meta, self._context.load_id, conflict),
            replace_at_once=self._replaces_at_once(chunk),
            savepoints=self._context.server.savepoints,
        )
        for block in self._blocks(chunk):
            sender.send(block)
        return sender.counts

    def _replaces_at_once(self, chunk: Chunk) -> bool:
        """A REPLACE does not count a row that replaces its equal; where the table was empty, counts must be exact."""
        replaces = self._context.config.logical.on_duplicate_logical is OnDuplicate.REPLACE
        return replaces and not self._table(chunk).empty_before

    def _table(self, chunk: Chunk) -> TableColumns:
        table = self._context.tables.get(chunk.file.file_id)
        if table is None:
            raise CheckpointError(
                "the load has no record of this table", remedy="Clear create_tables: it prepares the tables."
            )
        return table

    @property
    def _hold(self) -> Hold:
        server = self._context.server
        begin = tidb.BEGIN if server.optimistic else None
        return Hold(share_lock=not server.optimistic, sender=self._name, begin=begin)

    def _ready(self, chunk: Chunk, *, in_place: bool = False) -> Database:
        if self._db is not None and time.monotonic() - self._used_at > _IDLE_S:
            self.close()
        if self._db is None:
            self._db = self._context.open_database()
            if self._context.server.local_locks:
                begin = tidb.BEGIN_AND_WAIT if self._context.server.optimistic else None
                meta = Meta(self._db, self._context.config.state.meta_schema)
                self._name = senders.register(meta, self._context.load_id, begin=begin)
        self._set_session(self._db, chunk, in_place=in_place)
        return self._db

    def _set_session(self, db: Database, chunk: Chunk, *, in_place: bool = False) -> None:
        session = file_session(self._context.config, chunk.head, self._context.default_time_zone)
        if self._context.server.optimistic:
            session[tidb.CHECK_IN_PLACE] = int(in_place)
        if session != self._session:
            db.set_session(session)
            self._session = session

    def _blocks(self, chunk: Chunk) -> Iterator[Block]:
        """The chunk's rows in statements that the server takes."""
        server, table = self._context.server, self._table(chunk)
        if chunk.records is not None:
            yield from record_blocks(
                chunk.records,
                schema=chunk.file.schema,
                table=chunk.file.table,
                into=with_extracted(self._into(chunk, chunk.records), table.extracted),
                types=table.types,
                extracted=extracted_values(table.extracted),
                file=chunk.file.name,
                max_packet_bytes=server.max_allowed_packet,
                liked_bytes=server.liked_statement_bytes,
            )
        for statement in chunk.statements:
            yield from self._block(chunk, statement).fit(server.max_allowed_packet, server.liked_statement_bytes)

    def _into(self, chunk: Chunk, records: Records) -> bytes:
        return into_clause(chunk.file.schema, chunk.file.table, None, records.layout.columns or ())

    def _block(self, chunk: Chunk, row_statement: RowStatement) -> RowBlock:
        rows, statement, file = row_statement.rows, row_statement.statement, chunk.file
        table = self._table(chunk)
        into = into_clause(file.schema, file.table, rows.columns, table.row_columns)
        backslash_escapes = "NO_BACKSLASH_ESCAPES" not in chunk.head.get("sql_mode", "").upper()
        return RowBlock(
            schema=file.schema,
            table=file.table,
            into=with_extracted(into, table.extracted),
            values=memoryview(statement.text)[rows.values_at :],
            file=file.name,
            offset=statement.offset + rows.values_at,
            backslash_escapes=backslash_escapes,
            extracted=extracted_values(table.extracted),
            marks=Marks.of(
                table.row_columns if rows.columns is None else column_names(rows.columns),
                table.types,
                binary=head_charset(chunk.head) == "binary",
                backslash_escapes=backslash_escapes,
            ),
        )


def _place(chunk: Chunk) -> tuple[str, int]:
    """For the log: the file, and where the chunk starts in it."""
    return chunk.file.name, chunk.start
