"""What a server answers, as the values that were asked for: the one door between its rows and ours.

A server, or whatever stands in between, may answer any question with anything. Each question says what its answer has
a column for; what comes otherwise is an error of ours that names the question, and never a value that nobody expects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from types import EllipsisType
from typing import Any, TypeVar

from airflow_dm_loader.errors import CheckpointError, TargetError

_T = TypeVar("_T")
Reader = Callable[[Any], Any]
Shape = Sequence[Reader | EllipsisType]
"""A reader for each column. ``...`` behind the last: more columns may follow, which nobody looks at."""

_MOST = 10**65  # a DECIMAL has 65 digits at the most


def as_text(value: object) -> str:
    """Raises ValueError: it is none."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):  # what a server does not say the charset of
        return value.decode()
    raise _is_not("text", value)


def as_number(value: object) -> int:
    """A whole one, as servers say it: sums come as DECIMAL, variables as text. Raises ValueError: it is none."""
    if isinstance(value, int):
        found = value
    elif (isinstance(value, str) and len(value) <= 66 and value.removeprefix("-").isdecimal()) or (
        isinstance(value, Decimal) and value.is_finite() and abs(value) < _MOST and value == value.to_integral_value()
    ):
        found = int(value)
    else:
        raise _is_not("a whole number", value)
    if abs(found) >= _MOST:
        raise ValueError("a number is out of all bounds")
    return found


def as_real(value: object) -> float:
    """Raises ValueError: it is no number that can be reckoned with."""
    found = float(value) if isinstance(value, float | str) and len(str(value)) < 400 else float(as_number(value))
    if abs(found) < float(_MOST):
        return found
    raise _is_not("a number", value)


def as_truth(value: object) -> bool:
    """Raises ValueError: it is neither."""
    if (found := as_number(value)) in {0, 1}:
        return bool(found)
    raise _is_not("0 or 1", value)


def as_bytes(value: object) -> bytes:
    """Bytes as they are. Raises ValueError: it is neither bytes nor text."""
    if isinstance(value, bytes):
        return value
    return as_text(value).encode("utf-8", "surrogateescape")


def as_it_is(value: object) -> object:
    """For what is only looked at by people, or not at all."""
    return value


def maybe(reader: Callable[[object], _T]) -> Callable[[object], _T | None]:
    """The same, or NULL."""
    return lambda value: None if value is None else reader(value)


def read_rows(
    columns: Sequence[str], rows: Iterable[Sequence[object]], shape: Shape, question: str
) -> list[tuple[Any, ...]]:
    """The rows, with a value for each reader.

    Args:
        columns: the names of the answer's columns.

    Raises:
        TargetError: they are not what the question asks for.
    """
    readers = [reader for reader in shape if not isinstance(reader, EllipsisType)]
    may_have_more = len(readers) < len(shape)
    found = []
    for row in (columns, *rows):
        if len(row) < len(readers) or (len(row) > len(readers) and not may_have_more):
            raise unexpected(f"it has {len(row)} columns instead of {len(readers)}", question)
        if row is not columns:
            found.append(_values(readers, row, question))
    return found


def _values(readers: Sequence[Reader], row: Sequence[object], question: str) -> tuple[Any, ...]:
    try:
        return tuple(reader(value) for reader, value in zip(readers, row, strict=False))
    except ValueError as error:
        raise unexpected(_told(error), question) from None


def unexpected(what: str, question: str | None) -> TargetError:
    """The answer is none to this question. ``question``: without its values; None: it is not for showing."""
    return TargetError(
        f"the server's answer is none to what it was asked: {what}",
        statement=question,
        remedy="Check that host and port are the MySQL server that you mean, and that no proxy in between changes its "
        "answers; then clear the failed task. What was committed stays.",
    )


def _is_not(expected: str, value: object) -> ValueError:
    kind = "NULL" if value is None else type(value).__name__
    return ValueError(f"{kind} where {expected} belongs")


def _told(error: ValueError) -> str:
    return "a text is no UTF-8" if isinstance(error, UnicodeError) else str(error)


def read_stored(kind: type[_T], stored: str, what: str) -> _T:
    """A text in JSON that a load stored, as what it was.

    Raises:
        CheckpointError: it can't be read as that: somebody changed it, or the server says another text.
    """
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(kind).validate_json(stored)
    except (ValidationError, RecursionError):
        raise CheckpointError(f"{what} can't be read as it is stored") from None
