"""A Parquet file: what its footer says, and its rows in batches, a row group at a time.

It is read by seeking, so that of a bucket only the parts come that are asked for. A row is told by its number in the
file, counted from 0.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

from airflow_dm_loader.dump.storage import DumpStorage
from airflow_dm_loader.errors import DumpFormatError
from airflow_dm_loader.formats.parquet.column_texts import FileColumn

_MAGIC, _ENCRYPTED = b"PAR1", b"PARE"
_MOST_FOOTER_BYTES = 64 << 20  # pyarrow holds it several times over
_TAIL_BYTES = 8  # the footer's length, and the magic
_BUFFERS_BYTES, _LEAST_BUFFER_BYTES, _MOST_BUFFER_BYTES = 64 << 20, 256 << 10, 4 << 20  # of all columns; of each
_BATCH_BYTES, _MOST_BATCH_ROWS = 4 << 20, 4096
_DAMAGED = "Put the file back as it was written: it was cut, or damaged, or is none of Parquet."


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Rows that stand together; the footer says so."""

    number: int  # from 0
    first_row: int
    rows: int
    decoded_bytes: int

    @property
    def end(self) -> int:
        """The row behind its last."""
        return self.first_row + self.rows


@dataclass(frozen=True, slots=True)
class Places:
    """Where the row groups of a file begin, so that people find a row."""

    first_rows: tuple[int, ...]

    def of(self, row: int) -> str:
        """In words, counted from 1."""
        return f"row {row + 1} of the file, in its row group {bisect_right(self.first_rows, row)}"


class OpenedFile:
    """A Parquet file that is read from its start on, or from a later row.

    Args:
        stream: the stored bytes.
        most_group_bytes: what a row group may have, decoded (``max_row_group_bytes``).

    Raises:
        DumpFormatError: it is none, or has a row group that is larger.
    """

    def __init__(self, storage: DumpStorage, name: str, stream: BinaryIO, most_group_bytes: int) -> None:
        self.name = name
        self._storage = storage
        self._stream = stream
        self.file_bytes = stream.seek(0, 2)
        self._check_tail()
        with self._reading():
            self._footer, self._file = self._open()
        self.groups = tuple(self._groups())
        self.rows = sum(group.rows for group in self.groups)
        self._check_footer(most_group_bytes)
        self.places = Places(tuple(group.first_row for group in self.groups))
        self.row = 0  # up to which the file was read

    # -- as a chain of chunks asks for it

    seekable_cheaply: bool = False  # its bytes are not those of its rows

    @property
    def file_bytes_read(self) -> int:
        """The stored bytes, as far as rows were read."""
        return self.file_bytes * self.row // self.rows if self.rows else self.file_bytes

    # -- what is in it

    def columns(self) -> tuple[FileColumn, ...]:
        """Its columns, in order."""
        return tuple(self._column(field) for field in self._file.schema_arrow)

    def group_of(self, row: int) -> RowGroup:
        """The row group that a row is in."""
        at = bisect_right(self.places.first_rows, row) - 1
        while not self.groups[at].rows:
            at -= 1
        return self.groups[at]

    def batches(self, names: Sequence[str], row: int) -> Iterator[tuple[int, Any]]:
        """The rows of a row's group from this one on, in batches with the number of the first.

        Raises:
            DumpFormatError: they can't be read, or are not as many as the footer says.
        """
        group = self.group_of(row)
        at = group.first_row
        with self._reading(f" in row group {group.number + 1}"):
            for batch in self._raw_batches(group, names):
                self._storage.leave_if_stopped()
                if at + len(batch) > row:
                    passed = max(0, row - at)
                    yield at + passed, batch.slice(passed)
                at += len(batch)
        if at != group.end:
            raise self._damaged(f"row group {group.number + 1} holds {at - group.first_row} rows, not {group.rows}")

    def damage(self, what: str) -> DumpFormatError:
        """The error of a file that can't be as it was written."""
        return self._damaged(what)

    # -- inside

    def _raw_batches(self, group: RowGroup, names: Sequence[str]) -> Iterator[Any]:
        how = {"batch_size": self._batch_rows(group), "row_groups": [group.number], "use_threads": False}
        found = self._file.iter_batches(columns=list(names), **how)
        finest = [column.name for column in self.columns() if column.is_int96 and column.name in names]
        if not finest:
            yield from found
            return
        # As nanoseconds, INT96 of other centuries are beyond 64 bits; as microseconds, digits are cut. Both together
        # tell what stands there.
        nanoseconds = self._parquet_file(int96="ns").iter_batches(columns=finest, **how)
        for batch, exact in zip(found, nanoseconds, strict=True):
            for name in finest:
                self._check_int96(_by_name(batch, name), _by_name(exact, name), name, group)
            yield batch

    def _check_int96(self, microseconds: Any, nanoseconds: Any, name: str, group: RowGroup) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        wanted = pc.multiply(microseconds.view(pa.int64()), 1000)
        if pc.any(pc.not_equal(nanoseconds.view(pa.int64()), wanted)).as_py():
            raise DumpFormatError(
                f"column {name!r} holds timestamps that are finer than a microsecond, in row group {group.number + 1}",
                file=self.name,
                remedy="Write them with at most six digits of a second.",
            )

    def _batch_rows(self, group: RowGroup) -> int:
        fixed = sum(
            int(column.kind.byte_width) for column in self.columns() if str(column.kind).startswith("fixed_size_binary")
        )
        row_bytes = max(1, fixed, group.decoded_bytes // max(1, group.rows))
        return max(1, min(_MOST_BATCH_ROWS, _BATCH_BYTES // row_bytes))

    def _column(self, field: Any) -> FileColumn:
        import pyarrow as pa

        kind = field.type
        while isinstance(kind, pa.DictionaryType | pa.BaseExtensionType):
            kind = kind.value_type if isinstance(kind, pa.DictionaryType) else kind.storage_type
        physical, logical = self._leaves.get(field.name, ("", ""))
        return FileColumn(field.name, kind, physical == "INT96", logical == "UUID")

    @property
    def _leaves(self) -> dict[str, tuple[str, str]]:
        schema = self._footer.schema
        leaves = (schema.column(at) for at in range(len(schema)))
        return {leaf.path: (leaf.physical_type, leaf.logical_type.type) for leaf in leaves}

    def _open(self) -> tuple[Any, Any]:
        from pyarrow import parquet

        self._footer = parquet.read_metadata(self._source())
        return self._footer, self._parquet_file(int96="us")

    def _parquet_file(self, *, int96: str) -> Any:
        from pyarrow import parquet

        columns = max(1, self._footer.num_columns)
        buffer_bytes = min(_MOST_BUFFER_BYTES, max(_LEAST_BUFFER_BYTES, _BUFFERS_BYTES // columns))
        return parquet.ParquetFile(
            self._source(),
            metadata=self._footer,
            read_dictionary=self._dictionaries(),
            buffer_size=buffer_bytes,
            pre_buffer=False,
            coerce_int96_timestamp_unit=int96,
            page_checksum_verification=True,
        )

    def _source(self) -> Any:
        import pyarrow as pa

        return pa.PythonFile(self._stream, mode="r")

    def _dictionaries(self) -> list[str]:
        """The columns whose values stand once for many rows: unpacked, they could be any number of times larger."""
        found = set()
        for group in range(self._footer.num_row_groups):
            of_group = self._footer.row_group(group)
            for at in range(of_group.num_columns):
                column = of_group.column(at)
                if column.physical_type == "BYTE_ARRAY" and any("DICTIONARY" in each for each in column.encodings):
                    found.add(column.path_in_schema)
        return sorted(found)

    def _groups(self) -> Iterator[RowGroup]:
        first = 0
        for number in range(self._footer.num_row_groups):
            group = self._footer.row_group(number)
            if group.num_rows < 0:
                raise self._damaged(f"row group {number + 1} has {group.num_rows} rows")
            yield RowGroup(number, first, group.num_rows, group.total_byte_size)
            first += group.num_rows

    def _check_tail(self) -> None:
        self._stream.seek(max(0, self.file_bytes - _TAIL_BYTES))
        tail = self._stream.read(_TAIL_BYTES)
        self._stream.seek(0)
        head = self._stream.read(len(_MAGIC))
        if _ENCRYPTED in (head, tail[-4:]):
            raise DumpFormatError(
                "the Parquet file is encrypted", file=self.name, remedy="Write it without encryption."
            )
        if self.file_bytes < len(_MAGIC) + _TAIL_BYTES or head != _MAGIC or tail[-4:] != _MAGIC:
            raise self._damaged("it does not begin and end as a Parquet file does")
        if (footer_bytes := int.from_bytes(tail[:4], "little")) > min(_MOST_FOOTER_BYTES, self.file_bytes):
            raise self._damaged(f"its footer is said to have {footer_bytes} bytes")

    def _check_footer(self, most_group_bytes: int) -> None:
        if self.rows != self._footer.num_rows:
            raise self._damaged(f"its row groups hold {self.rows} rows, and its footer counts {self._footer.num_rows}")
        for group in self.groups:
            if group.decoded_bytes > most_group_bytes:
                raise DumpFormatError(
                    f"its row group {group.number + 1} has {group.decoded_bytes} bytes, and one may have "
                    f"{most_group_bytes} (max_row_group_bytes)",
                    file=self.name,
                    remedy="Raise max_row_group_bytes, as far as the worker's memory allows; or write smaller groups.",
                )

    def _damaged(self, what: str) -> DumpFormatError:
        return DumpFormatError(f"the Parquet file can't be read: {what}", file=self.name, remedy=_DAMAGED)

    @contextmanager
    def _reading(self, where: str = "") -> Iterator[None]:
        import pyarrow as pa

        try:
            yield
        except (pa.ArrowException, OSError, OverflowError) as error:
            raise self._damaged(
                f"{str(error).splitlines()[0] if str(error) else type(error).__name__}{where}"
            ) from error


def _by_name(batch: Any, name: str) -> Any:
    return batch.column(batch.schema.get_field_index(name))
