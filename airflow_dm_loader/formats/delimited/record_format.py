"""How a file's records are written, as far as bytes are concerned.

It is LOAD DATA's form, with less freedom: what LOAD DATA would take in silence and read in an unexpected way is no
record here, see :mod:`~airflow_dm_loader.formats.delimited.grammar`.
"""

from __future__ import annotations

from dataclasses import dataclass

from airflow_dm_loader.rules.csv_format import CsvFormat

NULL_ESCAPE, NULL_WORD = b"\\N", b"NULL"
LINE_ENDS = (b"\r\n", b"\n")


@dataclass(frozen=True, slots=True)
class RecordFormat:
    """The form of a file of records.

    Attributes:
        terminators: what ends a record; several: the file's first record tells which.
        nulls: the fields without quotes that are NULL, as they stand in the file.
    """

    separator: bytes
    quote: bytes  # one byte, or none
    escape: bytes  # a backslash, or none
    terminators: tuple[bytes, ...]
    nulls: frozenset[bytes]
    header: bool
    charset: str

    @classmethod
    def of_csv(cls, csv: CsvFormat) -> RecordFormat:
        """As ``csv`` says."""
        return cls(
            separator=csv.separator.encode(),
            quote=csv.delimiter.encode(),
            escape=b"\\" if csv.backslash_escape else b"",
            terminators=(csv.terminator.encode(),) if csv.terminator else LINE_ENDS,
            nulls=frozenset({csv.null.encode()}),
            header=csv.header,
            charset=csv.character_set,
        )

    def takes_empty_line(self, columns: int) -> bool:
        """Whether an empty line is a record: of no columns, or of one whose values may stand without quotes.

        Tools quote an empty string wherever they quote at all, so elsewhere an empty line is none that they wrote.
        """
        return not columns or (columns == 1 and (not self.quote or b"" in self.nulls))

    @property
    def server_nulls(self) -> frozenset[bytes]:
        """The fields without quotes that LOAD DATA takes for NULL."""
        return frozenset({NULL_ESCAPE} if self.escape else ()) | frozenset({NULL_WORD} if self.quote else ())

    @property
    def ambiguous(self) -> frozenset[bytes]:
        """Fields without quotes that are no NULL by this format, and are one in others: they are refused."""
        return self.server_nulls - self.nulls

    @property
    def read_by_server(self) -> bool:
        """Whether LOAD DATA reads every record as we do."""
        return self.nulls <= self.server_nulls
