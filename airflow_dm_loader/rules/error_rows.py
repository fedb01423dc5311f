"""How many rows may be wrong, by kind, before a load fails; the setting ``max_error_rows``.

The kinds are those of tidb-lightning's ``max-error``, and one for what the table itself forbids.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class ErrorKind(StrEnum):
    """Why the server took a row not, or not as it is."""

    TYPE = "type"  # a value does not fit its column, or would have been changed
    CHARSET = "charset"  # bytes that are no letters, or letters that the column can't hold
    SYNTAX = "syntax"  # the row has another number of values than the table has columns
    CONSTRAINT = "constraint"  # CHECK, FOREIGN KEY, a missing partition, a trigger that signals
    CONFLICT = "conflict"  # a row with the same key exists


KINDS = tuple(kind.value for kind in ErrorKind)
_CONFLICT = frozenset({1062, 1586})
_CONSTRAINT = frozenset({1216, 1451, 1452, 1526, 1644, 3819, 4025})
_SYNTAX = frozenset({1136})
_CHARSET = frozenset({1300, 1977, 3854})
# Rows that no statement can hold: the conflict table would not take them either.
_TOO_LARGE = frozenset({1153, 8025})
_WRONG_LETTERS = "Incorrect string value"
_WRONG_VALUE = 1366


def checked(value: Mapping[str, Any]) -> dict[str, int]:
    """Kind -> most rows. Raises ValueError."""
    found: dict[str, int] = {}
    for name, most in value.items():
        kind = name.strip().lower()
        if kind not in KINDS:
            raise ValueError(f"{name!r} is no kind of error: {', '.join(KINDS)}")
        if isinstance(most, bool) or not isinstance(most, int) or not 0 <= most < 1 << 40:
            raise ValueError(f"{kind} takes a number of rows, from 0 on")
        found[kind] = most
    return found


def kind_of(errno: int | None, text: str) -> ErrorKind | None:
    """The kind of an error that is about one row; None: it is none that a row may be set aside for.

    Args:
        errno: the server's number; 0 or None: it gave none, and took the row otherwise than it was sent.
    """
    if errno in _TOO_LARGE:
        return None
    if errno in _CHARSET or (errno == _WRONG_VALUE and _WRONG_LETTERS in text):
        return ErrorKind.CHARSET
    for kind, numbers in (
        (ErrorKind.CONFLICT, _CONFLICT),
        (ErrorKind.CONSTRAINT, _CONSTRAINT),
        (ErrorKind.SYNTAX, _SYNTAX),
    ):
        if errno in numbers:
            return kind
    return ErrorKind.TYPE
