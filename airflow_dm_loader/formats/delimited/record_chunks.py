"""Cuts a file of records into chunks, in one pass, as :mod:`chunks` cuts SQL files: at record boundaries."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import replace

from airflow_dm_loader.dump.compression import DecodedFile
from airflow_dm_loader.dump.value_marks import BINARY_TYPES
from airflow_dm_loader.errors import DumpFormatError
from airflow_dm_loader.formats.base import Chunk, TableColumns
from airflow_dm_loader.formats.chunk_chain import ChunkChain
from airflow_dm_loader.formats.column_names import misfits
from airflow_dm_loader.formats.delimited.field_rules import field_rules
from airflow_dm_loader.formats.delimited.record_layout import RecordLayout, in_utf8
from airflow_dm_loader.formats.delimited.record_reader import RecordReader, Span
from airflow_dm_loader.formats.delimited.record_rows import RecordRows, Records
from airflow_dm_loader.formats.delimited.utf8_file import Utf8File
from airflow_dm_loader.report import Finding
from airflow_dm_loader.state.files import FileRow

_ALLOWED = {
    "byte_order_mark": "CSV files start with a byte order mark, which was passed over",
    "empty_lines": "CSV files hold empty lines, which were passed over",
    "mixed_line_ends": "records of one CSV file end with LF and with CRLF",
    "no_final_line_end": "the last record of CSV files has no line end: a file that was cut looks so",
}
_HEADER_REMEDY = (
    "Look at the file's first line and at the table. Without a line of names, say so in csv: {header: false}; then the "
    "fields are the table's columns, in its order. Names of another tool's own: {header_schema_match: false}."
)


class RecordChunkReader(ChunkChain):
    """The chunks of one file of records that are not committed yet. A header belongs to the first chunk.

    Args:
        decoded: the file, at its start.
        file: what is stored of it.
        layout: how it reads.
        table: the target table, and what the dump's rows hold.
        committed: start -> end of its committed chunks.
        chunk_bytes: the load's chunk size, in decoded bytes.
        max_record_bytes: see :class:`~airflow_dm_loader.formats.delimited.record_reader.RecordReader`.
        load_data: whether LOAD DATA may be used.
    """

    def __init__(
        self,
        decoded: DecodedFile | Utf8File,
        file: FileRow,
        *,
        layout: RecordLayout,
        table: TableColumns,
        committed: Mapping[int, int],
        chunk_bytes: int,
        max_record_bytes: int,
        load_data: bool,
    ) -> None:
        self._utf8 = decoded if isinstance(decoded, Utf8File) else None
        super().__init__(decoded, file, committed=committed, chunk_bytes=chunk_bytes)
        self._reader = RecordReader(decoded, layout.format, file=file.name, max_record_bytes=max_record_bytes)
        self._recoded = table.to_recode(layout.format.charset)
        self._layout = in_utf8(layout) if self._recoded else layout
        self._table = table
        self._by_load_data = load_data and layout.format.read_by_server and not self._recoded

    def _read_head(self) -> None:
        columnless = self._layout.columns is None and not self._table.row_columns
        names = self._reader.look(columnless=columnless, names_like_statement=self._layout.columns is not None)
        columns = self._columns(names)
        if self._utf8 is not None:
            self._refuse_bytes(columns)
        form = replace(self._reader.form, charset=self._layout.format.charset)
        self._layout = replace(self._layout, columns=columns, format=form)
        rules = field_rules(columns, self._table.definitions) if form.by_setting else ()
        self._reader.expect(len(columns), self._layout.hex_fields, rules)

    def _jump(self, offset: int) -> None:
        self._reader.jump(offset)
        if self._utf8 is not None:
            self._utf8.replaced_before(offset)  # told with the chunks before

    def _cut(self, start: int) -> Chunk | None:
        span = self._reader.take(max(1, start + self._chunk_bytes - self._reader.offset))
        if span is None:
            return None
        payload = RecordRows(Records(span, self._layout, self._reader.grammar, self._by_load_data, self._recoded))
        stored_bytes = self._stored_bytes(span.end - start)
        return Chunk(self._file, start, span.end, self._layout.head, stored_bytes, payload, tuple(self._found(span)))

    def _refuse_bytes(self, columns: tuple[str, ...]) -> None:
        kinds = {name.lower(): kind for name, kind in self._table.types.items()}
        if held := [name for name in columns if kinds.get(name.lower()) in BINARY_TYPES - {"bit"}]:
            raise DumpFormatError(
                f"columns of bytes can't come from a file that is read as text in another charset: {', '.join(held)}",
                file=self._file.name,
                offset=0,
                remedy="Dump this table as SQL, or its CSV in UTF-8.",
            )

    def _found(self, span: Span) -> Iterator[Finding]:
        table = str(self._file.key)
        for kind in sorted(self._reader.take_notes()):
            yield Finding(kind=kind, table=table, text=_ALLOWED[kind])
        if self._utf8 is not None and (replaced := self._utf8.replaced_before(span.end)):
            yield Finding(
                kind="replaced_characters",
                table=table,
                text=f"bytes that are no letters of {self._utf8.charset} were replaced (data_invalid_char_replace)",
                rows=self._rows_with(replaced, span),
                pauses=True,
            )

    def _rows_with(self, places: tuple[int, ...], span: Span) -> int:
        grammar = self._reader.grammar
        starts = [
            start + at for start, piece in zip(span.starts, span.pieces, strict=True) for _, at in grammar.values(piece)
        ]
        return len({bisect_right(starts, place) for place in places})

    def _columns(self, names: tuple[str, ...] | None) -> tuple[str, ...]:
        """What the fields of a record are: by the LOAD DATA statement, by the header, or by the table."""
        stated = self._layout.columns
        if stated is not None:
            if names is not None and _folded(names) != _folded(stated):
                what = "the first line names other columns than the LOAD DATA statement"
                raise self._misfit(what, ", ".join(names), remedy="Put both files back as they were dumped.")
            return stated
        if names is None:
            return self._table.row_columns
        for what, wrong in misfits(names, self._table, "the first line"):
            raise self._misfit(what, ", ".join(wrong))
        return names

    def _misfit(self, what: str, names: str, remedy: str = _HEADER_REMEDY) -> DumpFormatError:
        """The names are no part of the message: where the file has no header, they are values of a row."""
        return DumpFormatError(what, file=self._file.name, offset=0, statement=names, remedy=remedy)


def _folded(names: Mapping[str, str] | tuple[str, ...]) -> list[str]:
    return [name.lower() for name in names]
