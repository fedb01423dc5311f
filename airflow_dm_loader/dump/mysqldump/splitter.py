"""Statements of a script -> its pieces, in one pass."""

from __future__ import annotations

from dataclasses import replace

from airflow_dm_loader.dump.lexer import Statement
from airflow_dm_loader.dump.mysqldump import forms
from airflow_dm_loader.dump.mysqldump.pieces import Facts, Piece, PieceKind, Split, Values
from airflow_dm_loader.dump.mysqldump.script import ScriptReader
from airflow_dm_loader.dump.mysqldump.session import Session
from airflow_dm_loader.dump.read_ahead import DecodedBytes
from airflow_dm_loader.dump.sql_modes import quoting
from airflow_dm_loader.dump.statements import byte_order_mark
from airflow_dm_loader.errors import DumpFormatError, UnsupportedStatementError

ROWS_BYTES = 256 << 20  # a table's rows become one more piece from here on, for tasks that load at once
_MOST_PIECES = 2_000_000
_AS_SQL = frozenset({b";", b";;"})  # delimiters with which rows read as in any SQL file


def split(
    source: DecodedBytes,
    *,
    file: str,
    schema: str | None = None,
    max_statement_bytes: int = 64 << 20,
    rows_bytes: int = ROWS_BYTES,
) -> Split:
    """Read a script to its end.

    Args:
        source: the decoded script, at its start.
        schema: which is in use before the script says one.

    Raises:
        DumpFormatError: it holds a statement that no dump tool writes, or one that has no schema, or is cut.
    """
    splitter = _Splitter(
        ScriptReader(source, file=file, max_statement_bytes=max_statement_bytes), file, schema, rows_bytes
    )
    return splitter.run()


class _Splitter:
    def __init__(self, reader: ScriptReader, file: str, schema: str | None, rows_bytes: int) -> None:
        self._reader = reader
        self._file = file
        self._schema = schema
        self._rows_bytes = rows_bytes
        self._session = Session()
        self._sessions: dict[Values, int] = {}
        self._pieces: list[Piece] = []
        self._spans: dict[tuple[str, str], int] = {}  # of rows, by table
        self._stand_ins: dict[tuple[str, str], int] = {}  # where they are
        self._rows_go_on = False
        self._facts = Facts()
        self._warnings: dict[str, None] = {}

    def run(self) -> Split:
        for statement in self._reader:
            self._read_comments()
            self._take(statement)
        self._read_comments()
        self._check_stand_ins()
        facts = replace(self._facts, warnings=tuple(self._warnings))
        return Split(tuple(self._pieces), tuple(self._sessions), facts)

    def _take(self, statement: Statement) -> None:
        form = forms.form_of(statement.text)
        self._go_on_behind_the_end(form)
        match form:
            case forms.Rows():
                self._rows(statement, form)
                return
            case forms.Nothing():
                if form.why:
                    self._warnings[f"{self._file}: {form.why}"] = None
                self._rows_go_on = self._rows_go_on and form.among_rows
                return
            case forms.Uses():
                self._schema = form.schema
            case forms.Creates():
                self._create(statement, form)
            case forms.StandsIn():
                self._stand_ins.setdefault(self._named(form.schema, form.table, statement), statement.offset)
            case forms.SetsSequence():
                self._set_sequence(statement, form)
            case forms.Position():
                self._take_position(statement.text)
            case None:
                if not self._session.apply(forms.unwrapped(statement.text)):
                    raise self._not_of_a_dump(statement)
                self._reader.backslash_escapes = quoting(self._session.sql_mode).backslash_escapes
        self._rows_go_on = False

    def _go_on_behind_the_end(self, form: forms.Form | None) -> None:
        """With --tab, a table's triggers follow the line that says that all is there; with cat, another script."""
        of_triggers = form is None or isinstance(form, forms.Nothing)
        is_trigger = isinstance(form, forms.Creates) and form.kind is PieceKind.TRIGGER
        if self._facts.finished_at is not None and not (of_triggers or is_trigger):
            self._facts = replace(self._facts, finished_at=None)

    def _rows(self, statement: Statement, form: forms.Rows) -> None:
        if self._reader.delimiter not in _AS_SQL:
            raise self._error("rows behind a DELIMITER other than ;", statement)
        schema, table = self._named(form.schema, form.table, statement)
        if self._rows_go_on:
            last = self._pieces[-1]
            if (last.schema, last.table) == (schema, table) and last.span_bytes < self._rows_bytes:
                self._pieces[-1] = replace(last, end=statement.end)
                return
        number = self._spans.get((schema, table), 0)
        self._spans[schema, table] = number + 1
        self._add(Piece(PieceKind.ROWS, schema, table, statement.offset, statement.end, self._place(), number))
        self._rows_go_on = True

    def _create(self, statement: Statement, form: forms.Creates) -> None:
        if form.kind in {PieceKind.DATABASE, PieceKind.TABLESPACE}:
            schema, table = form.schema or "", form.table
        else:
            schema, table = self._named(form.schema, form.table, statement)
        if form.kind is PieceKind.VIEW:
            self._stand_ins.pop((schema, table), None)
        # Without its delimiter, which stands in the span of no other kind than those that a file has alone.
        end = statement.offset + len(statement.text)
        number = len(self._pieces) if form.kind in {PieceKind.TRIGGER, PieceKind.PROGRAM} else 0
        delimiter = self._reader.delimiter.decode("utf-8", "surrogateescape")
        self._add(Piece(form.kind, schema, table, statement.offset, end, self._place(), number, delimiter))

    def _set_sequence(self, statement: Statement, form: forms.SetsSequence) -> None:
        named = self._named(form.schema, form.table, statement)
        last = self._pieces[-1] if self._pieces else None
        if last is None or last.kind is not PieceKind.SEQUENCE or (last.schema, last.table) != named:
            raise self._error("the value of a sequence that is not made right before", statement)
        self._pieces[-1] = replace(last, end=statement.offset + len(statement.text))

    def _add(self, piece: Piece) -> None:
        if len(self._pieces) >= _MOST_PIECES:
            raise DumpFormatError(
                f"the script has more than {_MOST_PIECES} pieces: tables, and rows of one table that stand together",
                file=self._file,
                offset=piece.start,
            )
        self._pieces.append(piece)

    def _place(self) -> int:
        return self._sessions.setdefault(self._session.values, len(self._sessions))

    def _named(self, schema: str | None, table: str, statement: Statement) -> tuple[str, str]:
        found = schema or self._schema
        if found is None:
            raise self._error(
                "no schema is in use here: the script has no USE before it, as of one schema alone",
                statement,
                "Say the schema in the rule of files that the script falls under: {pattern: ..., type: mysqldump, "
                "schema: ...}.",
            )
        return found, table

    def _take_position(self, text: bytes) -> None:
        if (position := forms.position_in(text)) is not None and not self._facts.binlog_name:
            self._facts = replace(self._facts, binlog_name=position[0], binlog_pos=position[1])
        if (gtid := forms.gtid_in(text)) and not self._facts.binlog_gtid:
            self._facts = replace(self._facts, binlog_gtid=gtid)

    def _read_comments(self) -> None:
        comments = self._reader.comments
        if b"--" in comments or b"/*" in comments:
            self._take_position(comments)
        if (finished_at := forms.completed_in(comments)) is not None:
            self._facts = replace(self._facts, finished_at=finished_at)

    def _check_stand_ins(self) -> None:
        for (schema, view), offset in self._stand_ins.items():
            raise DumpFormatError(
                f"the view {schema}.{view} is only stood in for: the statement that makes it is missing",
                file=self._file,
                offset=offset,
                remedy="The script was cut, or put together by hand. Dump again.",
            )

    def _not_of_a_dump(self, statement: Statement) -> DumpFormatError:
        return byte_order_mark(statement, self._file) or self._error(
            "a script may hold what mysqldump and mariadb-dump write, but not this", statement
        )

    def _error(self, problem: str, statement: Statement, remedy: str | None = None) -> UnsupportedStatementError:
        return UnsupportedStatementError(
            problem, file=self._file, offset=statement.offset, statement=statement.text[:256], remedy=remedy
        )
