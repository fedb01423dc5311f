r"""Proves that a statement's rows stand in a layout that LOAD DATA reads byte for byte.

LOAD DATA takes much in silence that an INSERT would refuse or read otherwise: two rows on one line, a space beside a
string, ``\%``, a string that is exactly ``\N``, hex and functions as text. So nothing is assumed. One linear regular
expression, made from the table's columns, must match the whole statement: each row on a line of its own, each value
in the only form that both ways read alike. What does not match goes as a statement, which is always right.

After the match every newline ends a row: inside strings they are escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from airflow_dm_loader.dump.linear_pattern import compile_linear


class Layout(StrEnum):
    """How the lines of rows look."""

    COMMA_LAST = "comma last"  # dumpling, mydumper 0.10: (..),\n(..);\n
    COMMA_FIRST = "comma first"  # mydumper 1.0: (..)\n,(..)\n;\n


# An exponent makes a literal a DOUBLE, whatever its column; of more than 65 digits, its first 65 count.
_INTEGER = rb"-?[0-9]+"
_DECIMAL = rb"-?[0-9]+(?:\.[0-9]+)?"
_FLOAT = rb"-?[0-9]{1,65}(?:\.[0-9]{1,40})?(?:e[-+]?[0-9]{1,3})?"
_NUMBERS = {
    **dict.fromkeys(("tinyint", "smallint", "mediumint", "int", "bigint"), _INTEGER),
    "decimal": _DECIMAL,
    **dict.fromkeys(("float", "double"), _FLOAT),
}
_TEXTS = frozenset({
    "char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set",
    "date", "time", "datetime", "timestamp",
})  # fmt: skip
_BINARIES = frozenset({"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"})
# Not in the list: bit and year (numbers read otherwise), geometry, uuid, inet; json, which MySQL takes as UTF-8 only.

# Bytes as dumpling writes them, and mydumper with --hex-blob.
_HEX = {b"x'": rb"x'(?:[0-9a-fA-F]{2})*'", b"0x": rb"0x(?:[0-9a-fA-F]{2})+"}
_FIRST_HEX = re.compile(rb"[(,](x'|0x)")
_GUESSED_BYTES = 64 << 10  # of the first rows

_STRING = {quote: rb"%b(?:[^%b\\\n]|\\[0nrtbZ\\'\"])*%b" % (quote, quote, quote) for quote in (b'"', b"'")}
_QUOTED = {quote: re.compile(rb"%b(?:[^%b\\]++|\\.)*+%b" % (quote, quote, quote), re.DOTALL) for quote in _STRING}


@dataclass(frozen=True, slots=True)
class RowLayout:
    """What a proven statement's rows look like.

    Attributes:
        binary_marks: strings may have ``_binary`` before them.
        hex_mark: what stands before the digits where bytes are written in hex; nothing: they are strings.
    """

    layout: Layout
    quote: bytes
    binary_marks: bool
    hex_mark: bytes = b""

    def is_hex(self, kind: str | None) -> bool:
        """Whether values of columns of this type are written in hex."""
        return bool(self.hex_mark) and kind in _BINARIES

    def row_spans(self, rows: memoryview) -> Iterator[tuple[int, int]]:
        """Where each of the rows stands: the line that it is, without the comma."""
        before, after = (1, 1) if self.layout is Layout.COMMA_LAST else (0, 2)  # of the newline
        start = 0
        for newline in re.finditer(rb"\n", rows):
            yield start, newline.start() - before
            start = newline.start() + after
        yield start, len(rows)

    def decoded(self, variable: str) -> str:
        """The SQL that makes bytes of what LOAD DATA reads of such a value."""
        around = 3 if self.hex_mark.endswith(b"'") else 2
        return f"UNHEX(MID({variable},3,LENGTH({variable})-{around}))"


class LayoutProver:
    """Proves statements of one data file.

    Args:
        head: the statement up to its first row, as it stands in the file.
        columns: the columns of its rows, in order.
        types: column -> the target's type, in lower case without length.
        first_rows: the rows of the file's first statement; they tell which layout to try.
        raw_bytes: whether strings of binary columns may be taken as they stand: not where all is read as UTF-8.
    """

    def __init__(
        self,
        head: bytes,
        columns: Sequence[str],
        types: Mapping[str, str],
        first_rows: bytes | memoryview,
        *,
        raw_bytes: bool = True,
    ) -> None:
        self.row_layout = _guess(head, first_rows)
        self._head = head
        self._end = b"\n;" if self.row_layout.layout is Layout.COMMA_FIRST else b";"
        self._pattern = _compile(tuple(types.get(column, "") for column in columns), self.row_layout, raw_bytes)

    @property
    def can_prove(self) -> bool:
        """Whether the table's types allow this at all."""
        return self._pattern is not None

    def proves_text(self, text: bytes) -> bool:
        """Whether a statement, cut off after its last row, is in the layout."""
        return self._proves_rows(text, 0, len(text))

    def proves(self, buffer: bytes, start: int, end: int) -> bool:
        """Whether ``buffer[start:end]``, from INSERT through ``;``, is a statement in the layout."""
        return buffer.endswith(self._end, start, end) and self._proves_rows(buffer, start, end - len(self._end))

    def _proves_rows(self, buffer: bytes, start: int, end: int) -> bool:
        return (
            self._pattern is not None
            and buffer.startswith(self._head, start, end)
            and self._pattern.fullmatch(buffer, start + len(self._head), end) is not None
        )


def _guess(head: bytes, first_rows: bytes | memoryview) -> RowLayout:
    """Which layout the file seems to have; a wrong guess costs time only, since the proof then fails."""
    layout = Layout.COMMA_LAST if head.endswith(b"\n") else Layout.COMMA_FIRST
    string = re.search(rb"['\"]", first_rows)
    quote = string[0] if string else b'"'
    found = _FIRST_HEX.search(_QUOTED[quote].sub(b"", first_rows[:_GUESSED_BYTES]))
    hex_mark = bytes(found[1]) if found else b"x'" if quote == b"'" else b""
    return RowLayout(layout, quote, binary_marks=layout is Layout.COMMA_FIRST and quote == b'"', hex_mark=hex_mark)


@lru_cache(maxsize=32)  # a dump can have thousands of tables alike
def _compile(types: tuple[str, ...], row_layout: RowLayout, raw_bytes: bool) -> Any | None:
    """What stands after the head of a statement: its rows."""
    string = _STRING[row_layout.quote]
    marked = rb"(?:_binary )?" + string if row_layout.binary_marks else string
    fields = []
    for kind in types:
        if kind in _NUMBERS:
            fields.append(rb"(?:NULL|" + _NUMBERS[kind] + rb")")
        elif kind == "json" and not raw_bytes:
            fields.append(rb"(?:NULL|" + string + rb")")
        elif row_layout.is_hex(kind):
            empty = row_layout.quote * 2
            nothing = rb"(?:_binary )?" + empty if row_layout.binary_marks else empty
            fields.append(rb"(?:NULL|" + _HEX[row_layout.hex_mark] + rb"|" + nothing + rb")")
        elif kind in _TEXTS or (kind in _BINARIES and row_layout.quote == b'"' and raw_bytes):
            fields.append(rb"(?:NULL|" + marked + rb")")
        else:
            return None
    row = rb"\(" + rb",".join(fields) + rb"\)"
    rows = (
        row + rb"(?:\n," + row + rb")*" if row_layout.layout is Layout.COMMA_FIRST else row + rb"(?:,\n" + row + rb")*"
    )
    return compile_linear(rows)


_MARK = b'_binary "'
_AMBIGUOUS_MARK = re.compile(rb'_binary "[,)]')
_STRING_OR_MARK = re.compile(rb'("[^"\\]*+(?:\\.[^"\\]*+)*+")|_binary ', re.DOTALL)
_PIECE_BYTES = 1 << 20
_HUGE_ROW_BYTES = 4 << 20  # its strings are long, so that they are few


def pieces_without_binary_marks(text: bytes, start: int) -> Iterator[bytes | memoryview]:
    """The rows in ``text[start:]``, without ``_binary`` before strings; nothing of huge ones is copied."""
    while start < len(text):
        end = text.find(b"\n", start + _PIECE_BYTES) + 1 or len(text)  # outside of strings, so between rows
        if end - start <= _HUGE_ROW_BYTES:
            yield drop_binary_marks(text[start:end])
        else:
            yield from _between_binary_marks(text, start, end)
        start = end


def _between_binary_marks(text: bytes, start: int, end: int) -> Iterator[memoryview]:
    view = memoryview(text)
    for match in _STRING_OR_MARK.finditer(text, start, end):
        if match.start(1) < 0:
            yield view[start : match.start()]
            start = match.end()
    yield view[start:end]


def drop_binary_marks(values: bytes) -> bytes:
    """The rows without ``_binary`` before strings; the same word inside a string stays.

    Inside a string, ``_binary "`` can only be its last word and closing quote, so a comma or parenthesis follows.
    Where that stands, strings of that row, which is a line, are told from marks one by one.
    """
    pieces: list[bytes] = []
    start = 0
    while (ambiguous := _AMBIGUOUS_MARK.search(values, start)) is not None:
        row = max(start, values.rfind(b"\n", start, ambiguous.start()))
        end = values.find(b"\n", ambiguous.end())
        end = end if end >= 0 else len(values)
        pieces += (values[start:row].replace(_MARK, b'"'), _STRING_OR_MARK.sub(rb"\1", values[row:end]))
        start = end
    if not pieces:
        return values.replace(_MARK, b'"')
    return b"".join((*pieces, values[start:].replace(_MARK, b'"')))
