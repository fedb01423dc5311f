"""The rows of a statement, and the packets that the server takes them in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

from airflow_dm_loader.dump.codecs import UnknownLettersError
from airflow_dm_loader.dump.recoding import Recoding, not_utf8
from airflow_dm_loader.dump.statements import split_rows
from airflow_dm_loader.dump.value_marks import Marks, Places
from airflow_dm_loader.errors import RowError
from airflow_dm_loader.formats.masking import RowMasking
from airflow_dm_loader.formats.sending.blocks import PACKET_OVERHEAD_BYTES, row_too_large
from airflow_dm_loader.formats.sql.layouts import RowLayout
from airflow_dm_loader.identifiers import OfTable


@dataclass(frozen=True, slots=True)
class RowBlock(OfTable):
    """Some rows of one statement, for one table.

    Attributes:
        into: `` `schema`.`table` (columns) ``; columns are always named.
        values: ``(..),(..)`` as it stands in the file; a view of the statement, since a row may have hundreds of MB.
        offset: where ``values`` starts in the decoded file.
        extracted: what every row gets besides, ``v1,v2``; its columns are the last ones of ``into``.
        recoding: which strings become UTF-8 on the way.
        kept: the values of a row that are sent, where others are left out.
        marks: what goes before strings that are something else than the session's charset says.
        masking: which values are replaced, before all else.
        row_layout: what is proven of the rows.
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
    recoding: Recoding | None = None
    kept: Places | None = None
    masking: RowMasking | None = None
    row_layout: RowLayout | None = None

    def sql(self, verb: str) -> tuple[bytes, bytes | memoryview]:
        """The statement in two parts, ready to send: what stands before the rows, and the rows."""
        values: bytes | memoryview = self.values
        if self.extracted or self.kept is not None:
            values = b",".join(map(self.row_text, self.row_spans()))
        elif not (self.marks is None and self.recoding is None and self.masking is None):
            values = self._as_sent(self.values, 0)
        return b"%b INTO %b VALUES " % (verb.encode(), self.into), values

    def row_text(self, span: tuple[int, int]) -> bytes:
        """One row as it is sent."""
        row = self._without_others(self._as_sent(self.values[slice(*span)], span[0]), span)
        if not self.extracted:
            return row
        comma = b"," if row[1:-1].strip() else b""
        return row[:-1] + comma + self.extracted + b")"

    def _without_others(self, row: bytes, span: tuple[int, int]) -> bytes:
        """The row without the values that are left out; it must have all that its columns say."""
        if self.kept is None:
            return row
        found = next(self.kept.values(row), None)
        if found is None:
            raise RowError(
                f"the row has another number of values than its {self.kept.count} columns",
                file=self.file,
                offset=self.row_offset(span),
                table=str(self.key),
                statement=row,
            )
        return b"(" + b",".join(found[1]) + b")"

    def _as_sent(self, rows: memoryview, start: int) -> bytes:
        """Rows that stand at ``start`` in ``values``, with their strings as the target takes them."""
        sent: bytes | memoryview = rows
        if self.masking is not None:
            sent = self.masking.on(rows, file=self.file, offset=self.offset + start, table=str(self.key))
        if self.recoding is not None:
            try:
                sent = self.recoding.on(sent)
            except UnknownLettersError as error:
                table = str(self.key)
                raise not_utf8(error, file=self.file, offset=self.offset + start, table=table) from None
        return bytes(sent) if self.marks is None else self.marks.on(sent)

    def row_offset(self, span: tuple[int, int]) -> int:
        """Where the row starts in the decoded file."""
        return self.offset + span[0]

    def part(self, start: int, end: int) -> Self:
        """The rows in ``values[start:end]``."""
        return replace(self, values=self.values[start:end], offset=self.offset + start)

    def row_spans(self) -> list[tuple[int, int]]:
        """Where each row stands in ``values``."""
        if self.row_layout is not None:
            return list(self.row_layout.row_spans(self.values))
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
        more += self.masking.growth_bytes if self.masking is not None else 0
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
                    table=str(self.key),
                )
            if end - spans[first][0] + more * (index + 1 - first) > limit and index > first:
                yield self.part(spans[first][0], spans[index - 1][1])
                first = index
        yield self.part(spans[first][0], spans[-1][1])
