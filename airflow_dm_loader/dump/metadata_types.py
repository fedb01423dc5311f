"""What ``metadata`` says, and the lines that both of its forms are read from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from airflow_dm_loader.errors import DumpMetadataError, excerpt
from airflow_dm_loader.identifiers import TableName

METADATA_NAME = "metadata"
HEADER_NAME = "metadata.header"  # beside it where mydumper from 1.0 on has streamed: the lines that it begins with

_TIME = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}")
_LARGEST_NUMBER = (1 << 64) - 1
_MOST_DIGITS = len(str(_LARGEST_NUMBER))
_QUOTED_CHARS = 120  # of a line that a message quotes


@dataclass(frozen=True, slots=True)
class TableMetadata:
    """What the dump says of one table or view. None: the dump does not say."""

    real_name: str
    rows: int | None = None
    data_checksum: str | None = None  # the source's CHECKSUM TABLE, in decimal digits
    schema_checksum: str | None = None  # this and the next two: BIT_XOR(CRC32()) over information_schema
    indexes_checksum: str | None = None
    triggers_checksum: str | None = None
    is_view: bool = False
    is_sequence: bool = False


@dataclass(frozen=True)
class DumpMetadata:
    """The content of ``metadata``.

    ``tables`` is keyed by (schema, real table name); ``file_tables`` leads there from the names that the
    dump's files carry. Where schema names are stand-ins (``mydumper_0``), only the inventory, which sees
    the ``-schema-create`` files, has the real ones.
    """

    tool: str  # "text": dumpling, mydumper 0.10 and before; "ini": mydumper 0.11 and later
    started_at: str = ""  # as the dump tool's clock said it, without a time zone
    finished_at: str | None = None
    binlog_name: str = ""
    binlog_pos: int | None = None
    binlog_gtid: str = ""  # the whole set on one line
    tables: Mapping[TableName, TableMetadata] = field(default_factory=dict)
    file_tables: Mapping[TableName, TableName] = field(default_factory=dict)
    session_variables: Mapping[str, str] = field(default_factory=dict)
    quote_character: str = "`"
    counts_statements_only: bool = False  # a mydumper until 0.14: of --load-data and --csv it counts 0 rows
    ddl_in_table_charset: bool = False  # a mydumper from 0.20 on: a table's CREATE is in the table's charset
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A line of ``metadata``, without its end."""

    number: int  # the first is 1
    text: str

    def quoted(self) -> str:
        """The line for a message, of bounded length."""
        return f"line {self.number} ({excerpt(self.text, _QUOTED_CHARS)!r})"

    def error(self, problem: str) -> DumpMetadataError:
        """The error that this line is: ``problem`` says why."""
        return DumpMetadataError(f"{self.quoted()} of the dump's metadata {problem}", file=METADATA_NAME)

    def unknown(self) -> str:
        """The warning that this line means nothing to us."""
        return f"metadata {self.quoted()} is not known and was not used"

    def number_of(self, value: str, name: str) -> int:
        """``value`` as a count or position; an error where it is anything else."""
        if not re.fullmatch(r"[0-9]++", value):
            raise self.error(f"should hold a number for {name}")
        if len(value.lstrip("0")) > _MOST_DIGITS or int(value) > _LARGEST_NUMBER:
            raise self.error(f"should hold a number for {name}, and this one is larger than any server's")
        return int(value)

    def time_of(self, value: str) -> str:
        """``value`` as a date and time; an error where it is anything else, a half-written one too."""
        if not _TIME.fullmatch(value):
            raise self.error("should end in a date and time like 2026-11-23 17:29:14")
        return value


def read_lines(raw: bytes) -> list[Line]:
    """The lines of ``metadata``, LF or CRLF; an error where they are not text."""
    lines = []
    for number, stored in enumerate(raw.split(b"\n"), start=1):
        stored = stored.removesuffix(b"\r")
        line = Line(number, stored.decode("utf-8", "backslashreplace"))
        if line.text.encode() != stored or re.search(r"[\x00-\x08\x0b-\x1f\x7f]", line.text):
            raise line.error("is not text")
        lines.append(line)
    return lines
