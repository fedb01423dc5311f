"""Rows that a format makes as SQL, one by one, put together into statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Self

from airflow_dm_loader.formats.base import Delivery
from airflow_dm_loader.formats.sending.blocks import PACKET_OVERHEAD_BYTES, row_too_large
from airflow_dm_loader.identifiers import OfTable

_STATEMENT_BYTES = 1 << 20  # more makes no statement faster, and rows are made one by one


@dataclass(frozen=True, slots=True)
class MadeRows(OfTable):
    """Some rows for one table, in the shape of :class:`~airflow_dm_loader.formats.sending.blocks.Block`.

    Attributes:
        into: `` `schema`.`table` (columns) ``; columns are always named.
        rows: ``(..)`` each, as they are sent.
        offsets: where each row starts in the decoded file.
    """

    schema: str
    table: str
    into: bytes
    rows: tuple[bytes, ...]
    offsets: tuple[int, ...]
    file: str

    def sql(self, verb: str) -> tuple[bytes, bytes]:
        """The statement in two parts, ready to send: what stands before the rows, and the rows."""
        return b"%b INTO %b VALUES " % (verb.encode(), self.into), b",".join(self.rows)

    def row_text(self, span: tuple[int, int]) -> bytes:
        """One row as it is sent."""
        return self.rows[span[0]]

    def row_offset(self, span: tuple[int, int]) -> int:
        """Where the row starts in the decoded file."""
        return self.offsets[span[0]]

    def part(self, start: int, end: int) -> Self:
        """The rows from ``start`` up to ``end``."""
        return replace(self, rows=self.rows[start:end], offsets=self.offsets[start:end])

    def row_spans(self) -> list[tuple[int, int]]:
        """The place of each row in ``rows``."""
        return [(at, at + 1) for at in range(len(self.rows))]


def made_blocks(delivery: Delivery, into: bytes, rows: Iterable[tuple[bytes, int]]) -> Iterator[MadeRows]:
    """The rows of a chunk in statements that fit into packets; a row longer than the server likes goes alone.

    Args:
        into: `` `schema`.`table` (columns) ``, with those that are extracted.
        rows: ``(..)`` each, and where it starts in the decoded file; at least one.
    """
    schema, table, file = delivery.file.schema, delivery.file.table, delivery.file.name
    max_packet_bytes = delivery.server.max_allowed_packet
    largest = max_packet_bytes - PACKET_OVERHEAD_BYTES - len(into)
    limit = min(largest, delivery.server.can.liked_statement_bytes or _STATEMENT_BYTES)
    texts: list[bytes] = []
    offsets: list[int] = []
    size = 0
    for row, offset in rows:
        if len(row) > largest:
            raise row_too_large(len(row), max_packet_bytes, file=file, offset=offset, table=f"{schema}.{table}")
        if texts and size + len(row) > limit:
            yield MadeRows(schema, table, into, tuple(texts), tuple(offsets), file)
            texts, offsets, size = [], [], 0
        texts.append(row)
        offsets.append(offset)
        size += len(row) + 1
    yield MadeRows(schema, table, into, tuple(texts), tuple(offsets), file)
