"""What is sent: a span of a data file, and the table that it goes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from airflow_dm_loader.dump.layouts import RowLayout
from airflow_dm_loader.dump.lexer import Statement
from airflow_dm_loader.dump.records.grammar import Grammar
from airflow_dm_loader.dump.records.layout import RecordLayout
from airflow_dm_loader.dump.records.reader import Span
from airflow_dm_loader.dump.statements import Rows
from airflow_dm_loader.plan.routes import Extracted
from airflow_dm_loader.state.files import FileRow


@dataclass(frozen=True, slots=True)
class RowStatement:
    """A statement that holds rows, and what its head says."""

    rows: Rows
    statement: Statement


@dataclass(frozen=True, slots=True)
class Records:
    """The rows of a chunk of a file of records.

    ``layout`` names the columns; ``by_load_data``: LOAD DATA reads them as they stand.
    """

    span: Span
    layout: RecordLayout
    grammar: Grammar
    by_load_data: bool


@dataclass(frozen=True, slots=True)
class Chunk:
    """A span of a data file: one transaction. Offsets are bytes of the decoded file.

    Its rows are ``statements``, or, of a file of records, ``records``.
    """

    file: FileRow
    start: int
    end: int
    head: Mapping[str, str]  # the file's settings
    statements: tuple[RowStatement, ...]
    file_bytes: int  # stored bytes that were read for it
    row_layout: RowLayout | None = None  # proven of every row: LOAD DATA reads them as they stand
    records: Records | None = None

    @property
    def by_load_data(self) -> bool:
        """Whether LOAD DATA reads its rows as they stand."""
        return self.row_layout is not None or (self.records is not None and self.records.by_load_data)


@dataclass(frozen=True, slots=True)
class TableColumns:
    """What a data file's rows hold, and the target table that takes them."""

    row_columns: tuple[str, ...]  # what a row without a column list holds
    types: Mapping[str, str]  # column -> type without length, in lower case; without generated columns
    empty_before: bool = False  # so duplicates are few: each is looked at
    extracted: tuple[Extracted, ...] = ()  # what every row of the file gets besides
    auto_increment: str | None = None  # its column, where LOAD DATA may have a SET clause
    charsets: Mapping[str, str] = field(default_factory=dict)  # column -> its charset, where it has one
