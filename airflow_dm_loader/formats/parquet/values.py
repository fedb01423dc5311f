"""Arrays of values as text that both ways of sending take, and which of the values a server would take as others.

All of it is done by pyarrow for a whole array at a time. Text is ``large_binary``; a check gives an array of booleans,
true where a value may not be sent.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable
from typing import Any

from airflow_dm_loader.formats.delimited.field_rules import FieldRule

Array = Any  # pyarrow's
Text = Callable[[Array], Array]
Check = tuple[str, Callable[[Array], Array]]  # what is wrong, and with which values

_UNITS_IN_S = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_FIRST_S, _BEHIND_S = -62135596800, 253402300800  # 0001-01-01 to 9999-12-31
_FIRST_DAY, _LAST_DAY = -719162, 2932896


def as_text(array: Array) -> Array:
    """What pyarrow writes for the values, as ``large_binary``."""
    import pyarrow as pa

    return array.cast(pa.large_string()).cast(pa.large_binary())


def as_bytes(array: Array) -> Array:
    """Text and bytes as they stand."""
    import pyarrow as pa

    return array.cast(pa.binary() if pa.types.is_fixed_size_binary(array.type) else array.type).cast(pa.large_binary())


def as_null(array: Array) -> Array:
    """NULL, as often as there are values."""
    import pyarrow as pa

    return pa.nulls(len(array), pa.large_binary())


def as_hex(array: Array) -> Array:
    """Bytes as hex digits."""
    import pyarrow as pa
    import pyarrow.compute as pc

    array = as_bytes(array)
    _, places, held = array.buffers()
    offsets = pa.Array.from_buffers(pa.int64(), len(array) + 1, [None, places], offset=array.offset)
    first, last = offsets[0].as_py(), offsets[-1].as_py()
    digits = binascii.hexlify(memoryview(held)[first:last]) if held is not None else b""
    doubled = pc.multiply(pc.subtract(offsets, first), 2)
    valid = array.is_valid().buffers()[1] if array.null_count else None
    return pa.Array.from_buffers(pa.large_binary(), len(array), [valid, doubled.buffers()[1], pa.py_buffer(digits)])


def as_uuid(array: Array) -> Array:
    """16 bytes as a UUID is written."""
    import pyarrow as pa
    import pyarrow.compute as pc

    digits = as_hex(array)
    parts = [pc.binary_slice(digits, start, stop) for start, stop in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))]
    return pc.binary_join_element_wise(*parts, pa.scalar(b"-", pa.large_binary()))


def as_year(array: Array) -> Array:
    """Four digits: a server takes the text 0 for the year 2000."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.utf8_lpad(array.cast(pa.large_string()), 4, "0").cast(pa.large_binary())


def cast_first(kind: Any) -> Text:
    """The text of the values as another type, which is known to hold them."""
    return lambda array: as_text(array.cast(kind, safe=False))


def moments(digits: int) -> Text:
    """Timestamps and times of day with so many digits of a second, or those that pyarrow has next above."""
    import pyarrow as pa

    unit = _unit(digits)

    def text(array: Array) -> Array:
        if pa.types.is_time(array.type):
            return as_text(array.cast(pa.time64("us")).cast(pa.time32(unit) if unit != "us" else pa.time64("us")))
        plain = array.view(pa.timestamp(array.type.unit))  # in UTC, where the file says so
        return as_text(plain.cast(pa.timestamp(unit), safe=False))

    return text


def wall_clock(zone: str, digits: int) -> Text:
    """Instants as a clock in a zone shows them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    plain = moments(digits)
    return lambda array: plain(pc.local_timestamp(array.cast(pa.timestamp(array.type.unit, zone))))


def _unit(digits: int) -> str:
    return "s" if not digits else "ms" if digits <= 3 else "us"


def escaped(text: Array) -> Array:
    r"""The text with ``\`` before the bytes that LOAD DATA would take for a mark."""
    import pyarrow.compute as pc

    held = text.buffers()[2]
    raw = memoryview(held).tobytes() if held is not None else b""
    for mark, written in ((b"\\", b"\\\\"), (b"\t", b"\\t"), (b"\n", b"\\n"), (b"\0", b"\\0")):
        if mark in raw:
            text = pc.replace_substring(text, mark, written)
    return text


def lines(columns: list[Array]) -> bytes:
    """Rows of such columns as LOAD DATA reads them by default: tabs between fields, a line end behind each row."""
    import pyarrow as pa
    import pyarrow.compute as pc

    def mark(text: bytes) -> Any:
        return pa.scalar(text, pa.large_binary())

    rows = (
        pc.binary_join_element_wise(*columns, mark(b"\t"), null_handling="replace", null_replacement=b"\\N")
        if len(columns) > 1
        else pc.fill_null(columns[0], mark(b"\\N"))
    )
    ended = pc.binary_join_element_wise(rows, mark(b""), mark(b"\n"))
    _, places, held = ended.buffers()
    offsets = pa.Array.from_buffers(pa.int64(), len(ended) + 1, [None, places], offset=ended.offset)
    return memoryview(held)[offsets[0].as_py() : offsets[-1].as_py()].tobytes()


# -- values that would become others


def not_of_year(array: Array) -> Array:
    import pyarrow.compute as pc

    return pc.and_(pc.not_equal(array, 0), _outside(array, 1901, 2155))


def negative(array: Array) -> Array:
    import pyarrow.compute as pc

    return pc.less(array, 0)


def finer_decimal(scale: int) -> Callable[[Array], Array]:
    """Which decimals have more digits behind the point."""
    import pyarrow.compute as pc

    return lambda array: pc.not_equal(pc.round(array, ndigits=scale, round_mode="towards_zero"), array)


def not_finite(array: Array) -> Array:
    import pyarrow.compute as pc

    return pc.invert(pc.is_finite(array))


def not_single(array: Array) -> Array:
    """Which doubles are no FLOAT."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.not_equal(array.cast(pa.float32(), safe=False).cast(pa.float64()), array)


def rounded(digits: int, kind: Any) -> Callable[[Array], Array]:
    """Which numbers a FLOAT(M,D) or DOUBLE(M,D) would round; ``kind``: pyarrow's type of as many bits."""
    import pyarrow as pa
    import pyarrow.compute as pc

    def which(array: Array) -> Array:
        as_double = array.cast(pa.float64())
        return pc.not_equal(
            pc.round(as_double, ndigits=digits).cast(kind, safe=False), as_double.cast(kind, safe=False)
        )

    return which


def not_of_calendar(array: Array) -> Array:
    """Which days are none of the years 1 to 9999."""
    import pyarrow as pa

    return _outside(array.cast(pa.date32(), safe=False).view(pa.int32()), _FIRST_DAY, _LAST_DAY)


def moment_outside(array: Array) -> Array:
    """The same of timestamps."""
    import pyarrow as pa

    per_s = _UNITS_IN_S[array.type.unit]
    if per_s == 10**9:  # its 64 bits hold the years 1677 to 2262
        return pa.repeat(False, len(array))
    return _outside(array.view(pa.int64()), _FIRST_S * per_s, _BEHIND_S * per_s - 1)


def finer_moment(digits: int) -> Callable[[Array], Array]:
    """Which timestamps and times have more digits of a second."""
    import pyarrow as pa
    import pyarrow.compute as pc

    def which(array: Array) -> Array:
        per_s = _UNITS_IN_S[array.type.unit]
        step = per_s // 10**digits
        if step <= 1:
            return pa.repeat(False, len(array))
        number = array.view(pa.int32() if array.type.bit_width == 32 else pa.int64()).cast(pa.int64())
        return pc.not_equal(pc.multiply(pc.divide(number, step), step), number)

    return which


def not_utf8(array: Array) -> Array:
    """Which texts are no UTF-8."""
    import pyarrow as pa

    try:
        as_bytes(array).cast(pa.large_string())
    except pa.ArrowInvalid:
        return pa.array([value is not None and not _is_utf8(value) for value in as_bytes(array).to_pylist()])
    return pa.repeat(False, len(array))


def changed_by(rule: FieldRule) -> Callable[[Array], Array]:
    """Which texts a column would take as another value, by a rule of CSV fields."""
    import pyarrow as pa
    import pyarrow.compute as pc

    usual = rf"\A(?:{rule.usual.decode()}{rule.in_quotes.decode()})\z"

    def which(array: Array) -> Array:
        text = as_bytes(array)
        unusual = pc.fill_null(pc.invert(pc.match_substring_regex(text, usual)), False)
        if not pc.any(unusual).as_py():
            return unusual
        changes = {value: bool(rule.changes(value)) for value in text.filter(unusual).unique().to_pylist()}
        return pa.array([changes.get(value, False) for value in text.to_pylist()])

    return which


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _outside(array: Array, least: int, most: int) -> Array:
    import pyarrow.compute as pc

    return pc.or_(pc.less(array, least), pc.greater(array, most))
