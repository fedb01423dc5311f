"""Cuts a data file into chunks, in one pass.

From a statement boundary, a chunk runs to the first boundary at or after ``chunk_bytes`` decoded bytes. So the chain
of chunks is the same whenever the file is read, and whoever reads it. Committed spans are jumped over.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from airflow_dm_loader.dump.compression import DecodedFile
from airflow_dm_loader.dump.layouts import LayoutProver, RowLayout
from airflow_dm_loader.dump.lexer import Statement, StatementReader
from airflow_dm_loader.dump.statements import HeadSettings, Rows, classify, column_names
from airflow_dm_loader.errors import CheckpointError, DumpFormatError, LoaderError, UnsupportedStatementError
from airflow_dm_loader.plan.routes import Extracted
from airflow_dm_loader.state.files import FileRow


@dataclass(frozen=True, slots=True)
class RowStatement:
    """A statement that holds rows, and what its head says."""

    rows: Rows
    statement: Statement


@dataclass(frozen=True, slots=True)
class Chunk:
    """A span of a data file: one transaction. Offsets are bytes of the decoded file."""

    file: FileRow
    start: int
    end: int
    head: Mapping[str, str]  # the file's settings
    statements: tuple[RowStatement, ...]
    file_bytes: int  # stored bytes that were read for it
    row_layout: RowLayout | None = None  # proven of every row: LOAD DATA reads them as they stand


@dataclass(frozen=True, slots=True)
class TableColumns:
    """What a data file's rows hold, and the target table that takes them."""

    row_columns: tuple[str, ...]  # what a row without a column list holds
    types: Mapping[str, str]  # column -> type without length, in lower case; without generated columns
    empty_before: bool = False  # so duplicates are few: each is looked at
    extracted: tuple[Extracted, ...] = ()  # what every row of the file gets besides
    auto_increment: str | None = None  # its column, where rows get something besides


class ChunkReader:
    """The chunks of one data file that are not committed yet.

    Args:
        decoded: the file, at its start.
        file: what is stored of it.
        source_table: schema and table as the dump names them.
        committed: start -> end of its committed chunks.
        chunk_bytes: the load's chunk size, in decoded bytes.
        max_statement_bytes: see :class:`~airflow_dm_loader.dump.lexer.StatementReader`.
        table: given where LOAD DATA may be used.
    """

    def __init__(
        self,
        decoded: DecodedFile,
        file: FileRow,
        *,
        source_table: tuple[str, str],
        committed: Mapping[int, int],
        chunk_bytes: int,
        max_statement_bytes: int,
        table: TableColumns | None = None,
    ) -> None:
        self._decoded = decoded
        self._file = file
        self._schema, self._table = source_table
        self._committed = committed
        self._committed_starts = sorted(committed)
        self._columns = table
        self._prover: LayoutProver | None = None
        self._chunk_bytes = chunk_bytes
        self._reader = StatementReader(decoded, file=file.name, max_statement_bytes=max_statement_bytes)
        self._read_before = 0
        self.skipped = 0  # committed chunks that were jumped over

    def __iter__(self) -> Iterator[Chunk]:
        head, pending = self._read_head()
        start = 0
        while True:
            while start in self._committed:
                start = self._committed[start]
                self._reader.jump(start)
                pending = None
                self.skipped += 1
                self._read_before = self._decoded.file_bytes_read
            statements, end = self._collect(start, pending)
            pending = None
            if not statements:
                self._check_met(start, math.inf)
                self._check_not_grown()
                self._check_not_shrunk()
                return
            self._check_met(start, end)
            self._check_not_grown()
            proven = self._prover is not None and all(item.statement.proven for item in statements)
            layout = self._prover.row_layout if self._prover is not None and proven else None
            yield Chunk(self._file, start, end, head, tuple(statements), self._stored_bytes(end - start), layout)
            start = end

    def _read_head(self) -> tuple[dict[str, str], RowStatement | None]:
        head: dict[str, str] = {}
        for statement in self._reader:
            kind = classify(statement, file=self._file.name)
            if isinstance(kind, Rows):
                return head, self._first_rows(head, self._checked(kind, statement), statement)
            head |= kind.values
            self._reader.backslash_escapes = "NO_BACKSLASH_ESCAPES" not in head.get("sql_mode", "").upper()
        return head, None

    def _first_rows(self, head: Mapping[str, str], rows: Rows, statement: Statement) -> RowStatement:
        """From the file's first rows on, statements of their layout need only be proven."""
        if self._columns is not None and head.get("names") == "binary" and self._reader.backslash_escapes:
            columns = self._columns.row_columns if rows.columns is None else column_names(rows.columns)
            values_at = rows.values_at
            prover = LayoutProver(statement.text[:values_at], columns, self._columns.types, statement.text[values_at:])
            if prover.can_prove:
                self._reader.prover = self._prover = prover
                statement = replace(statement, proven=prover.proves_text(statement.text))
        return RowStatement(rows, statement)

    def _collect(self, start: int, pending: RowStatement | None) -> tuple[list[RowStatement], int]:
        statements = [pending] if pending is not None else []
        end = pending.statement.end if pending is not None else start
        while end - start < self._chunk_bytes:
            if statements and end in self._committed:
                raise self._changed(end)
            statement = next(self._reader, None)
            if statement is None:
                break
            kind = classify(statement, file=self._file.name)
            if isinstance(kind, HeadSettings):
                raise UnsupportedStatementError(
                    "a setting after the first rows: only the head of a data file may hold settings",
                    file=self._file.name,
                    offset=statement.offset,
                    statement=statement.text,
                )
            statements.append(RowStatement(self._checked(kind, statement), statement))
            end = statement.end
        return statements, end

    def _checked(self, rows: Rows, statement: Statement) -> Rows:
        """The rows must be for the table that the file's name says."""
        if rows.table != self._table or rows.schema not in {None, self._schema}:
            raise DumpFormatError(
                f"the statement is for table {rows.table!r}, but the file's name says {self._table!r}",
                file=self._file.name,
                offset=statement.offset,
                statement=statement.text,
                remedy="Give the file the name of its table, or take it out of the dump.",
            )
        return rows

    def _stored_bytes(self, data_bytes: int) -> int:
        if self._decoded.seekable_cheaply:
            return data_bytes
        read, self._read_before = self._decoded.file_bytes_read - self._read_before, self._decoded.file_bytes_read
        return read

    def _check_met(self, start: int, end: float) -> None:
        """No committed chunk may begin where the chain does not come by: its rows would be sent twice."""
        after = bisect_right(self._committed_starts, start)
        if after < len(self._committed_starts) and self._committed_starts[after] < end:
            raise self._changed(self._committed_starts[after])

    def _changed(self, committed_start: int) -> LoaderError:
        return CheckpointError(
            f"a committed chunk starts at byte {committed_start}, but chunks are cut elsewhere now: "
            "the file was changed",
            remedy="Put the dump back as it was, or set remove_meta and start afresh on empty tables.",
        ).at(file=self._file.name, offset=committed_start)

    def _check_not_grown(self) -> None:
        if self._decoded.file_bytes_read > self._file.file_bytes:
            raise self._other_size(f"at least {self._decoded.file_bytes_read}")

    def _check_not_shrunk(self) -> None:
        if self._decoded.file_bytes_read < self._file.file_bytes:
            raise self._other_size(str(self._decoded.file_bytes_read))

    def _other_size(self, now: str) -> DumpFormatError:
        return DumpFormatError(
            f"the file had {self._file.file_bytes} bytes when the load was planned, and has {now} now",
            file=self._file.name,
            remedy="Wait until the dump is complete; then set remove_meta and start afresh on empty tables.",
        )
