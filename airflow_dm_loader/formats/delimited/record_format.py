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
        header_matches: the header's names are those of the table's columns.
        tells_all_nulls: a field that is no NULL by ``nulls`` is text, whatever it is in other formats.
        by_setting: the setting ``csv`` says all this, and so can allow what is refused.
        skips_empty_lines, mixes_ends, open_end: what ``csv`` allows.
    """

    separator: bytes
    quote: bytes  # for LOAD DATA one byte, or none
    escape: bytes  # one byte, or none
    terminators: tuple[bytes, ...]
    nulls: frozenset[bytes]
    header: bool
    charset: str
    header_matches: bool = True
    tells_all_nulls: bool = False
    by_setting: bool = False
    skips_empty_lines: bool = False
    mixes_ends: bool = False
    open_end: bool = False

    @classmethod
    def of_csv(cls, csv: CsvFormat) -> RecordFormat:
        """As ``csv`` says."""
        ends = (csv.terminator.encode(),) if csv.terminator else LINE_ENDS
        separator = csv.separator.encode()
        return cls(
            separator=separator,
            quote=csv.delimiter.encode(),
            escape=csv.escape.encode(),
            terminators=tuple(separator + end for end in ends) if csv.trim_last_separator else ends,
            nulls=frozenset(null.encode() for null in csv.nulls),
            header=csv.header,
            charset="utf8mb4" if csv.is_recoded else csv.character_set,
            header_matches=csv.header_schema_match,
            tells_all_nulls=csv.tells_all_nulls,
            by_setting=True,
            skips_empty_lines=csv.allow_empty_lines,
            mixes_ends=csv.allow_mixed_line_ends,
            open_end=csv.allow_no_final_line_end,
        )

    @property
    def last_bytes(self) -> bytes:
        """What all terminators end with."""
        found = min(self.terminators, key=len)
        while not all(end.endswith(found) for end in self.terminators):
            found = found[1:]
        return found

    @property
    def null_escape(self) -> bytes:
        """The field that LOAD DATA takes for NULL where there are escapes."""
        return self.escape + b"N" if self.escape else b""

    def takes_empty_line(self, columns: int) -> bool:
        """Whether an empty line is a record: of no columns, or of one whose values may stand without quotes.

        Tools quote an empty string wherever they quote at all, so elsewhere an empty line is none that they wrote.
        """
        return not columns or (columns == 1 and (not self.quote or b"" in self.nulls))

    @property
    def server_nulls(self) -> frozenset[bytes]:
        """The fields without quotes that LOAD DATA takes for NULL."""
        return frozenset({self.null_escape} if self.escape else ()) | frozenset({NULL_WORD} if self.quote else ())

    @property
    def ambiguous(self) -> frozenset[bytes]:
        """Fields without quotes that are no NULL by this format, and are one in others: they are refused."""
        return frozenset() if self.tells_all_nulls else self.server_nulls - self.nulls

    @property
    def read_by_server(self) -> bool:
        """Whether LOAD DATA reads every record as we do."""
        nulls_differ = self.nulls != self.server_nulls if self.tells_all_nulls else not self.nulls <= self.server_nulls
        marks = self.separator, self.quote, *self.terminators
        return not (
            nulls_differ
            or self.mixes_ends
            or len(self.quote) > 1
            or self.escape not in (b"", b"\\")
            or not all(mark.isascii() for mark in marks)
            or any(end.startswith(self.separator) for end in self.terminators)
        )
