"""Which tool wrote a data file: it decides what ``SET NAMES binary`` in its head means.

mydumper reads over a binary connection, so a string is the column's own bytes, in the column's charset. dumpling reads
over a utf8mb4 connection and writes the same line, so its strings are UTF-8 whatever the column's charset is. The two
write their heads in another order and form:

    mydumper    /*!40101 SET NAMES binary*/; /*!40014 SET FOREIGN_KEY_CHECKS=0*/; [sql_mode] [time_zone]
    dumpling    /*!40014 SET FOREIGN_KEY_CHECKS=0*/; /*!40101 SET NAMES binary*/;         of MySQL and TiDB
                /*!40101 SET NAMES binary*/; SET FOREIGN_KEY_CHECKS=0;                    of MariaDB
                /*!40101 SET NAMES binary*/;                                              until 5.3

Where that leaves it open, the quotes around strings and the file's number tell: dumpling writes ``'`` and nine digits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from airflow_dm_loader.dump.lexer import Statement
from airflow_dm_loader.dump.value_marks import Places
from airflow_dm_loader.errors import DumpFormatError
from airflow_dm_loader.settings.choices import DumpTool

_NAMES = re.compile(rb"/\*!40101 SET NAMES binary\s*\*/", re.IGNORECASE)
_KEYS_IN_COMMENT = re.compile(rb"/\*!40014 SET FOREIGN_KEY_CHECKS\s*=\s*0\s*\*/", re.IGNORECASE)
_KEYS = re.compile(rb"SET FOREIGN_KEY_CHECKS\s*=\s*0", re.IGNORECASE)
_OF_MYDUMPER = re.compile(rb"/\*!\d+ SET (?:TIME_ZONE|SQL_MODE)\b", re.IGNORECASE)
_NUMBER = re.compile(r"\.(\d{9}|\d{13})\.sql(?:\.|\Z)", re.IGNORECASE)
_FORMS = {"names": _NAMES, "keys in comment": _KEYS_IN_COMMENT, "keys": _KEYS, "of mydumper": _OF_MYDUMPER}

_DUMPLING_HEADS = (("keys in comment", "names"), ("names", "keys"))
_MYDUMPER_HEAD = ("names", "keys in comment", "of mydumper")
_OPEN_HEADS = (("names", "keys in comment"), ("names",))


def tool_of(head: Sequence[bytes], first_rows: bytes | memoryview, file: str) -> DumpTool:
    """The tool that wrote a SQL file; AUTO: it can't be told.

    Args:
        head: the statements before the first rows, as they stand.
        first_rows: the rows of the file's first statement.
        file: its name.
    """
    forms = tuple(dict.fromkeys(_form(statement) for statement in head))
    if forms in _DUMPLING_HEADS:
        return DumpTool.DUMPLING
    if forms == _MYDUMPER_HEAD:
        return DumpTool.MYDUMPER
    if forms not in _OPEN_HEADS:
        return DumpTool.AUTO
    quote = re.search(rb"['\"]", first_rows)
    if quote is not None and quote[0] == b'"':
        return DumpTool.MYDUMPER
    return DumpTool.DUMPLING if _NUMBER.search(file) else DumpTool.AUTO


def _form(statement: bytes) -> str:
    return next((form for form, pattern in _FORMS.items() if pattern.match(statement)), "another")


# A column's own bytes are UTF-8 in these charsets, or, in ascii, no letter at all.
_SAME_BYTES = frozenset({"utf8", "utf8mb3", "utf8mb4", "binary", "ascii"})
_WIDE = frozenset({"ucs2", "utf16", "utf16le", "utf32"})  # in which ASCII is not one byte a letter


@dataclass(frozen=True, slots=True)
class UnsureCharset:
    """Columns of a table in which the two tools' strings mean different letters.

    Attributes:
        columns: the names in lower case, with their charsets.
    """

    columns: Mapping[str, str]

    @classmethod
    def of(cls, charsets: Mapping[str, str]) -> Self | None:
        """None: whatever tool wrote it, the strings are the same.

        Args:
            charsets: column -> its charset, of the columns that have one.
        """
        found = {name.lower(): charset for name, charset in charsets.items() if charset not in _SAME_BYTES}
        return cls(found) if found else None

    def check(
        self, statement: Statement, values_at: int, columns: Sequence[str], backslash_escapes: bool, file: str
    ) -> None:
        """Raise DumpFormatError where rows hold a string that the two tools would mean differently.

        Args:
            values_at: where the rows begin in the statement's text.
            columns: of a row, in order.
        """
        places = tuple(at for at, name in enumerate(columns) if name.lower() in self.columns)
        wide = any(charset in _WIDE for charset in self.columns.values())
        if not places or (statement.text.isascii() and not wide):
            return
        rows = memoryview(statement.text)[values_at:]
        for start, values in Places(len(columns), places, backslash_escapes).values(rows):
            for place, value in zip(places, values, strict=True):
                charset = self.columns[columns[place].lower()]
                if not value.isascii() or (charset in _WIDE and (b"'" in value or b'"' in value)):
                    raise _unsure(columns[place], charset, statement, values_at + start, file)


def _unsure(column: str, charset: str, statement: Statement, at: int, file: str) -> DumpFormatError:
    return DumpFormatError(
        f"the file says SET NAMES binary, and by its head either dumpling or mydumper wrote it: a string of column "
        f"{column} is UTF-8 in dumpling's files, and {charset} in mydumper's",
        file=file,
        offset=statement.offset + at,
        statement=statement.text[at : at + 256],
        remedy="Set dump_tool to dumpling or mydumper, whichever wrote the dump, and clear the task.",
    )
