"""What a statement of a data file is: a head setting, or rows for a table.

Nothing else may stand in a data file, and nothing is guessed: any other statement is an error that shows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from airflow_dm_loader.dump.byte_order_mark import (
    LOOKED_AT_BYTES,
    byte_order_mark_error,
    is_wide,
    starts_with_mark,
    wide_text_error,
)
from airflow_dm_loader.dump.lexer import Statement
from airflow_dm_loader.errors import DumpFormatError, UnsupportedStatementError
from airflow_dm_loader.identifiers import TableName

_NAME = rb"(?:`((?:[^`]++|``)++)`|\"((?:[^\"]++|\"\")++)\"|([\w$\x80-\xff]++))"
_INSERT = re.compile(
    rb"(INSERT|REPLACE)(\s++IGNORE)?+\s++(?:INTO\s++)?+" + _NAME + rb"(?:\s*+\.\s*+" + _NAME + rb")?+\s*+"
    rb"(\((?:\s*+(?:`(?:[^`]++|``)++`|\"(?:[^\"]++|\"\")++\"|[\w$\x80-\xff]++)\s*+(?:,|(?=\))))*+\s*+\))?+"
    rb"\s*+VALUES?\s*+(?=\()",
    re.IGNORECASE,
)
_EMPTY_ROW = re.compile(rb"\(\s*+\)")  # a default for every column: the same as with an empty list of columns
_LOAD_DATA = re.compile(rb"LOAD\s+DATA\b", re.IGNORECASE)
_VERSION_COMMENT = re.compile(rb"/\*M?!\d*+")
_SET = re.compile(rb"SET\s++", re.IGNORECASE)
_SET_NAMES = re.compile(rb"NAMES\s++['\"]?+(\w++)['\"]?+(?:\s++COLLATE\s++['\"]?+\w++['\"]?+)?+\s*+", re.IGNORECASE)
_ASSIGNMENT = re.compile(
    rb"\s*+(?:@@SESSION\.|@@|SESSION\s++)?+(\w++)\s*+:?+=\s*+(?:'([^']*+)'|\"([^\"]*+)\"|([\w.+:-]++))\s*+(?:,|$)",
    re.IGNORECASE,
)
_SAVED = re.compile(rb"@\w++\s*+=\s*+@@(?:SESSION\.)?+\w++\s*+,\s*+", re.IGNORECASE)
_HEAD_SETTINGS = frozenset({
    "foreign_key_checks", "unique_checks", "sql_mode", "time_zone",
    "character_set_client", "character_set_results", "collation_connection",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rows:
    """An INSERT, INSERT IGNORE or REPLACE.

    ``columns`` is the column list as it stands, parentheses included, or None; ``text[values_at:]`` is
    ``(..),(..)``, the rows as they stand.
    """

    verb: str  # "INSERT" | "INSERT IGNORE" | "REPLACE"
    schema: str | None
    table: str
    columns: bytes | None
    values_at: int


@dataclass(frozen=True, slots=True)
class HeadSettings:
    """Session settings that a file asks for: lower-case name -> value; SET NAMES is ``names``."""

    values: dict[str, str]


def classify(statement: Statement, *, file: str) -> Rows | HeadSettings:
    """Tell what a data file's statement is; anything unknown raises :class:`UnsupportedStatementError`.

    What stands in the rows is not looked at: see :func:`~airflow_dm_loader.dump.row_values.check_values`.
    """
    text = statement.text
    if match := _INSERT.match(text):
        if not text.endswith(b")"):
            raise _unsupported(statement, file)
        verb = match[1].decode().upper() + (" IGNORE" if match[2] else "")
        first, second = _name(match.groups()[2:5]), _name(match.groups()[5:8])
        schema, table = (first, second) if second is not None else (None, first)
        assert table is not None
        columns = match[9] if match[9] is not None or _EMPTY_ROW.match(text, match.end()) is None else b"()"
        return Rows(verb, schema, table, columns, match.end())
    settings = head_settings(text)
    if settings is None:
        raise _unsupported(statement, file)
    return settings


MAX_HEAD_BYTES = 1 << 20


def check_head(statement: Statement, kind: Rows | HeadSettings, most_bytes: int, file: str) -> None:
    """A file's head, and that of a statement, must be short: both are kept, and looked at in more than one way.

    Raises:
        DumpFormatError: it is longer than ``most_bytes``.
    """
    of_file = isinstance(kind, HeadSettings)
    if (statement.end if isinstance(kind, HeadSettings) else kind.values_at) <= most_bytes:
        return
    raise DumpFormatError(
        f"more than {most_bytes} bytes (max_head_bytes) stand "
        + ("at the file's head, without a row" if of_file else "before the rows of this statement"),
        file=file,
        offset=statement.offset,
        statement=statement.text[:256],
        remedy="If the file is sound, raise max_head_bytes; then clear.",
    )


def head_settings(text: bytes) -> HeadSettings | None:
    """The settings of a SET statement, in a version comment or not; None if it is not one that heads hold."""
    if (comment := _VERSION_COMMENT.match(text)) is not None:
        text = text[comment.end() :].strip()
        if not text.endswith(b"*/") or text.find(b"*/") < len(text) - 2:
            return None
        text = text[:-2].strip()
    if (match := _SET.match(text)) is None:
        return None
    if saved := _SAVED.match(text, match.end()):  # mysqldump: SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='...'
        match = saved
    if names := _SET_NAMES.fullmatch(text, match.end()):
        return HeadSettings({"names": names[1].decode("ascii").lower()})
    values: dict[str, str] = {}
    at = match.end()
    while at < len(text):
        assignment = _ASSIGNMENT.match(text, at)
        if assignment is None:
            return None
        name = assignment[1].decode("ascii").lower()
        if name not in _HEAD_SETTINGS:
            return None
        value = next(group for group in assignment.groups()[1:] if group is not None)
        values[name] = value.decode("utf-8", "surrogateescape")
        at = assignment.end()
    return HeadSettings(values) if values else None


_COLUMN = re.compile(rb"\s*+" + _NAME + rb"\s*+[,)]")


def column_names(columns: bytes) -> tuple[str, ...]:
    """The names in a column list ``(`a`,`b`)``, as it stands in a statement that was classified."""
    names, at = [], 1
    while match := _COLUMN.match(columns, at):
        names.append(_name(match.groups()) or "")
        at = match.end()
    return tuple(names)


_STRINGS = rb"'[^'\\]*+(?:\\.[^'\\]*+)*+'" rb'|"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_STRINGS_WITHOUT_BACKSLASH = rb"'[^']*+'" rb'|"[^"]*+"'


def _row_pattern(strings: bytes) -> re.Pattern[bytes]:
    row = rb"\((?:[^'\"()]++|" + strings + rb")*+\)"
    for _ in range(3):  # functions in a value nest: CONVERT(_binary "..." USING utf8mb4), ST_GeomFromText(..)
        row = rb"\((?:[^'\"()]++|" + strings + rb"|" + row + rb")*+\)"
    return re.compile(rb"\s*+(" + row + rb")\s*+(?:,|\Z)", re.DOTALL)


_ROW = _row_pattern(_STRINGS)
_ROW_WITHOUT_BACKSLASH = _row_pattern(_STRINGS_WITHOUT_BACKSLASH)


def split_rows(
    values: bytes | memoryview, *, file: str, offset: int, backslash_escapes: bool = True
) -> Iterator[tuple[int, int]]:
    """Spans of the rows in ``(..),(..)``; each span is ``values[start:end]``, parentheses included.

    ``offset`` is where ``values`` stands in the decoded file, for errors.
    """
    pattern, at = (_ROW if backslash_escapes else _ROW_WITHOUT_BACKSLASH), 0
    while at < len(values):
        match = pattern.match(values, at)
        if match is None:
            raise DumpFormatError(
                "rows can't be told apart here",
                file=file,
                offset=offset + at,
                statement=bytes(values[at : at + 256]),
            )
        yield match.span(1)
        at = match.end()


def _name(groups: tuple[bytes | None, ...]) -> str | None:
    quoted, double, plain = groups
    if quoted is not None:
        return quoted.replace(b"``", b"`").decode("utf-8", "surrogateescape")
    if double is not None:
        return double.replace(b'""', b'"').decode("utf-8", "surrogateescape")
    return plain.decode("utf-8", "surrogateescape") if plain is not None else None


def byte_order_mark(statement: Statement, file: str) -> DumpFormatError | None:
    """The error for a file that an editor has put a byte order mark in front of, or written wide; None: neither."""
    if is_wide(statement.text[:LOOKED_AT_BYTES]):
        return wide_text_error(file)
    return byte_order_mark_error(file) if starts_with_mark(statement.text) else None


def _unsupported(statement: Statement, file: str) -> DumpFormatError:
    if _LOAD_DATA.match(statement.text):
        return UnsupportedStatementError(
            "the file holds a LOAD DATA statement, but the .dat file that it reads is not in the dump",
            file=file,
            offset=statement.offset,
            statement=statement.text,
            remedy="Put the .dat file back, or dump again; then empty the tables and set remove_meta.",
        )
    return byte_order_mark(statement, file) or UnsupportedStatementError(
        "a data file may hold head settings, INSERT, INSERT IGNORE and REPLACE, but not this",
        file=file,
        offset=statement.offset,
        statement=statement.text,
    )


def check_table(schema: str | None, table: str, of_file: TableName, statement: Statement, *, file: str) -> None:
    """A statement must be for the table that its data file's name says. Raises DumpFormatError."""
    if table != of_file[1] or schema not in {None, of_file[0]}:
        raise DumpFormatError(
            f"the statement is for table {table!r}, but the file's name says {of_file[1]!r}",
            file=file,
            offset=statement.offset,
            statement=statement.text,
            remedy="Give the file the name of its table, or take it out of the dump.",
        )
