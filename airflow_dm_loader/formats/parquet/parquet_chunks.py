"""Cuts a Parquet file into chunks, by rows.

A chunk ends with the first row at which its values have ``chunk_bytes``; or, once they have half of that, with its row
group. What values have is counted by their own lengths, and so is the same however they are written for a server.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_dm_loader.errors import DumpFormatError
from airflow_dm_loader.formats.base import Chunk, Reading, TableColumns
from airflow_dm_loader.formats.chunk_chain import ChunkChain
from airflow_dm_loader.formats.column_names import misfits
from airflow_dm_loader.formats.delimited.grammar import Grammar
from airflow_dm_loader.formats.delimited.record_layout import RecordLayout
from airflow_dm_loader.formats.delimited.record_reader import Span
from airflow_dm_loader.formats.delimited.record_rows import Records
from airflow_dm_loader.formats.parquet import values
from airflow_dm_loader.formats.parquet.column_texts import Clock, ColumnText, FileColumn, Misfit, column_text
from airflow_dm_loader.formats.parquet.opened_file import OpenedFile
from airflow_dm_loader.formats.parquet.parquet_rows import TEXT_FORM, ParquetRows
from airflow_dm_loader.report import Finding
from airflow_dm_loader.state.files import FileRow
from airflow_dm_loader.target.session import MOMENTS_IN

_UTC = "+00:00"
_VALUE_BYTES = 8  # of a value that has no length of its own
_FIT_REMEDY = (
    "Write the column in a type that holds what the table's column holds; or change the table. Columns that the table "
    "lacks: on_schema_change."
)


class ParquetChunks(ChunkChain):
    """The chunks of one Parquet file that are not committed yet. Their positions are numbers of rows."""

    unit = "row"

    def __init__(self, opened: OpenedFile, file: FileRow, reading: Reading) -> None:
        super().__init__(opened, file, committed=reading.committed, chunk_bytes=reading.chunk_bytes)
        assert reading.table is not None
        self._opened = opened
        self._table: TableColumns = reading.table
        self._reading = reading
        self._batches: Iterator[tuple[int, Any]] = iter(())
        self._held: tuple[int, Any] | None = None  # a batch, and the number of its first row

    def _read_head(self) -> None:
        columns = self._opened.columns()
        names = tuple(column.name for column in columns)
        for what, wrong in misfits(names, self._table, "the file"):
            raise self._misfit(what, wrong)
        kept = self._table.kept(names)
        if not kept:
            raise self._misfit("none of its columns goes to the table", names)
        self._columns = tuple(columns[at] for at in kept)
        self._left_out = tuple(name for at, name in enumerate(names) if at not in kept)
        self._texts = tuple(self._text(column) for column in self._columns)
        functions = {
            column.name: text.function
            for column, text in zip(self._columns, self._texts, strict=True)
            if text.function is not None
        }
        names = tuple(column.name for column in self._columns)
        self._layout = RecordLayout(TEXT_FORM, names, functions, self._head())
        self._grammar = Grammar(TEXT_FORM, file=self._file.name, columns=len(names))

    def _jump(self, offset: int) -> None:
        if offset > self._opened.rows:
            raise self._changed(offset)
        self._opened.row = offset
        self._batches, self._held = iter(()), None

    def _cut(self, start: int) -> Chunk | None:
        pieces: list[bytes] = []
        starts: list[int] = []
        row, size = start, 0
        while row < self._opened.rows and size < self._chunk_bytes:
            taken, taken_bytes = self._take(row, self._chunk_bytes - size)
            starts.append(row)
            pieces.append(self._lines(row, taken))
            row, size = row + len(taken), size + taken_bytes
            if row == self._opened.group_of(row - 1).end and size >= self._chunk_bytes // 2:
                break
        if not pieces:
            self._opened.row = self._opened.rows
            return None
        self._opened.row = row
        span = Span(tuple(pieces), tuple(starts), start, row, row - start)
        payload = ParquetRows(
            Records(span, self._layout, self._grammar, self._reading.load_data), self._left_out, self._opened.places
        )
        return Chunk(
            self._file,
            start,
            row,
            self._layout.head,
            self._stored_bytes(row - start),
            payload,
            tuple(self._found()),
            held_bytes=sum(map(len, pieces)),
        )

    # -- rows

    def _take(self, row: int, most_bytes: int) -> tuple[Any, int]:
        """The rows from there on, of one batch, up to the first at which they have so many bytes; and their bytes."""
        import pyarrow.compute as pc

        first, batch = self._batch(row)
        summed = pc.cumulative_sum(self._sizes(first, batch))
        count = min(len(batch), pc.sum(pc.less(summed, most_bytes)).as_py() + 1)
        self._held = (first + count, batch.slice(count)) if count < len(batch) else None
        return batch.slice(0, count), summed[count - 1].as_py()

    def _batch(self, row: int) -> tuple[int, Any]:
        if self._held is None:
            self._held = next(self._batches, None)
        if self._held is None:
            self._batches = self._opened.batches([column.name for column in self._columns], row)
            self._held = next(self._batches, None)
        if self._held is None or self._held[0] != row:
            raise self._opened.damage(f"row {row + 1} is not where its footer says")
        return self._held

    def _sizes(self, first: int, batch: Any) -> Any:
        """The bytes of each row."""
        import pyarrow as pa
        import pyarrow.compute as pc

        fixed, sizes = 0, pa.repeat(0, len(batch)).cast(pa.int64())
        for column in self._columns:
            lengths = _lengths(batch.column(batch.schema.get_field_index(column.name)))
            if isinstance(lengths, int):
                fixed += lengths
            else:
                sizes = pc.add(sizes, pc.fill_null(lengths.cast(pa.int64()), 0))
        sizes = pc.add(sizes, fixed)
        largest = pc.max(sizes).as_py()
        if largest > self._reading.max_row_bytes:
            at = pc.index(sizes, largest).as_py()
            raise DumpFormatError(
                f"a row has {largest} bytes, and one may have {self._reading.max_row_bytes} (max_statement_bytes); it "
                f"is {self._opened.places.of(first + at)}",
                file=self._file.name,
                remedy="If the file is sound, raise max_statement_bytes; then clear.",
            )
        return sizes

    def _lines(self, first: int, batch: Any) -> bytes:
        texts = []
        for column, made in zip(self._columns, self._texts, strict=True):
            array = _plain(batch.column(batch.schema.get_field_index(column.name)), column.kind)
            self._check(first, array, column, made)
            text = made.text(array)
            texts.append(values.escaped(text) if made.escapes else text)
        return values.lines(texts)

    def _check(self, first: int, array: Any, column: FileColumn, made: ColumnText) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        for what, which in made.checks:
            wrong = pc.index(pc.fill_null(which(array), False), pa.scalar(True)).as_py()
            if wrong >= 0:
                raise DumpFormatError(
                    f"a value of column {column.name!r} can't be stored as it is: {what}; it is "
                    f"{self._opened.places.of(first + wrong)}",
                    file=self._file.name,
                    remedy="Change the value in the source, or the table's column; then write the file again.",
                )

    # -- what the file is told by

    def _text(self, column: FileColumn) -> ColumnText:
        definitions = {name.lower(): definition for name, definition in self._table.definitions.items()}
        types = {name.lower(): kind for name, kind in self._table.types.items()}
        name = column.name.lower()
        definition = definitions.get(name) or types[name]
        try:
            return column_text(column, definition, self._reading.time_zone)
        except Misfit as misfit:
            raise self._misfit(f"column {column.name!r} does not fit the table: {misfit}", ()) from None

    def _head(self) -> dict[str, str]:
        """The session that it needs: a TIMESTAMP takes instants in UTC, and clock times as time_zone says."""
        clocks = {text.clock for text in self._texts}
        if clocks >= {Clock.UTC, Clock.SESSION}:
            raise self._misfit("some TIMESTAMP columns come as instants and some without a zone, in one file", ())
        return {"names": "utf8mb4"} | ({"time_zone": _UTC, MOMENTS_IN: _UTC} if Clock.UTC in clocks else {})

    def _found(self) -> Iterator[Finding]:
        if names := [column.name for column in self._columns if column.is_int96]:
            yield Finding(
                kind="int96",
                table=str(self._file.key),
                text=f"timestamps of type INT96 say no zone, and were taken as they stand: {', '.join(names)}",
            )

    def _misfit(self, what: str, names: tuple[str, ...]) -> DumpFormatError:
        shown = f": {', '.join(names)}" if names else ""
        return DumpFormatError(f"{what}{shown}", file=self._file.name, remedy=_FIT_REMEDY)


def _lengths(array: Any) -> Any:
    """The bytes of each value; a number: all have as many."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    if isinstance(array, pa.DictionaryArray):
        lengths = _lengths(array.dictionary)
        return lengths if isinstance(lengths, int) else pc.take(lengths, array.indices)
    if pa.types.is_fixed_size_binary(array.type):
        return int(array.type.byte_width)
    is_long = pa.types.is_large_binary, pa.types.is_large_string, pa.types.is_binary, pa.types.is_string
    return pc.binary_length(array) if any(is_one(array.type) for is_one in is_long) else _VALUE_BYTES


def _plain(array: Any, kind: Any) -> Any:
    """Values without their dictionary or the name of an extension."""
    import pyarrow as pa

    while isinstance(array, pa.ExtensionArray | pa.DictionaryArray):
        array = array.storage if isinstance(array, pa.ExtensionArray) else array.dictionary_decode()
    return array if array.type == kind else array.cast(kind)
