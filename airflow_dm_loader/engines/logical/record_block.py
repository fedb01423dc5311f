"""Records as rows of INSERT statements: each field a string, as LOAD DATA takes it, or NULL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Self

from airflow_dm_loader.dump.records.layout import Function
from airflow_dm_loader.dump.value_marks import BINARY_TYPES, TEXT_TYPES
from airflow_dm_loader.engines.logical.chunk import Records
from airflow_dm_loader.engines.logical.row_block import PACKET_OVERHEAD_BYTES, row_too_large

_STATEMENT_BYTES = 1 << 20  # more makes no statement faster, and rows are made one by one


@dataclass(frozen=True, slots=True)
class RecordBlock:
    """Some rows for one table, in the shape of :class:`~airflow_dm_loader.engines.logical.row_block.Block`.

    Attributes:
        into: `` `schema`.`table` (columns) ``; columns are always named.
        rows: ``(..)`` each, as they are sent.
        offsets: where each row's record starts in the decoded file.
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
        """Where the row's record starts in the decoded file."""
        return self.offsets[span[0]]

    def part(self, start: int, end: int) -> Self:
        """The rows from ``start`` up to ``end``."""
        return replace(self, rows=self.rows[start:end], offsets=self.offsets[start:end])

    def row_spans(self) -> list[tuple[int, int]]:
        """The place of each row in ``rows``."""
        return [(at, at + 1) for at in range(len(self.rows))]


def record_blocks(
    records: Records,
    *,
    schema: str,
    table: str,
    into: bytes,
    types: Mapping[str, str],
    extracted: bytes,
    file: str,
    max_packet_bytes: int,
    liked_bytes: int | None,
) -> Iterator[RecordBlock]:
    """The rows of a chunk in statements that fit into packets.

    Args:
        into: `` `schema`.`table` (columns) ``, with those that are extracted.
        types: column -> the target's type, in lower case without length.
        extracted: what every row gets besides: ``v1,v2``.
        liked_bytes: the size of statement that the server likes best; a longer row goes alone.
    """
    largest = max_packet_bytes - PACKET_OVERHEAD_BYTES - len(into)
    limit = min(largest, liked_bytes or _STATEMENT_BYTES)
    literals = _Literals(records, types, extracted)
    rows: list[bytes] = []
    offsets: list[int] = []
    size = 0
    for values, offset in _records(records):
        row = literals.row(values)
        if len(row) > largest:
            raise row_too_large(len(row), max_packet_bytes, file=file, offset=offset, table=f"{schema}.{table}")
        if rows and size + len(row) > limit:
            yield RecordBlock(schema, table, into, tuple(rows), tuple(offsets), file)
            rows, offsets, size = [], [], 0
        rows.append(row)
        offsets.append(offset)
        size += len(row) + 1
    yield RecordBlock(schema, table, into, tuple(rows), tuple(offsets), file)


def _records(records: Records) -> Iterator[tuple[list[bytes | None], int]]:
    """Each record's values, and where it starts in the decoded file."""
    start = records.span.start
    for piece in records.span.pieces:
        for values, at in records.grammar.values(piece):
            yield values, start + at
        start += len(piece)


class _Literals:
    """Makes SQL of fields.

    Numbers go as strings too: so each value takes the way into its column that it takes under LOAD DATA.
    """

    def __init__(self, records: Records, types: Mapping[str, str], extracted: bytes) -> None:
        layout = records.layout
        folded = {name.lower(): kind for name, kind in types.items()}
        is_binary = layout.format.charset == "binary"  # then every string is, unless it is marked
        self._forms = []
        for name in layout.columns or ():
            kind, function = folded.get(name.lower()), layout.functions.get(name)
            mark = b""
            if is_binary and kind in TEXT_TYPES and function is None:
                mark = b"_utf8mb4"
            elif not is_binary and kind in BINARY_TYPES:
                mark = b"_binary"
            self._forms.append(_form(function).replace(b"?", mark + b"'?'").split(b"?"))
        self._extracted = [extracted] if extracted else []
        slots = [before + b"%b" + after for before, after in self._forms]
        self._plain = b"(" + b",".join(slots + [part.replace(b"%", b"%%") for part in self._extracted]) + b")"
        self._plain_quotes = self._plain.count(b"'")

    def row(self, values: list[bytes | None]) -> bytes:
        if None not in values:
            row = self._plain % tuple(values)
            if row.count(b"'") == self._plain_quotes and b"\\" not in row:  # nothing to escape, as nearly always
                return row
        made = [
            b"NULL" if value is None else before + value.replace(b"\\", b"\\\\").replace(b"'", b"''") + after
            for value, (before, after) in zip(values, self._forms, strict=True)
        ]
        return b"(" + b",".join(made + self._extracted) + b")"


def _form(function: Function | None) -> bytes:
    return b"?" if function is None else (function.value % "?").encode()
