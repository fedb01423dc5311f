"""Sends rows, with the load's policy for rows whose key is there already.

The policy wins over the dump's own INSERT IGNORE or REPLACE. Only duplicates are ever forgiven: whatever else the
server would convert, cut or drop is an error that names the row; or, within the budget of ``max_error_rows``, the row
is set aside as it was sent, and the others go in.
"""

from __future__ import annotations

import re
from dataclasses import replace

from airflow_dm_loader.errors import RowError, TargetError
from airflow_dm_loader.formats.base import Delivery
from airflow_dm_loader.formats.sending.blocks import PACKET_OVERHEAD_BYTES, Block
from airflow_dm_loader.formats.sending.into import split_into_clause
from airflow_dm_loader.formats.sending.warnings import SHOWN_WARNINGS, changed_value, show_warnings
from airflow_dm_loader.identifiers import quote
from airflow_dm_loader.rules.error_rows import ErrorKind, kind_of
from airflow_dm_loader.settings.choices import OnDuplicate
from airflow_dm_loader.state.chunks import ChunkCounts
from airflow_dm_loader.state.conflicts import MET, Conflict, Kind
from airflow_dm_loader.target.answers import as_bytes, maybe
from airflow_dm_loader.target.connection import Result

_AT_ROW = re.compile(r"at row (\d+)$")
_DUPLICATE_KEYS = frozenset({1062, 1586})
_SHOWN_BYTES = 2000  # of a row that another one met
_KEPT_BYTES = 64 << 10  # of a row that was replaced


_COUNT_DIFFERS = 1136
_OTHER_COUNT = (
    "The row has another number of values than the table has columns. If the table has generated columns, the dump "
    "holds values for what the server computes itself: dump again with a tool that names the columns, or leaves these "
    "out (mydumper without --no-check-generated-fields). Else fix the row, without changing the file's size, or the "
    "target table; then clear the failed task: the load resumes at this chunk."
)


class ChangedValueError(RowError):
    """The server took the rows but not as they are; the chunk must not be committed."""


def _named(block: Block, span: tuple[int, int], error: RowError) -> RowError:
    """The error with the row that it is about."""
    return RowError(
        error.message,
        remedy=_OTHER_COUNT if error.errno == _COUNT_DIFFERS else error.remedy,
        errno=error.errno,
        file=block.file,
        offset=block.row_offset(span),
        table=str(block.key),
        statement=block.row_text(span),
    )


class RowSender:
    """Sends blocks of rows on one connection, inside the chunk's transaction, and counts.

    It sends REPLACE where the delivery says so; else that is kept for the rows that meet another, one by one. So it is
    with INSERT IGNORE: while rows are kept, each that meets another is looked at.
    """

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery
        self._db = delivery.db
        self._policy = delivery.on_duplicate
        self._budget = delivery.budget
        self._savepoints = delivery.server.can.savepoints
        self._undoes = self._savepoints and delivery.budget.is_set  # rows that the server took, and changed
        self._columns = tuple(delivery.table.types)
        self._counts_equals = delivery.table.empty_before
        self.counts = ChunkCounts()

    def send(self, block: Block) -> None:
        """Send the rows of a block; :class:`RowError` names the row that can't be sent."""
        try:
            self._send_strictly(block)
        except RowError as error:
            ignores = self._policy is OnDuplicate.IGNORE and not self._delivery.keeps_rows
            if ignores and error.errno in _DUPLICATE_KEYS and self._send_ignoring(block):
                return
            self._send_apart(block, error)

    def _send_strictly(self, block: Block) -> None:
        if self._undoes:
            self._db.execute("SAVEPOINT dm_loader_sent")
        try:
            self._send_whole(block)
        except ChangedValueError:
            self._undo_changed()
            raise

    def _undo_changed(self) -> None:
        """Take back what the last statement has done, where the server can."""
        if self._undoes:
            self._db.execute("ROLLBACK TO SAVEPOINT dm_loader_sent")

    def _send_whole(self, block: Block) -> None:
        result = self._db.execute_parts(block.sql("REPLACE" if self._delivery.replace_at_once else "INSERT"))
        if changed := changed_value(self._db, result, block.into):
            raise ChangedValueError(f"the server would change a value: {changed[1]}", errno=changed[0])
        rows = 1 if result.records is None else result.records
        if result.affected < rows:
            raise ChangedValueError(f"the server took {result.affected} of {rows} rows")
        self.counts.rows += rows
        self.counts.replaced += result.affected - rows

    def _send_ignoring(self, block: Block) -> bool:
        """INSERT IGNORE, kept only where all that it forgave were duplicates."""
        if not self._savepoints:
            return False
        self._db.execute("SAVEPOINT dm_loader_rows")
        result = self._db.execute_parts(block.sql("INSERT IGNORE"))
        rows = 1 if result.records is None else result.records
        ignored = rows - result.affected
        if self._only_duplicates(result, ignored):
            self.counts.rows += rows
            self.counts.ignored += ignored
            return True
        self._db.execute("ROLLBACK TO SAVEPOINT dm_loader_rows")
        return False

    def _only_duplicates(self, result: Result, ignored: int) -> bool:
        if result.warnings >= SHOWN_WARNINGS or ignored != result.warnings:
            return False
        codes = [code for code, _ in show_warnings(self._db)]
        return len(codes) == ignored and _DUPLICATE_KEYS.issuperset(codes)

    def _send_apart(self, block: Block, error: RowError) -> None:
        """Halve the block until each row that the server refuses stands alone; the rest goes in, in order."""
        spans = block.row_spans()
        kind = self._forgiven(error)
        if isinstance(error, ChangedValueError) and kind is None:  # its rows are in the transaction, which must fail
            row = _AT_ROW.search(error.message)
            at = int(row[1]) - 1 if row else 0
            raise _named(block, spans[at if at < len(spans) else 0], error) from error
        if len(spans) > 1:
            middle = len(spans) // 2
            for half in (spans[:middle], spans[middle:]):
                self.send(block.part(half[0][0], half[-1][1]))
            return
        if error.errno not in _DUPLICATE_KEYS or self._policy is OnDuplicate.ERROR:
            self._refuse(block, spans[0], error, kind)
            return
        self._meet(block, spans[0], error)

    def _forgiven(self, error: RowError) -> ErrorKind | None:
        """The kind of the error, if a row may be set aside for it."""
        kind = kind_of(error.errno, error.message)
        if isinstance(error, ChangedValueError) and not self._undoes:
            return None
        return kind if self._budget.counts(kind) else None

    def _refuse(self, block: Block, span: tuple[int, int], error: RowError, kind: ErrorKind | None) -> None:
        """Set one row aside; where it may not be, the error names it."""
        named = _named(block, span, error)
        if kind is None or not self._fits_aside(block, span):
            raise named from error
        self._budget.spend(kind, named)
        self.counts.rows += 1
        if kind is ErrorKind.CONFLICT:
            self.counts.conflicts += 1
            self._delivery.keep_row(replace(self._conflict(block, span, error), error_kind=kind.value))
        else:
            self.counts.refused += 1
            came = self._row_that_came(block, span, error)
            self._delivery.keep_row(replace(came, kind=Kind.REFUSED, error_kind=kind.value))

    def _fits_aside(self, block: Block, span: tuple[int, int]) -> bool:
        """Whether a statement can write the row down, in which it takes twice its bytes."""
        most = self._delivery.server.max_allowed_packet - PACKET_OVERHEAD_BYTES - _SHOWN_BYTES * 4
        return 2 * (len(block.row_text(span)) + len(block.into)) < most

    def _meet(self, block: Block, span: tuple[int, int], error: RowError) -> None:
        """What becomes of one row whose key is there already."""
        keeps = self._delivery.keeps_rows and self._delivery.room.take(block.key)
        if self._policy is OnDuplicate.REPLACE:
            self._replace(block, span, error, keeps=keeps)
            return
        if self._policy is OnDuplicate.IGNORE:
            self.counts.rows += 1
            self.counts.ignored += 1
            if keeps:
                self._delivery.keep_row(replace(self._conflict(block, span, error), kind=Kind.IGNORED))
        elif self._budget.counts(ErrorKind.CONFLICT):
            self._refuse(block, span, error, ErrorKind.CONFLICT)
        else:
            self.counts.rows += 1
            self.counts.conflicts += 1
            self._delivery.keep_row(self._conflict(block, span, error))

    def _replace(self, block: Block, span: tuple[int, int], error: RowError, *, keeps: bool) -> None:
        """Replace what one row meets: one row or, by several unique keys, several.

        Its equal counts too where the table was empty, and not where REPLACE goes at once, which does not tell.
        """
        met = self._row_that_exists(block, _KEPT_BYTES) if keeps else b""
        try:
            result = self._db.execute_parts(block.sql("REPLACE"))
            if changed := changed_value(self._db, result, block.into):
                raise ChangedValueError(f"the server would change a value: {changed[1]}", errno=changed[0])
        except RowError as refused:
            kind = self._forgiven(refused)
            if kind is None:
                raise _named(block, span, refused) from refused
            if isinstance(refused, ChangedValueError):
                self._undo_changed()
            if keeps:
                self._delivery.room.give_back(block.key)
            self._refuse(block, span, refused, kind)
            return
        self.counts.rows += 1
        gone = max(0, result.affected - 1)
        self.counts.replaced += max(gone, 1 if self._counts_equals else 0)
        if keeps and gone:
            self._delivery.keep_row(self._replaced(block, span, error, met, gone))
        elif keeps:
            self._delivery.room.give_back(block.key)

    def _replaced(self, block: Block, span: tuple[int, int], error: RowError, met: bytes, gone: int) -> Conflict:
        """The row that was there, by all of its columns."""
        notes = [error.message]
        if not met:
            notes.append("the row that was there could not be read")
        elif len(met) >= _KEPT_BYTES:
            notes.append(f"only its first {_KEPT_BYTES} bytes are kept")
        if gone > 1:
            notes.append(f"by several unique keys, {gone - 1} more were replaced with it")
        return replace(
            self._row_that_came(block, span, error),
            kind=Kind.REPLACED,
            error="; ".join(notes),
            column_list=f"({','.join(map(quote, self._columns))})",
            row_data=met,
        )

    def _conflict(self, block: Block, span: tuple[int, int], error: RowError) -> Conflict:
        came = self._row_that_came(block, span, error)
        met = self._row_that_exists(block, _SHOWN_BYTES).decode("utf-8", "backslashreplace")
        return replace(came, error=f"{error.message}{MET}{met}") if met else came

    def _row_that_came(self, block: Block, span: tuple[int, int], error: RowError) -> Conflict:
        return Conflict(
            schema=block.schema,
            table=block.table,
            file=block.file,
            offset=block.row_offset(span),
            errno=error.errno or 0,
            error=error.message,
            column_list=split_into_clause(block.into)[1].decode("utf-8", "backslashreplace"),
            row_data=block.row_text(span),
        )

    def _row_that_exists(self, block: Block, most_bytes: int) -> bytes:
        """The row that a single row meets, by the server's own look for it; nothing: it can't be had.

        An update of a column to its own value, which is undone, keeps the row in a variable.
        """
        if not self._savepoints or not self._columns:
            return b""
        name = quote(self._columns[0])
        values = ",".join(f"IFNULL(QUOTE({quote(column)}),'NULL')" for column in self._columns)
        caught = f"{name} = IF((@dm_loader_met := LEFT(CONCAT_WS(',',{values}),{most_bytes})) IS NULL,{name},{name})"
        update = f" ON DUPLICATE KEY UPDATE {caught}".encode("utf-8", "surrogateescape")
        self._db.execute("SET @dm_loader_met = NULL")
        self._db.execute("SAVEPOINT dm_loader_met")
        try:
            self._db.execute_parts((*block.sql("INSERT"), update))
        except (RowError, TargetError):  # what can't be updated, or read so; the transaction goes on without
            self._db.execute("ROLLBACK TO SAVEPOINT dm_loader_met")
            return b""
        self._db.execute("ROLLBACK TO SAVEPOINT dm_loader_met")  # not after a deadlock, which undid the savepoint too
        row = self._db.one("SELECT @dm_loader_met", shape=(maybe(as_bytes),))
        if row is None or row[0] is None:
            return b""
        return b"(%b)" % (row[0] if isinstance(row[0], bytes) else str(row[0]).encode())
