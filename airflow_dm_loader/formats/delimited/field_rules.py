"""Fields of a CSV that a server would take as another value without a word, however strict its mode is.

Dump tools write values of their columns; other tools write what they like: 1.5 for an INT is 2, 70 for a YEAR 1970, 2
for an ENUM its second label. Fields of the usual form are told by a pattern, beside all else; the others are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from airflow_dm_loader.target.column_shapes import ColumnShape, shape_of

_INTEGERS = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint"})
USUAL_BYTES = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_ ./:+-") | frozenset(
    range(0x80, 0x100)
)
_WORDS = rb"[A-Za-z_\x80-\xff][A-Za-z0-9_ ./:\x80-\xff-]*"
_MOST_DIGITS = 400  # a number that is longer is none that an integer column takes as it is
_NUMBER = re.compile(rb"\s*+[+-]?+[0-9]++\s*+")
_YEAR_OF_OTHER_FORM = re.compile(rb"\s*+[+-]?+[0-9.]++\s*+")
_YEAR = re.compile(rb"\s*+[0-9]{4}\s*+")
_TWO_DIGITS = re.compile(rb"\s*+[0-9]{1,2}+[^0-9\s]|\s*+(?:[0-9]{6}|[0-9]{12})(?![0-9])")
_FRACTION = re.compile(rb"(?::[0-9]{1,2}+|\A\s*+[0-9]{14})\.([0-9]++)")


@dataclass(frozen=True, slots=True)
class FieldRule:
    """Of one column.

    Attributes:
        usual: the pattern of fields that need no second look; the same for RE2 and ``re``, and linear in both. It
            matches :data:`USUAL_BYTES` alone, so that no mark of a format that has none of them stands in it.
        changes: what the server would make of a field, in words; "": the same value, or an error.
        in_quotes: what may follow ``usual`` between quotes.
    """

    usual: bytes
    changes: Callable[[bytes], str]
    in_quotes: bytes = b""


Rules = tuple[tuple[int, FieldRule], ...]  # place in a record, in order


def field_rules(columns: Sequence[str], definitions: Mapping[str, str]) -> Rules:
    """The rules of a record's fields.

    Args:
        definitions: column -> its type with length and labels, as information_schema has it.
    """
    folded = {name.lower(): definition for name, definition in definitions.items()}
    found = ((at, _rule(folded[name.lower()])) for at, name in enumerate(columns) if name.lower() in folded)
    return tuple((at, rule) for at, rule in found if rule is not None)


@lru_cache(maxsize=4096)  # so that tables alike have equal rules
def _rule(definition: str) -> FieldRule | None:
    shape = shape_of("", definition)
    if shape.kind in _INTEGERS:
        return FieldRule(rb"[+-]?[0-9]+(?:\.0*)?", _rounded)
    if shape.kind == "year":
        return FieldRule(rb"[0-9]{4}", _another_year)
    if shape.kind in {"enum", "set"}:
        labels = {label.encode() for label in shape.args}
        more = rb"(?:,%b)*" % _WORDS if shape.kind == "set" else b""
        return FieldRule(_WORDS, lambda text: _by_number(text, labels), more)
    if shape.kind in {"date", "datetime", "timestamp", "time"}:
        return _of_moments(shape)
    return None


def _of_moments(shape: ColumnShape) -> FieldRule:
    digits = shape.number(0, 0)
    fraction = rb"(?:\.[0-9]{0,%d}0*)?" % digits
    time = rb"[0-9]{2}:[0-9]{2}:[0-9]{2}" + fraction
    date = rb"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    if shape.kind == "time":
        return FieldRule(rb"-?[0-9]?" + time, lambda text: _cut(text, digits))
    if shape.kind == "date":
        return FieldRule(date, _two_digits)
    return FieldRule(date + rb"(?:[ T]" + time + rb")?", lambda text: _two_digits(text) or _cut(text, digits))


def _rounded(text: bytes) -> str:
    if len(text) > _MOST_DIGITS:
        return "it is longer than any number of this column"
    try:
        number = Decimal(text.decode("ascii").strip())
    except (InvalidOperation, UnicodeDecodeError):
        return ""
    is_changed = number.is_finite() and number != number.to_integral_value()
    return "it would be rounded" if is_changed else ""


def _another_year(text: bytes) -> str:
    is_other = _YEAR_OF_OTHER_FORM.fullmatch(text) is not None and not _YEAR.fullmatch(text)
    return "a YEAR has four digits, and this would be another year" if is_other else ""


def _by_number(text: bytes, labels: set[bytes]) -> str:
    is_number = _NUMBER.fullmatch(text) is not None and text not in labels
    return "it is no label, and would be taken for a label's number" if is_number else ""


def _two_digits(text: bytes) -> str:
    return "its year has two digits, and the century would be guessed" if _TWO_DIGITS.match(text) else ""


def _cut(text: bytes, digits: int) -> str:
    match = _FRACTION.search(text)
    too_fine = match is not None and len(match[1].rstrip(b"0")) > digits
    return "its fraction of a second is finer than the column's" if too_fine else ""
