"""Cuts a SQL data file into chunks, in one pass.

From a statement boundary, a chunk runs to the first boundary at or after ``chunk_bytes`` decoded bytes. So the chain
of chunks is the same whenever the file is read, and whoever reads it. Committed spans are jumped over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from airflow_dm_loader.dump.compression import DecodedFile, open_decoded
from airflow_dm_loader.dump.converting import charset_to_convert
from airflow_dm_loader.dump.dump_tool import UnsureCharset, tool_of
from airflow_dm_loader.dump.heads import head_charset
from airflow_dm_loader.dump.hidden_backslashes import HiddenBackslashes
from airflow_dm_loader.dump.lexer import Statement, StatementReader
from airflow_dm_loader.dump.row_values import check_values, without_comments
from airflow_dm_loader.dump.sql_modes import Quoting, quoting
from airflow_dm_loader.dump.statement_forms import PassedOver, form_name, passed_over, plain_insert
from airflow_dm_loader.dump.statements import (
    MAX_HEAD_BYTES,
    HeadSettings,
    Rows,
    check_head,
    check_table,
    classify,
)
from airflow_dm_loader.errors import DumpFormatError, UnsupportedStatementError
from airflow_dm_loader.formats.base import Chunk, Reading, TableColumns
from airflow_dm_loader.formats.chunk_chain import ChunkChain
from airflow_dm_loader.formats.sql.layouts import LayoutProver
from airflow_dm_loader.formats.sql.row_names import row_names
from airflow_dm_loader.formats.sql.sql_rows import RowStatement, SqlRows, StatementRows
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.plan.load_plan import PlannedFile
from airflow_dm_loader.settings.choices import DumpTool
from airflow_dm_loader.state.files import FileRow


class ChunkReader(ChunkChain):
    """The chunks of one data file that are not committed yet.

    Args:
        decoded: the file, at its start.
        file: what is stored of it.
        source_table: schema and table as the dump names them.
        committed: start -> end of its committed chunks.
        chunk_bytes: the load's chunk size, in decoded bytes.
        max_head_bytes: see :func:`~airflow_dm_loader.dump.statements.check_head`.
        max_statement_bytes: see :class:`~airflow_dm_loader.dump.lexer.StatementReader`.
        table: what the rows hold, and the target table.
        load_data: whether LOAD DATA may be used.
        statements_cost_less: so it is not, although it might.
        dump_tool: what wrote the file.
    """

    def __init__(
        self,
        decoded: DecodedFile,
        file: FileRow,
        *,
        source_table: TableName,
        committed: Mapping[int, int],
        chunk_bytes: int,
        max_statement_bytes: int,
        max_head_bytes: int = MAX_HEAD_BYTES,
        table: TableColumns | None = None,
        load_data: bool = True,
        statements_cost_less: bool = False,
        dump_tool: DumpTool = DumpTool.AUTO,
    ) -> None:
        super().__init__(decoded, file, committed=committed, chunk_bytes=chunk_bytes)
        self._schema, self._table = source_table
        self._columns = table
        self._load_data = load_data
        self._statements_cost_less = statements_cost_less
        self._dump_tool = dump_tool
        self._max_head_bytes = max_head_bytes
        self._unsure: UnsureCharset | None = None
        self._prover: LayoutProver | None = None
        self._reader = StatementReader(decoded, file=file.name, max_statement_bytes=max_statement_bytes)
        self._quoting = Quoting()
        self._head: dict[str, str] = {}
        self._recoded: dict[str, str] = {}
        self._hidden = HiddenBackslashes("", file.name)
        self._is_restored = False
        self._pending: RowStatement | None = None  # the file's first rows, which end its head

    def _read_head(self) -> None:
        head: list[bytes] = []
        while (statement := self._next()) is not None:
            statement, kind = self._understood(statement)
            if isinstance(kind, PassedOver):
                if kind.restores:
                    raise self._restored(statement)
                continue
            if isinstance(kind, Rows):
                self._tell_charset(head, kind, statement)
                self._pending = self._first_rows(self._head, self._checked(kind, statement), statement)
                return
            head.append(statement.text)
            self._head |= kind.values
            self._quoting = quoting(self._head.get("sql_mode", ""))
            self._reader.backslash_escapes = self._quoting.backslash_escapes
            self._hidden = HiddenBackslashes(head_charset(self._head), self._file.name)

    def _next(self) -> Statement | None:
        """The next statement, which the server would cut as we do; None: there are no more."""
        try:
            statement = next(self._reader, None)
        except DumpFormatError as error:
            raise self._hidden.named(error) from error
        if statement is not None:
            self._hidden.check(statement.text, statement.offset)
        return statement

    def _jump(self, offset: int) -> None:
        self._reader.jump(offset)
        self._pending = None

    def _cut(self, start: int) -> Chunk | None:
        pending, self._pending = self._pending, None
        statements, end = self._collect(start, pending)
        if not statements:
            return None
        proven = self._prover is not None and all(item.statement.proven for item in statements)
        layout = self._prover.row_layout if self._prover is not None and proven else None
        payload = SqlRows(StatementRows(tuple(statements), layout, self._recoded, self._statements_cost_less))
        return Chunk(self._file, start, end, self._head, self._stored_bytes(end - start), payload)

    def _tell_charset(self, head: list[bytes], rows: Rows, statement: Statement) -> None:
        """What SET NAMES binary means depends on the tool that wrote it."""
        charset = head_charset(self._head)
        if charset != "binary":
            self._recode(charset)
            return
        tool = self._dump_tool
        if tool is DumpTool.AUTO:
            tool = tool_of(head, memoryview(statement.text)[rows.values_at :], self._file.name)
        if tool is DumpTool.DUMPLING:
            self._head["names"] = "utf8mb4"
        elif self._columns is not None:
            dumped = self._columns.dumped_charsets
            if tool is DumpTool.AUTO:
                self._unsure = UnsureCharset.of(self._columns.charsets if dumped is None else dumped)
            if tool is DumpTool.MYDUMPER and self._recode("binary"):
                return
            if dumped is not None and (names := charset_to_convert(dumped, self._columns.charsets)) is not None:
                self._head["names"] = names

    def _recode(self, charset: str) -> bool:
        """Whether the target wants the strings of some columns in UTF-8; all of the session is then."""
        self._recoded = self._columns.to_recode(charset) if self._columns is not None else {}
        if self._recoded:
            self._head["names"] = "utf8mb4"
        return bool(self._recoded)

    def _first_rows(self, head: Mapping[str, str], rows: Rows, statement: Statement) -> RowStatement:
        """From the file's first rows on, statements of their layout need only be proven."""
        proves = (
            self._load_data
            and not self._recoded
            and self._reader.backslash_escapes
            and head.get("names") in {"binary", "utf8mb4"}
        )
        if self._columns is not None and proves:
            columns = row_names(self._columns, rows, statement.text)
            values_at = rows.values_at
            first_rows = memoryview(statement.text)[values_at:]
            prover = LayoutProver(
                statement.text[:values_at],
                columns,
                {**self._columns.types, **_spelled(columns, self._columns.left_out)},
                first_rows,
                raw_bytes=head.get("names") == "binary",
            )
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
            statement = self._next()
            if statement is None:
                break
            statement, kind = self._understood(statement)
            if isinstance(kind, PassedOver):
                self._is_restored = self._is_restored or kind.restores
                continue
            if self._is_restored:
                raise self._restored(statement)
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

    def _restored(self, statement: Statement) -> UnsupportedStatementError:
        return UnsupportedStatementError(
            "a variable is given back its former value, which this file does not say, before the last rows",
            file=self._file.name,
            offset=statement.offset,
            statement=statement.text,
        )

    def _understood(self, statement: Statement) -> tuple[Statement, Rows | HeadSettings | PassedOver]:
        """What a statement is, and that its rows are literals; what no tool writes is put into the form of those that
        do, where that means the same: comments are blanks.
        """
        try:
            return statement, self._kind(statement)
        except UnsupportedStatementError as error:
            bare = without_comments(statement, self._quoting)
            if (nothing := passed_over(statement.text) or passed_over(bare.text.strip())) is not None:
                return statement, nothing
            plain = plain_insert(bare, self._quoting)
            if plain.text == statement.text:
                raise self._by_name(statement, error) from None
            try:
                return plain, self._kind(plain)
            except UnsupportedStatementError as other:
                raise self._by_name(plain, other) from None

    @staticmethod
    def _by_name(statement: Statement, error: UnsupportedStatementError) -> UnsupportedStatementError:
        """The error with the name of the form, where it has one."""
        name = form_name(statement.text)
        if name is not None and "but not this" in error.message:
            error.message = f"{error.message}: {name}"
        return error

    def _kind(self, statement: Statement) -> Rows | HeadSettings:
        kind = classify(statement, file=self._file.name)
        check_head(statement, kind, self._max_head_bytes, self._file.name)
        if isinstance(kind, Rows) and not statement.proven:
            check_values(statement, kind.values_at, self._quoting, self._file.name)
        return kind

    def _checked(self, rows: Rows, statement: Statement) -> Rows:
        """The rows must be for the table that the file's name says, and mean one thing."""
        check_table(rows.schema, rows.table, TableName(self._schema, self._table), statement, file=self._file.name)
        if self._unsure is not None:
            assert self._columns is not None
            columns = row_names(self._columns, rows, statement.text)
            self._unsure.check(statement, rows.values_at, columns, self._reader.backslash_escapes, self._file.name)
        return rows


def _spelled(columns: Sequence[str], types: Mapping[str, str]) -> dict[str, str]:
    """The types of columns that go by their names in lower case, by the names that stand in the file."""
    return {name: types[name.lower()] for name in columns if name.lower() in types}


class SqlFormat:
    """SQL files; they say themselves all that must be known of them."""

    @contextmanager
    def open(self, planned: PlannedFile, row: FileRow, reading: Reading) -> Iterator[ChunkReader]:
        """See :class:`~airflow_dm_loader.formats.base.Format`."""
        source = planned.source
        with open_decoded(reading.storage, source.name, source.compression) as decoded:
            yield ChunkReader(
                decoded,
                row,
                source_table=source.key,
                committed=reading.committed,
                chunk_bytes=reading.chunk_bytes,
                max_statement_bytes=reading.max_row_bytes,
                max_head_bytes=reading.max_head_bytes,
                table=reading.table,
                load_data=reading.load_data,
                statements_cost_less=reading.statements_cost_less,
                dump_tool=reading.dump_tool,
            )
