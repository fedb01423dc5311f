"""What a ``sql_mode`` says about how text reads: what quotes what, and what a backslash is, and what to do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

# The combinations hold ANSI_QUOTES; servers show the members of a combination beside its name.
_ANSI_QUOTES = frozenset({"ANSI_QUOTES", "ANSI", "DB2", "MAXDB", "MSSQL", "ORACLE", "POSTGRESQL"})
_NO_BACKSLASH_ESCAPES = "NO_BACKSLASH_ESCAPES"
_OPEN_COMMENT = rb"/\*(?!M?!|T!)[^*]*+(?:\*(?!/)[^*]*+)*+"
_COMMENT = _OPEN_COMMENT + rb"\*/|--(?=[\x00- \x7f]|\Z)[^\n]*+|\#[^\n]*+"
_IDENTIFIER = rb"`[^`]*+`"
_STRINGS = {True: rb"'[^'\\]*+(?:\\.[^'\\]*+)*+'", False: rb"'[^']*+'"}
_DOUBLE_QUOTED = {True: rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', False: rb'"[^"]*+"'}
_DOUBLE_QUOTED_NAME = rb'"[^"]*+(?:""[^"]*+)*+"'


@dataclass(frozen=True, slots=True)
class Quoting:
    """How a file's text reads."""

    ansi_quotes: bool = False  # double quotes are for names
    backslash_escapes: bool = True


def modes(sql_mode: str) -> list[str]:
    """The names in a ``sql_mode``, in upper case."""
    return [mode for part in sql_mode.split(",") if (mode := part.strip().upper())]


def quoting(sql_mode: str) -> Quoting:
    """What a ``sql_mode`` says."""
    found = set(modes(sql_mode))
    return Quoting(bool(found & _ANSI_QUOTES), _NO_BACKSLASH_ESCAPES not in found)


def without_quoting(sql_mode: str) -> str:
    """The ``sql_mode`` for text that has the usual quotes and escapes."""
    if quoting(sql_mode) == Quoting():
        return sql_mode
    return ",".join(mode for mode in modes(sql_mode) if mode not in _ANSI_QUOTES and mode != _NO_BACKSLASH_ESCAPES)


def with_usual_quotes(statement: bytes, quoting: Quoting) -> bytes:
    """The same statement as it would be written without ANSI_QUOTES and NO_BACKSLASH_ESCAPES."""
    if quoting == Quoting() or (b'"' not in statement and (quoting.backslash_escapes or b"\\" not in statement)):
        return statement

    def rewrite(match: re.Match[bytes]) -> bytes:
        text = match[0]
        if match["other"] is not None:
            return text
        if match["double"] is not None and quoting.ansi_quotes:
            return b"`" + text[1:-1].replace(b'""', b'"').replace(b"`", b"``") + b"`"
        return text if quoting.backslash_escapes else text.replace(b"\\", b"\\\\")

    return quoted_pieces(quoting).sub(rewrite, statement)


@lru_cache(maxsize=4)
def quoted_pieces(quoting: Quoting) -> re.Pattern[bytes]:
    """What is in quotes, or in a comment. What is never closed is one piece up to the end, and stays as it is."""
    strings = _STRINGS[quoting.backslash_escapes]
    doubled = _DOUBLE_QUOTED_NAME if quoting.ansi_quotes else _DOUBLE_QUOTED[quoting.backslash_escapes]
    unclosed = b"".join(
        b"|" + each + rb"\Z" for each in (_OPEN_COMMENT, b"`[^`]*+", strings[:-1] + rb"\\?+", doubled[:-1] + rb"\\?+")
    )
    return re.compile(
        b"(?P<string>" + strings + b")|(?P<double>" + doubled + b")|"
        b"(?P<other>" + _COMMENT + b"|" + _IDENTIFIER + unclosed + b")",
        re.DOTALL,
    )
