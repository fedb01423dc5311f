"""Finds the values of some columns in rows of SQL, and says of their strings what they are: text, or bytes.

A string takes the charset of the session. Where one column's strings are something else than the other columns', they
get an introducer: MySQL takes no JSON out of a binary string, MariaDB no UUID, and no server a geometry out of UTF-8.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

TEXT_TYPES = frozenset({"json", "uuid", "inet4", "inet6"})  # which take no binary strings for their text
BINARY_TYPES = frozenset({
    "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "bit",
    "geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon",
    "geometrycollection", "geomcollection",
})  # fmt: skip

_BACKSLASH = rb"'[^'\\]*+(?:\\.[^'\\]*+)*+'" rb'|"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_NO_BACKSLASH = rb"'[^']*+'" rb'|"[^"]*+"'
_MARK = rb"(?:(_binary\s*+)?+(?=['\"])()|)"  # two groups: a mark that is there, and whether a string follows
_END = rb"\)\s*+(?:,\s*+|\Z)"


@dataclass(frozen=True, slots=True)
class Places:
    """Some columns of a statement's rows.

    Attributes:
        count: how many values a row has.
        places: which of them, in order, counted from 0.
        backslash_escapes: as in :class:`~airflow_dm_loader.dump.lexer.StatementReader`.
    """

    count: int
    places: tuple[int, ...]
    backslash_escapes: bool = True

    def values(self, rows: bytes | memoryview) -> Iterator[tuple[int, tuple[bytes, ...]]]:
        """Where each row starts, and its values at these places, as they are written.

        Rows from one on that has another number of values are left out.
        """
        for match in _rows(_reading(self), rows):
            yield match.start(), match.groups()

    def pieces(self, rows: bytes | memoryview) -> Iterator[tuple[int, tuple[bytes, ...]]]:
        """Where each row ends, and its text in pieces: before the first of these values, the value, ..., the rest."""
        for match in _rows(_cutting(self), rows):
            yield match.end(), match.groups()


@dataclass(frozen=True, slots=True)
class Marks:
    """What goes before each string at some places of a row: ``_utf8mb4`` or ``_binary``."""

    places: Places
    introducers: tuple[bytes, ...]

    @classmethod
    def of(
        cls, columns: Sequence[str], types: Mapping[str, str], *, binary: bool, backslash_escapes: bool
    ) -> Marks | None:
        """The marks of a table's rows; None: all strings are what the session's charset says.

        Args:
            columns: of a row, in order.
            types: column -> the target's type, in lower case without length.
            binary: whether the session's charset is ``binary``.
        """
        marked, introducer = (TEXT_TYPES, b"_utf8mb4") if binary else (BINARY_TYPES, b"_binary")
        folded = {name.lower(): kind for name, kind in types.items()}
        places = tuple(at for at, name in enumerate(columns) if folded.get(name.lower()) in marked)
        if not places:
            return None
        return cls(Places(len(columns), places, backslash_escapes), (introducer,) * len(places))

    @property
    def growth_bytes(self) -> int:
        """What a row grows by, at most."""
        return sum(map(len, self.introducers))

    def on(self, rows: bytes | memoryview) -> bytes:
        """The rows with their marks, instead of any ``_binary`` that is there.

        From a row on that has another number of values they stay as they are: the server refuses all of them.
        """
        parts: list[bytes | memoryview] = []
        at = 0
        for match in _rows(_marking(self.places), rows):
            groups = match.groups()
            for number, introducer in enumerate(self.introducers):
                parts.append(groups[3 * number])
                if groups[3 * number + 2] is not None:
                    parts.append(introducer)
            parts.append(groups[-1])
            at = match.end()
        parts.append(rows[at:])
        return b"".join(parts)


def _rows(pattern: re.Pattern[bytes], rows: bytes | memoryview) -> Iterator[re.Match[bytes]]:
    at = 0
    while at < len(rows):
        match = pattern.match(rows, at)
        if match is None:
            return
        yield match
        at = match.end()


@lru_cache(maxsize=64)
def _marking(of: Places) -> re.Pattern[bytes]:
    """Groups: before the first place, its mark, up to the next place, its mark, and so on, and the rest."""
    value, before, at = _value(of.backslash_escapes), rb"\s*+\(", 0
    pattern = b""
    for place in of.places:
        pattern += b"(" + before + _skip(value, place - at) + rb"\s*+)" + _MARK
        before, at = value + b",", place + 1
    return re.compile(pattern + b"(" + value + _rest(value, of.count - at) + _END + b")", re.DOTALL)


@lru_cache(maxsize=64)
def _reading(of: Places) -> re.Pattern[bytes]:
    """Groups: the value at each place."""
    value, pattern, at = _value(of.backslash_escapes), rb"\s*+\(", 0
    if not of.places:
        return re.compile(pattern + _skip(value, of.count - 1) + value + _END, re.DOTALL)
    for number, place in enumerate(of.places):
        pattern += (b"," if number else b"") + _skip(value, place - at) + b"(" + value + b")"
        at = place + 1
    return re.compile(pattern + _rest(value, of.count - at) + _END, re.DOTALL)


@lru_cache(maxsize=64)
def _cutting(of: Places) -> re.Pattern[bytes]:
    """Groups: what stands before each place, and the value there; the rest of the row."""
    value, pattern, before, at = _value(of.backslash_escapes), b"", rb"\s*+\(", 0
    for place in of.places:
        pattern += b"(" + before + _skip(value, place - at) + b")(" + value + b")"
        before, at = b",", place + 1
    return re.compile(pattern + b"(" + _rest(value, of.count - at) + _END + b")", re.DOTALL)


def _skip(value: bytes, count: int) -> bytes:
    return b"(?:%b,){%d}" % (value, count) if count else b""


def _rest(value: bytes, count: int) -> bytes:
    return b"(?:,%b){%d}" % (value, count) if count else b""


def _value(backslash_escapes: bool) -> bytes:
    strings = _BACKSLASH if backslash_escapes else _NO_BACKSLASH
    inner = rb"\((?:[^'\"()]++|" + strings + rb")*+\)"
    for _ in range(2):  # as deep as rows are told apart, see split_rows
        inner = rb"\((?:[^'\"()]++|" + strings + rb"|" + inner + rb")*+\)"
    return rb"(?:[^'\"(),]++|" + strings + rb"|" + inner + rb")*+"
