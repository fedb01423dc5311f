"""Rows whose text is made UTF-8 on the way, for a target that takes no other.

TiDB takes a string's bytes for UTF-8 whatever the session's charset says, in latin1 columns too, and stores what is no
UTF-8 without a word. So strings in other charsets are read here, letter by letter, and written anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from airflow_dm_loader.dump.codecs import WIDE, UnknownLettersError, decode
from airflow_dm_loader.dump.value_marks import Places
from airflow_dm_loader.errors import DumpFormatError

SAME_BYTES = frozenset({"utf8", "utf8mb3", "utf8mb4", "binary", "ascii"})
_STRING = re.compile(rb"\s*+(?:_binary\s*+)?+(['\"])(.*)\1\s*+", re.DOTALL)
_HEX = re.compile(rb"\s*+(?:[xX]'([0-9A-Fa-f]*+)'|0x([0-9A-Fa-f]++))\s*+")
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)
_ESCAPES = {b"0": b"\0", b"b": b"\b", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"Z": b"\x1a", b"%": b"\\%", b"_": b"\\_"}


def to_recode(file_charset: str, charsets: Mapping[str, str]) -> dict[str, str]:
    """Column in lower case -> the charset that its strings are in, of those that are not UTF-8.

    Args:
        file_charset: of the file's bytes; ``binary``: each column has its own.
        charsets: column -> its charset, of the columns that have one.
    """
    own = ((name.lower(), charset if file_charset == "binary" else file_charset) for name, charset in charsets.items())
    return {name: charset for name, charset in own if charset not in SAME_BYTES}


def not_utf8(error: UnknownLettersError, *, file: str, offset: int, table: str) -> DumpFormatError:
    """The error for a row of which nobody knows the letters for certain."""
    return DumpFormatError(
        f"the target takes text in UTF-8 alone, and this row can't be made that: {error}",
        file=file,
        offset=offset,
        table=table,
        remedy="Dump again in UTF-8, as dumpling does, or change the column to utf8mb4 at the source first.",
    )


@dataclass(frozen=True, slots=True)
class Recoding:
    """The columns of a statement's rows whose strings are not UTF-8, and their charsets."""

    places: Places
    charsets: tuple[str, ...]

    @classmethod
    def of(cls, columns: Sequence[str], charsets: Mapping[str, str], *, backslash_escapes: bool) -> Self | None:
        """None: there are none.

        Args:
            columns: of a row, in order.
            charsets: see :func:`to_recode`.
        """
        found = [(at, charsets[name.lower()]) for at, name in enumerate(columns) if name.lower() in charsets]
        if not found:
            return None
        places = Places(len(columns), tuple(at for at, _ in found), backslash_escapes)
        return cls(places, tuple(charset for _, charset in found))

    def on(self, rows: bytes | memoryview) -> bytes:
        """The rows in UTF-8. From a row on that has another number of values they stay as they are: the server refuses.

        Raises:
            UnknownLettersError: bytes that are no letters of the charset, or of which nothing certain is known.
        """
        parts: list[bytes | memoryview] = []
        at = 0
        for end, pieces in self.places.pieces(rows):
            for before, value, charset in zip(pieces[::2], pieces[1::2], self.charsets, strict=False):
                parts += [before, self._recoded(value, charset)]
            parts.append(pieces[-1])
            at = end
        parts.append(rows[at:])
        return b"".join(parts)

    def _recoded(self, value: bytes, charset: str) -> bytes:
        if (bits := _HEX.fullmatch(value)) is not None:
            return self._literal(decode(bytes.fromhex((bits[1] or bits[2] or b"").decode()), charset))
        if value.isascii() and charset not in WIDE:
            return value
        string = _STRING.fullmatch(value)
        if string is None and not value.isascii():
            raise UnknownLettersError(f"a string in {charset} is written in a form that can't be read here")
        return value if string is None else self._literal(decode(self._plain(string[2], string[1]), charset))

    def _plain(self, text: bytes, quote: bytes) -> bytes:
        """What stands between the quotes, without its escapes."""
        if not self.places.backslash_escapes:
            return text.replace(quote * 2, quote)
        pieces = _ESCAPE.split(text)
        pieces[::2] = [piece.replace(quote * 2, quote) for piece in pieces[::2]]
        pieces[1::2] = [_ESCAPES.get(escaped, escaped) for escaped in pieces[1::2]]
        return b"".join(pieces)

    def _literal(self, text: str) -> bytes:
        raw = text.encode().replace(b"'", b"''")
        return b"'" + (raw.replace(b"\\", b"\\\\") if self.places.backslash_escapes else raw) + b"'"
