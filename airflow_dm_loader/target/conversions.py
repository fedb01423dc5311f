"""Which columns of a table that exists take each value of the dump's as it is, or refuse it, and which change some.

However strict its mode is, a server takes 1.5 into an integer as 2, 70 into a year as 1970, and '2' into an ENUM as its
second label, without a word. So what is allowed is listed here, and all else is refused before any row is sent.
"""

from __future__ import annotations

from airflow_dm_loader.dump.converting import UTF8, same_letters
from airflow_dm_loader.target.column_shapes import ColumnShape

_INTEGERS = {"tinyint": 3, "smallint": 5, "mediumint": 7, "int": 10, "bigint": 19}  # decimal digits
_EXACT_IN = {"float": 7, "double": 15}  # digits that a float keeps
_WORDS = frozenset({"char", "varchar", "tinytext", "text", "mediumtext", "longtext"})
_BYTES = frozenset({"varbinary", "tinyblob", "blob", "mediumblob", "longblob"})
_SECONDS = frozenset({"datetime", "timestamp", "time"})
_FAMILIES = (frozenset({"geometry", "point", "linestring", "polygon", "multipoint", "multilinestring",
                        "multipolygon", "geometrycollection"}),)  # fmt: skip


def may_change(source: ColumnShape, target: ColumnShape) -> bool:
    """Whether a value may arrive as another one without an error; charsets aside."""
    if source.generated and not target.generated:
        return True  # the rows hold no value of it
    if source.nullable and not target.nullable and (target.automatic or target.kind == "timestamp"):
        return True  # a NULL becomes the next number, or the moment
    if source.kind == target.kind:
        return _same_kind_changes(source, target)
    return not _arrives(source, target)


def letters_change(source: ColumnShape, target: ColumnShape) -> bool:
    """Whether the bytes of text mean other letters in the target's column."""
    if source.charset is None or target.charset is None:
        return False
    return not same_letters(source.charset, target.charset)


def _same_kind_changes(source: ColumnShape, target: ColumnShape) -> bool:
    match source.kind:
        case "decimal":
            return target.number(1, 0) < source.number(1, 0)
        case "float" | "double":
            return bool(target.args) and target.args != source.args  # rounds to its digits
        case "datetime" | "timestamp" | "time":
            return target.number(0, 0) < source.number(0, 0)
        case "binary":
            return target.number(0, 1) > source.number(0, 1)  # padded with zeros
        case "bit":
            return target.number(0, 1) < source.number(0, 1)
        case "enum" | "set":
            return not set(source.args) <= set(target.args)  # a text that is no label may be taken for its number
    return False


def _arrives(source: ColumnShape, target: ColumnShape) -> bool:
    """Whether each value of one type arrives in another one as it was, or is refused."""
    if source.kind in _INTEGERS:
        return _integer_arrives(source, target)
    if source.kind in _WORDS:
        return _text_arrives(source, target)
    if source.kind in _BYTES | {"binary"}:
        return target.kind in _BYTES
    match source.kind, target.kind:
        case "year", kind:
            return (kind in _INTEGERS and kind != "tinyint") or kind in _WORDS
        case "float", "double":
            return not target.args
        case ("enum" | "set", kind):
            return kind in _WORDS
        case "json", kind:
            return kind in {"text", "mediumtext", "longtext"}
        case "date", "datetime":
            return True
        case ("date" | "datetime" | "time", kind):
            return kind in _WORDS - {"char"} and source.kind != "time"
        case kind, other:
            return any(kind in family and other == "geometry" for family in _FAMILIES)


def _integer_arrives(source: ColumnShape, target: ColumnShape) -> bool:
    if target.kind in _INTEGERS:
        return True
    if target.kind in _EXACT_IN:
        return not target.args and _INTEGERS[source.kind] <= _EXACT_IN[target.kind]
    return target.kind == "decimal" or (target.kind in _WORDS and not source.zerofill)


def _text_arrives(source: ColumnShape, target: ColumnShape) -> bool:
    if target.kind in _BYTES:
        return source.charset in UTF8
    return target.kind in _WORDS - {"char"}  # a CHAR loses spaces at its end
