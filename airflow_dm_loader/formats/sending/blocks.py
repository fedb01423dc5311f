"""Rows as statements send them, in packets that the server takes."""

from __future__ import annotations

from typing import Protocol, Self

from airflow_dm_loader.errors import RowError
from airflow_dm_loader.identifiers import TableName

PACKET_OVERHEAD_BYTES = 1024


class Block(Protocol):
    """Some rows for one table, wherever they come from: what one statement sends, and can be sent in parts."""

    @property
    def schema(self) -> str: ...
    @property
    def table(self) -> str: ...
    @property
    def key(self) -> TableName: ...
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


def row_too_large(row_bytes: int, max_packet_bytes: int, *, file: str, offset: int, table: str) -> RowError:
    """The error for a row that no statement can hold."""
    return RowError(
        f"a row of {row_bytes} bytes is larger than the server's max_allowed_packet of {max_packet_bytes} bytes",
        file=file,
        offset=offset,
        table=table,
        remedy="Raise max_allowed_packet at the server (it may be up to 1 GiB), then clear the task.",
    )
