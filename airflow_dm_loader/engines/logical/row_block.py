"""The rows of a statement, and the packets that the server takes them in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from airflow_dm_loader.dump.statements import split_rows
from airflow_dm_loader.errors import RowError
from airflow_dm_loader.target.identifiers import qualified, quote

_PACKET_OVERHEAD_BYTES = 1024
_TABLE_AND_COLUMNS = re.compile(rb"((?:`(?:[^`]|``)+`\.?){2}) (\(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class RowBlock:
    """Some rows of one statement, for one table.

    Attributes:
        into: `` `schema`.`table` (columns) ``; columns are always named.
        values: ``(..),(..)`` as it stands in the file.
        offset: where ``values`` starts in the decoded file.
    """

    schema: str
    table: str
    into: bytes
    values: bytes
    file: str
    offset: int
    backslash_escapes: bool

    def sql(self, verb: str) -> bytes:
        """The statement, ready to send."""
        return b"%b INTO %b VALUES %b" % (verb.encode(), self.into, self.values)

    def part(self, start: int, end: int) -> RowBlock:
        """The rows in ``values[start:end]``."""
        return RowBlock(
            self.schema,
            self.table,
            self.into,
            self.values[start:end],
            self.file,
            self.offset + start,
            self.backslash_escapes,
        )

    def row_spans(self) -> list[tuple[int, int]]:
        """Where each row stands in ``values``."""
        return list(
            split_rows(self.values, file=self.file, offset=self.offset, backslash_escapes=self.backslash_escapes)
        )

    def fit(self, max_packet_bytes: int) -> Iterator[RowBlock]:
        """Cut at row boundaries, so that each part fits into a packet; usually the block as it is."""
        limit = max_packet_bytes - _PACKET_OVERHEAD_BYTES - len(self.into)
        if len(self.values) <= limit:
            yield self
            return
        spans = self.row_spans()
        first = 0
        for index, (start, end) in enumerate(spans):
            if end - start > limit:
                raise RowError(
                    f"a row of {end - start} bytes is larger than the server's max_allowed_packet of "
                    f"{max_packet_bytes} bytes",
                    file=self.file,
                    offset=self.offset + start,
                    table=f"{self.schema}.{self.table}",
                    remedy="Raise max_allowed_packet at the server (it may be up to 1 GiB), then clear the task.",
                )
            if end - spans[first][0] > limit:
                yield self.part(spans[first][0], spans[index - 1][1])
                first = index
        yield self.part(spans[first][0], spans[-1][1])


def into_clause(schema: str, table: str, columns: bytes | None, row_columns: tuple[str, ...]) -> bytes:
    """`` `schema`.`table` (`a`,`b`) ``: the statement's own columns, else those that the dump's rows hold."""
    if columns is None:
        columns = f"({','.join(map(quote, row_columns))})".encode("utf-8", "surrogateescape")
    return qualified(schema, table).encode("utf-8", "surrogateescape") + b" " + columns


def split_into_clause(into: bytes) -> tuple[bytes, bytes]:
    """`` `schema`.`table` `` and ``(columns)`` of an :func:`into_clause`, whatever the names hold."""
    parts = _TABLE_AND_COLUMNS.fullmatch(into)
    assert parts is not None
    return parts[1], parts[2]
