"""Rows of a Parquet file as a payload: text made of them, which goes both ways as that of a CSV file does."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_dm_loader.errors import RowError
from airflow_dm_loader.formats.base import Delivery, SendAgainError, Sent
from airflow_dm_loader.formats.delimited.record_format import RecordFormat
from airflow_dm_loader.formats.delimited.record_rows import RecordRows, Records
from airflow_dm_loader.formats.parquet.opened_file import Places

# What values.lines writes: LOAD DATA's own defaults.
TEXT_FORM = RecordFormat(
    separator=b"\t",
    quote=b"",
    escape=b"\\",
    terminators=(b"\n",),
    nulls=frozenset({b"\\N"}),
    header=True,
    charset="utf8mb4",
)


class ParquetRows(RecordRows):
    """The rows of a chunk of a Parquet file.

    Args:
        records: their text; ``starts`` are the numbers of the pieces' first rows.
        left_out: columns of the file that do not go to the table.
        places: tells people where a row is.
    """

    def __init__(self, records: Records, left_out: tuple[str, ...], places: Places) -> None:
        super().__init__(records)
        self._names_left_out = left_out
        self._places = places

    def send(self, delivery: Delivery) -> Sent:
        try:
            return super().send(delivery)
        except SendAgainError:
            raise
        except RowError as error:
            if error.offset is not None:
                error.message, error.offset = f"{error.message}; it is {self._places.of(error.offset)}", None
            raise

    def _columns(self, delivery: Delivery) -> frozenset[str]:
        """Told, unlike those of a CSV: whoever wrote such a file need not have seen which columns it lacks."""
        return frozenset(name.lower() for name in (*(self.content.layout.columns or ()), *self._names_left_out))

    def _left_out(self, delivery: Delivery) -> tuple[str, ...]:
        return self._names_left_out

    def _values(self) -> Iterator[tuple[list[bytes | None], int]]:
        """Each row's values, and its number."""
        span = self.content.span
        for first, piece in zip(span.starts, span.pieces, strict=True):
            for at, (values, _) in enumerate(self.content.grammar.values(piece)):
                yield values, first + at
