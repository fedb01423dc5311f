"""What becomes of a column's values, by its type in the file and the column of the table that takes them.

A type whose values would mean something else in the column is refused by its name, before the first row. A type that
is only wider goes: the server, or a check here, refuses each value that does not fit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from airflow_dm_loader.dump.value_marks import BINARY_TYPES
from airflow_dm_loader.formats.delimited.field_rules import field_rules
from airflow_dm_loader.formats.delimited.record_layout import Function
from airflow_dm_loader.formats.parquet import values
from airflow_dm_loader.formats.parquet.values import Check, Text
from airflow_dm_loader.target.column_shapes import ColumnShape, shape_of

_INTEGERS = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint"})
_LETTERS = frozenset({"char", "varchar", "tinytext", "text", "mediumtext", "longtext"})
_BYTES = frozenset({"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"})
_MOMENTS = frozenset({"datetime", "timestamp"})
_EXACT_BITS = {"float": 24, "double": 53}  # of a whole number
_GEOMETRIES = BINARY_TYPES - _BYTES - {"bit"}

NO_UTF8 = "the text is no UTF-8"
_NOT_EXACT = "the column would take it rounded"
_TOO_FINE = "its fraction of a second is finer than the column's"
_NO_DATE = "it is no date of the years 1 to 9999"


class Misfit(ValueError):
    """Why values of this type do not go into this column, in words."""


class Clock(Enum):
    """What the moments of a column are read by."""

    NONE = "none"  # they are no TIMESTAMPs
    UTC = "UTC"
    SESSION = "the session's zone"


@dataclass(frozen=True, slots=True)
class FileColumn:
    """A column of a file. ``kind``: pyarrow's type of its values, without its dictionary or name of an extension."""

    name: str
    kind: Any
    is_int96: bool = False
    is_uuid: bool = False


@dataclass(frozen=True, slots=True)
class ColumnText:
    """How the values of one column are written.

    Attributes:
        text: their text.
        checks: which of them may not be sent, and why.
        function: what the server makes the value with.
        escapes: whether the text may hold marks of LOAD DATA.
    """

    text: Text
    checks: tuple[Check, ...] = ()
    function: Function | None = None
    escapes: bool = False
    clock: Clock = Clock.NONE


def column_text(column: FileColumn, definition: str, zone: str | None) -> ColumnText:
    """How the values of a column go into one that is defined so.

    Args:
        definition: its type with length and labels, as information_schema has it.
        zone: whose clock DATETIME columns are to show for instants, as the user says it; None: nobody says.

    Raises:
        Misfit: they do not.
    """
    import pyarrow as pa

    shape, kind, types = shape_of(column.name, definition), column.kind, pa.types
    families: tuple[
        tuple[Callable[[Any], bool], Callable[[FileColumn, ColumnShape, str, str | None], ColumnText | None]], ...
    ] = (
        (types.is_null, _nothing),
        (types.is_boolean, _boolean),
        (types.is_integer, _integer),
        (types.is_decimal, _decimal),
        (types.is_floating, _floating),
        (lambda kind: types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind), _letters),
        (
            lambda kind: (
                types.is_binary(kind)
                or types.is_large_binary(kind)
                or types.is_binary_view(kind)
                or types.is_fixed_size_binary(kind)
            ),
            _bytes,
        ),
        (types.is_date, _date),
        (types.is_timestamp, _timestamp),
        (types.is_time, _time),
    )
    made = next((make for is_one, make in families if is_one(kind)), None)
    found = made(column, shape, definition, zone) if made is not None else None
    if found is None:
        raise Misfit(f"values of type {kind} do not go into a column of type {definition}")
    return found


def _nothing(column: FileColumn, shape: ColumnShape, definition: str, zone: str | None) -> ColumnText:
    return ColumnText(values.as_null)


def _boolean(column: FileColumn, shape: ColumnShape, definition: str, zone: str | None) -> ColumnText | None:
    import pyarrow as pa

    if shape.kind not in _INTEGERS | {"bit"}:
        return None
    return ColumnText(values.cast_first(pa.uint8()), function=Function.AS_NUMBER if shape.kind == "bit" else None)


def _integer(column: FileColumn, shape: ColumnShape, definition: str, zone: str | None) -> ColumnText | None:
    if shape.kind in _INTEGERS | _LETTERS | {"decimal"}:
        return ColumnText(values.as_text)
    if shape.kind == "bit":
        return ColumnText(values.as_text, (("it is below 0", values.negative),), Function.AS_NUMBER)
    if shape.kind == "year":
        return ColumnText(values.as_year, (("it is no YEAR: 0, or 1901 to 2155", values.not_of_year),))
    if column.kind.bit_width < _EXACT_BITS.get(shape.kind, 0) and not shape.args:
        return ColumnText(values.as_text)
    return None


def _decimal(column: FileColumn, shape: ColumnShape, definition: str, zone: str | None) -> ColumnText | None:
    kind = column.kind
    if shape.kind in _INTEGERS and not kind.scale:
        return ColumnText(_decimal_text(kind))
    if shape.kind != "decimal":
        return None
    scale = shape.number(1, 0)
    checks: tuple[Check, ...] = ((_NOT_EXACT, values.finer_decimal(scale)),) if kind.scale > scale else ()
    return ColumnText(_decimal_text(kind), checks)


def _decimal_text(kind: Any) -> Text:
    import pyarrow as pa

    return values.as_text if kind.bit_width >= 128 else values.cast_first(pa.decimal128(kind.precision, kind.scale))


def _floating(column: FileColumn, shape: ColumnShape, definition: str, zone: str | None) -> ColumnText | None:
    import pyarrow as pa

    if shape.kind not in _EXACT_BITS:
        return None
    kind = pa.float32() if shape.kind == "float" else pa.float64()
    checks: list[Check] = [("it is no number that a server has", values.not_finite)]
    if shape.kind == "float" and column.kind.bit_width > 32:
        checks.append((_NOT_EXACT, values.not_single))
    if len(shape.args) > 1:
        checks.append((_NOT_EXACT, values.rounded(shape.number(1, 0), kind)))
    return ColumnText(values.cast_first(kind), tuple(checks))


def _letters(column: FileColumn, shape: ColumnShape, definition: str, zone: str | None) -> ColumnText | None:
    checks: list[Check] = [(NO_UTF8, values.not_utf8)]
    if shape.kind in _BYTES:
        return ColumnText(values.as_hex, tuple(checks), Function.UNHEX)
    if shape.kind in _GEOMETRIES | {"bit"}:
        return None
    checks += [
        (f"a column of type {definition} would take it as another value", values.changed_by(rule))
        for _, rule in field_rules((column.name,), {column.name: definition})
    ]
    clock = Clock.SESSION if shape.kind == "timestamp" else Clock.NONE
    return ColumnText(values.as_bytes, tuple(checks), escapes=True, clock=clock)


def _bytes(column: FileColumn, shape: ColumnShape, definition: str, zone: str | None) -> ColumnText | None:
    if shape.kind in _BYTES | {"bit"}:
        return ColumnText(values.as_hex, function=Function.UNHEX)
    if column.is_uuid:
        return ColumnText(values.as_uuid) if shape.kind in _LETTERS | {"uuid"} else None
    return _letters(column, shape, definition, zone)


def _date(column: FileColumn, shape: ColumnShape, definition: str, zone: str | None) -> ColumnText | None:
    import pyarrow as pa

    if shape.kind != "date":
        return None
    return ColumnText(values.cast_first(pa.date32()), ((_NO_DATE, values.not_of_calendar),))


def _timestamp(column: FileColumn, shape: ColumnShape, definition: str, zone: str | None) -> ColumnText | None:
    if shape.kind not in _MOMENTS:
        return None
    digits = shape.number(0, 0)
    checks: tuple[Check, ...] = ((_NO_DATE, values.moment_outside), (_TOO_FINE, values.finer_moment(digits)))
    if column.kind.tz is None:
        clock = Clock.SESSION if shape.kind == "timestamp" else Clock.NONE
        return ColumnText(values.moments(digits), checks, clock=clock)
    if shape.kind == "timestamp":
        return ColumnText(values.moments(digits), checks, clock=Clock.UTC)
    if zone is None:
        raise Misfit(
            f"its values are instants, and a column of type {definition} holds what a clock shows: time_zone must say "
            "in which zone"
        )
    return ColumnText(_wall_clock(zone, digits), checks)


def _wall_clock(zone: str, digits: int) -> Text:
    import pyarrow as pa

    text = values.wall_clock(zone, digits)
    try:
        text(pa.array([0], pa.timestamp("us", "UTC")))
    except (pa.ArrowException, ValueError) as error:
        raise Misfit(f"its values are instants, and the zone {zone!r} is not known here: {error}") from None
    return text


def _time(column: FileColumn, shape: ColumnShape, definition: str, zone: str | None) -> ColumnText | None:
    if shape.kind != "time":
        return None
    digits = shape.number(0, 0)
    return ColumnText(values.moments(digits), ((_TOO_FINE, values.finer_moment(digits)),))
