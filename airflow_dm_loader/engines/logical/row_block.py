"""The rows of a statement, and the packets that the server takes them in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, Self

from airflow_dm_loader.dump.statements import split_rows
from airflow_dm_loader.dump.value_marks import Marks
from airflow_dm_loader.errors import RowError
from airflow_dm_loader.plan.routes import Extracted
from airflow_dm_loader.target.identifiers import qualified, quote

PACKET_OVERHEAD_BYTES = 1024
_TABLE_AND_COLUMNS = re.compile(rb"((?:`(?:[^`]|``)+`\.?){2}) (\(.*)", re.DOTALL)


class Block(Protocol):
    """Some rows for one table, wherever they come from: what one statement sends, and can be sent in parts."""

    @property
    def schema(self) -> str: ...
    @property
    def table(self) -> str: ...
    @property
    def into(self) -> bytes:
        """`` `schema`.`table` (columns) ``; columns are always named."""

    @property
    def file(self) -> str: ...
    def sql(self, verb: str) -> tuple[bytes, bytes | memoryview]:
        """The statement in two parts, ready to send: what stands before the rows, and the rows."""

    def row_spans(self) -> list[tuple[int, int]]:
        """Where each row stands."""

    def row_text(self, span: tuple[int, int]) -> bytes:
        """One row as it is sent."""

    def row_offset(self, span: tuple[int, int]) -> int:
        """Where the row starts in the decoded file."""

    def part(self, start: int, end: int) -> Self:
        """The rows between two of these places."""


@dataclass(frozen=True, slots=True)
class RowBlock:
    """Some rows of one statement, for one table.

    Attributes:
        into: `` `schema`.`table` (columns) ``; columns are always named.
        values: ``(..),(..)`` as it stands in the file; a view of the statement, since a row may have hundreds of MB.
        offset: where ``values`` starts in the decoded file.
        extracted: what every row gets besides, ``v1,v2``; its columns are the last ones of ``into``.
        marks: what goes before strings that are something else than the session's charset says.
    """

    schema: str
    table: str
    into: bytes
    values: memoryview
    file: str
    offset: int
    backslash_escapes: bool
    extracted: bytes = b""
    marks: Marks | None = None

    def sql(self, verb: str) -> tuple[bytes, bytes | memoryview]:
        """The statement in two parts, ready to send: what stands before the rows, and the rows."""
        values: bytes | memoryview = self.values
        if self.extracted:
            values = b",".join(map(self.row_text, self.row_spans()))
        elif self.marks is not None:
            values = self.marks.on(values)
        return b"%b INTO %b VALUES " % (verb.encode(), self.into), values

    def row_text(self, span: tuple[int, int]) -> bytes:
        """One row as it is sent."""
        row = bytes(self.values[slice(*span)])
        if self.marks is not None:
            row = self.marks.on(row)
        if not self.extracted:
            return row
        comma = b"," if row[1:-1].strip() else b""
        return row[:-1] + comma + self.extracted + b")"

    def row_offset(self, span: tuple[int, int]) -> int:
        """Where the row starts in the decoded file."""
        return self.offset + span[0]

    def part(self, start: int, end: int) -> Self:
        """The rows in ``values[start:end]``."""
        return replace(self, values=self.values[start:end], offset=self.offset + start)

    def row_spans(self) -> list[tuple[int, int]]:
        """Where each row stands in ``values``."""
        return list(
            split_rows(self.values, file=self.file, offset=self.offset, backslash_escapes=self.backslash_escapes)
        )

    def fit(self, max_packet_bytes: int, liked_bytes: int | None = None) -> Iterator[RowBlock]:
        """Cut at row boundaries, so that each part fits into a packet; usually the block as it is.

        Args:
            liked_bytes: the size of statement that the server likes best; a longer row goes alone.
        """
        largest = max_packet_bytes - PACKET_OVERHEAD_BYTES - len(self.into)
        limit = min(largest, liked_bytes or largest)
        more = len(self.extracted) + 1 if self.extracted else 0  # bytes that each row grows by
        more += self.marks.growth_bytes if self.marks is not None else 0
        if len(self.values) + (more * bytes(self.values).count(b"(") if more else 0) <= limit:
            yield self
            return
        spans = self.row_spans()
        first = 0
        for index, (start, end) in enumerate(spans):
            if end - start + more > largest:
                raise row_too_large(
                    end - start + more,
                    max_packet_bytes,
                    file=self.file,
                    offset=self.offset + start,
                    table=f"{self.schema}.{self.table}",
                )
            if end - spans[first][0] + more * (index + 1 - first) > limit and index > first:
                yield self.part(spans[first][0], spans[index - 1][1])
                first = index
        yield self.part(spans[first][0], spans[-1][1])


def row_too_large(row_bytes: int, max_packet_bytes: int, *, file: str, offset: int, table: str) -> RowError:
    """The error for a row that no statement can hold."""
    return RowError(
        f"a row of {row_bytes} bytes is larger than the server's max_allowed_packet of {max_packet_bytes} bytes",
        file=file,
        offset=offset,
        table=table,
        remedy="Raise max_allowed_packet at the server (it may be up to 1 GiB), then clear the task.",
    )


def into_clause(schema: str, table: str, columns: bytes | None, row_columns: tuple[str, ...]) -> bytes:
    """`` `schema`.`table` (`a`,`b`) ``: the statement's own columns, else those that the dump's rows hold."""
    if columns is None:
        columns = _encoded(f"({','.join(map(quote, row_columns))})")
    return _encoded(qualified(schema, table)) + b" " + columns


def split_into_clause(into: bytes) -> tuple[bytes, bytes]:
    """`` `schema`.`table` `` and ``(columns)`` of an :func:`into_clause`, whatever the names hold."""
    parts = _TABLE_AND_COLUMNS.fullmatch(into)
    assert parts is not None
    return parts[1], parts[2]


def with_extracted(into: bytes, extracted: Sequence[Extracted]) -> bytes:
    """An :func:`into_clause` with the columns that routes fill as its last."""
    if not extracted:
        return into
    comma = b"" if split_into_clause(into)[1][1:-1].isspace() or into.endswith(b"()") else b","
    return into[:-1] + comma + _encoded(",".join(quote(found.column) for found in extracted)) + b")"


def extracted_values(extracted: Sequence[Extracted]) -> bytes:
    """What each row gets besides: ``v1,v2``."""
    return b",".join(_literal(found) for found in extracted)


def extracted_assignments(extracted: Sequence[Extracted]) -> bytes:
    """The same for LOAD DATA: `` `a` = v1, `b` = v2 ``."""
    return b", ".join(_encoded(quote(found.column)) + b" = " + _literal(found) for found in extracted)


def _literal(extracted: Extracted) -> bytes:
    """The value's text, whatever ``sql_mode`` and charset the session has."""
    return b"_utf8mb4 X'" + _encoded(extracted.value).hex().encode() + b"'"


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
