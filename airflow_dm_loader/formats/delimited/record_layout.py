"""A file's format together with the columns that its fields go to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from airflow_dm_loader.dump.codecs import UTF8
from airflow_dm_loader.formats.delimited.record_format import RecordFormat

# Whose sessions take names of tables and columns in UTF-8, as we send them: those of binary take any bytes.
_TAKES_UTF8_NAMES = UTF8 | {"binary"}


class Function(StrEnum):
    """What makes a column's value of a field, as mydumper's ``SET`` clauses do."""

    UNHEX = "UNHEX(%s)"
    AS_NUMBER = "CAST(%s AS UNSIGNED)"  # for BIT, which takes text as bytes
    AS_UTF8MB4 = "CONVERT(%s USING utf8mb4)"  # JSON, which MySQL takes in no binary charset

    def of(self, field: str) -> str:
        """The SQL that makes the value of a field."""
        return self.value % field


@dataclass(frozen=True, slots=True)
class RecordLayout:
    """How a file of records is loaded.

    Attributes:
        columns: what the fields of a record are, in order; None: the header says, or else the table does.
        functions: column -> what its fields go through.
        head: the session that the file asks for, as the head of a SQL file does. Its charset may be another one than
            the file's: then LOAD DATA names the file's, and so does each string of a statement.
    """

    format: RecordFormat
    columns: tuple[str, ...] | None
    functions: Mapping[str, Function]
    head: Mapping[str, str]

    @property
    def session_charset(self) -> str:
        """What a string of a statement is, if it does not say so itself."""
        return self.head["names"]

    @property
    def hex_fields(self) -> frozenset[int]:
        """The places in a record of fields that must be hex digits: UNHEX makes NULL of all else, in silence."""
        return frozenset(at for at, name in enumerate(self.columns or ()) if self.functions.get(name) is Function.UNHEX)


def session_charset(charset: str) -> str:
    """The charset of the session for files in ``charset`` whose names of columns we send ourselves."""
    return charset if charset in _TAKES_UTF8_NAMES else "utf8mb4"


def in_utf8(layout: RecordLayout) -> RecordLayout:
    """The same for fields that are made UTF-8 on the way."""
    form = replace(layout.format, charset="utf8mb4")
    return replace(layout, format=form, head={**layout.head, "names": "utf8mb4"})
