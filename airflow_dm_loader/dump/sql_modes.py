"""What a ``sql_mode`` says about how text reads: what quotes what, and what a backslash is."""

from __future__ import annotations

from dataclasses import dataclass

# The combinations hold ANSI_QUOTES; servers show the members of a combination beside its name.
_ANSI_QUOTES = frozenset({"ANSI_QUOTES", "ANSI", "DB2", "MAXDB", "MSSQL", "ORACLE", "POSTGRESQL"})
_NO_BACKSLASH_ESCAPES = "NO_BACKSLASH_ESCAPES"


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
