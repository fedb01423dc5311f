"""Rows of a file of records as a payload.

By LOAD DATA they go as the file's own bytes, by its own clauses. Records were told apart before, more strictly than
the server does it, so both see the same ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from airflow_dm_loader.dump.codecs import UnknownLettersError, decode
from airflow_dm_loader.dump.recoding import not_utf8
from airflow_dm_loader.dump.value_marks import BINARY_TYPES, TEXT_TYPES
from airflow_dm_loader.formats.base import Delivery, TableColumns
from airflow_dm_loader.formats.delimited.grammar import Grammar
from airflow_dm_loader.formats.delimited.record_layout import Function, RecordLayout
from airflow_dm_loader.formats.delimited.record_reader import Span
from airflow_dm_loader.formats.delimited.written_records import WRITTEN_CHARSETS, written_form, written_record
from airflow_dm_loader.formats.masking import Masking, masked_records
from airflow_dm_loader.formats.sending.exactly import load_exactly
from airflow_dm_loader.formats.sending.into import (
    extracted_values,
    into_clause,
    load_data_columns,
    with_extracted,
)
from airflow_dm_loader.formats.sending.made_rows import MadeRows, made_blocks
from airflow_dm_loader.formats.sending.two_ways import TwoWayPayload
from airflow_dm_loader.state.chunks import ChunkCounts


@dataclass(frozen=True, slots=True)
class Records:
    """The records of a chunk.

    ``layout`` names the columns; ``by_load_data``: LOAD DATA reads them as they stand.
    """

    span: Span
    layout: RecordLayout
    grammar: Grammar
    by_load_data: bool
    recoded: Mapping[str, str] = field(default_factory=dict)  # column -> the charset of its fields, which go as UTF-8


class RecordRows(TwoWayPayload[Records]):
    """The rows of a chunk of a file of records."""

    hashes = True

    @property
    def by_load_data(self) -> bool:
        return self.content.by_load_data

    def _goes_by_load_data(self, table: TableColumns) -> bool:
        """Masked records are written anew, in charsets where no byte of a letter looks like a mark."""
        return self.by_load_data and (not table.masked or self.content.layout.format.charset in WRITTEN_CHARSETS)

    def _columns(self, delivery: Delivery) -> frozenset[str] | None:
        """A CSV's line of names may leave columns out on purpose; mydumper's LOAD DATA names all that it dumped."""
        layout = self.content.layout
        return None if layout.format.header else frozenset(name.lower() for name in layout.columns or ())

    def _load_data(self, delivery: Delivery) -> ChunkCounts:
        span, layout, table = self.content.span, self.content.layout, delivery.table
        pieces: Iterable[bytes | memoryview] = span.pieces
        if (masked := self._masked(delivery)) is not None:
            layout = replace(layout, format=written_form(layout.format))
            pieces = map(written_record, (values for values, _ in masked))
        statement = _load_statement(delivery, layout)
        return load_exactly(
            delivery, statement, pieces, lambda: span.rows, with_extracted(self._into(delivery), table.extracted)
        )

    def _blocks(self, delivery: Delivery) -> Iterator[MadeRows]:
        table = delivery.table
        columns = self.content.layout.columns or ()
        kept = table.kept(columns)
        layout = replace(self.content.layout, columns=tuple(columns[at] for at in kept))
        literals = _Literals(layout, table.types, extracted_values(table.extracted))
        into = with_extracted(self._into(delivery), table.extracted)
        sent = self._sent(delivery)
        if len(kept) < len(columns):
            sent = (([values[at] for at in kept], offset) for values, offset in sent)
        return made_blocks(delivery, into, ((literals.row(values), offset) for values, offset in sent))

    def _sent(self, delivery: Delivery) -> Iterator[tuple[list[bytes | None], int]]:
        """The values, in UTF-8 where the target takes nothing else."""
        recoded = self.content.recoded
        records = self._masked(delivery) or self._values()
        charsets = [recoded.get(name.lower()) for name in self.content.layout.columns or ()]
        if not any(charsets):
            yield from records
            return
        for values, offset in records:
            try:
                yield [_in_utf8(value, charset) for value, charset in zip(values, charsets, strict=True)], offset
            except UnknownLettersError as error:
                raise not_utf8(error, file=delivery.file.name, offset=offset, table=str(delivery.file.key)) from None

    def _masked(self, delivery: Delivery) -> Iterator[tuple[list[bytes | None], int]] | None:
        """The values with what stands in their place; None: none of the table is masked."""
        layout, file = self.content.layout, delivery.file
        columns = layout.columns or ()
        masking = Masking.of(columns, delivery.table, layout.format.charset, self.content.recoded)
        if masking is None:
            return None
        return masked_records(self._values(), masking, layout.hex_fields, columns, file=file.name, table=str(file.key))

    def _values(self) -> Iterator[tuple[list[bytes | None], int]]:
        """Each record's values, and where it starts in the decoded file."""
        span = self.content.span
        for start, piece in zip(span.starts, span.pieces, strict=True):
            for values, at in self.content.grammar.values(piece):
                yield values, start + at

    def _left_out(self, delivery: Delivery) -> tuple[str, ...]:
        columns = self.content.layout.columns or ()
        kept = delivery.table.kept(columns)
        return tuple(name for at, name in enumerate(columns) if at not in kept)

    def _into(self, delivery: Delivery) -> bytes:
        columns, file = self.content.layout.columns or (), delivery.file
        return into_clause(file.schema, file.table, None, tuple(columns[at] for at in delivery.table.kept(columns)))


class _Literals:
    """Makes SQL of fields.

    Numbers go as strings too: so each value takes the way into its column that it takes under LOAD DATA. In a session
    of UTF-8, each string says what charset it is in, if the file has another one: there no byte of ours is taken for a
    part of a letter that would hide a quote or a backslash.

    Args:
        types: column -> the target's type, in lower case without length.
        extracted: what every row gets besides: ``v1,v2``.
    """

    def __init__(self, layout: RecordLayout, types: Mapping[str, str], extracted: bytes) -> None:
        folded = {name.lower(): kind for name, kind in types.items()}
        charset = layout.format.charset
        is_binary = charset == "binary"  # then every string is, unless it is marked
        usual = f"_{charset}".encode() if layout.session_charset != charset else b""
        self._forms = []
        for name in layout.columns or ():
            kind, function = folded.get(name.lower()), layout.functions.get(name)
            mark = usual
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
        """A record's values as ``(..)``."""
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
    return b"?" if function is None else function.of("?").encode()


def _in_utf8(value: bytes | None, charset: str | None) -> bytes | None:
    return value if value is None or charset is None else decode(value, charset).encode()


def _load_statement(delivery: Delivery, layout: RecordLayout) -> bytes:
    form = layout.format
    (terminator,) = form.terminators
    return b"".join((
        b"LOAD DATA LOCAL INFILE '{stream}' ",
        b"REPLACE " if delivery.replace_at_once else b"",
        b"INTO TABLE " + delivery.file.key.quoted.encode("utf-8", "surrogateescape"),
        b" CHARACTER SET " + form.charset.encode(),
        b" FIELDS TERMINATED BY " + _literal(form.separator),
        b" ENCLOSED BY " + _literal(form.quote) + b" ESCAPED BY " + _literal(form.escape),
        b" LINES TERMINATED BY " + _literal(terminator) + b" ",
        _columns(layout, delivery.table),
    ))  # fmt: skip


def _columns(layout: RecordLayout, table: TableColumns) -> bytes:
    """The columns, and SET for those that are made of a field, and for what rows get besides."""
    # Without columns, each record is an empty line, and still a row.
    columns, kept = (layout.columns, table.kept(layout.columns)) if layout.columns else (("",), ())
    made = {name: function.of for name, function in layout.functions.items()}
    return load_data_columns(columns, kept, table, made)


def _literal(text: bytes) -> bytes:
    """The bytes, whatever ``sql_mode`` says of backslashes."""
    return b"X'" + text.hex().encode() + b"'" if text else b"''"
