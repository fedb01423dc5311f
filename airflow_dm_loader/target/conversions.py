"""Which columns of a table that exists take each value of the dump's as it is, or refuse it, and which change some.

However strict its mode is, a server takes 1.5 into an integer as 2, 70 into a year as 1970, and '2' into an ENUM as its
second label, without a word. So what is allowed is listed here, and all else is refused before any row is sent. Last,
the columns of a dump's CREATE TABLE held against those of the table: what is missing, what would change in silence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from airflow_dm_loader.dump.converting import UTF8, same_letters
from airflow_dm_loader.dump.create_table import CreateTable
from airflow_dm_loader.target.column_shapes import ColumnShape, shape_of

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
        case ("uuid" | "inet4" | "inet6", kind):  # MariaDB's; a dump holds them as text without a space
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


def shapes_of(dumped: CreateTable) -> tuple[ColumnShape, ...]:
    """The columns of a dump's CREATE TABLE."""
    return tuple(
        shape_of(column.name, column.definition, charset=dumped.charset, generated=column.generated)
        for column in dumped.columns
    )


def missing_columns(dumped: CreateTable, there: Mapping[str, ColumnShape]) -> list[str]:
    """Columns that the dump's rows hold and the target's table lacks; names compare without case, as in SQL.

    Args:
        there: the target's columns, by their names in lower case.
    """
    plain = {name for name, shape in there.items() if not shape.generated}
    return [name for name in dumped.row_columns if name.lower() not in plain]


def silent_changes(dumped: CreateTable, there: Mapping[str, ColumnShape]) -> list[str]:
    """For each column whose values the server could change without a word: its name and both definitions."""
    return [_both(source, target) for source, target in _pairs(dumped, there) if may_change(source, target)]


def other_letters(dumped: CreateTable, there: Mapping[str, ColumnShape]) -> list[str]:
    """For each column whose bytes would mean other letters: its name and both definitions."""
    return [_both(source, target) for source, target in _pairs(dumped, there) if letters_change(source, target)]


def _pairs(dumped: CreateTable, there: Mapping[str, ColumnShape]) -> Iterator[tuple[ColumnShape, ColumnShape]]:
    for source in shapes_of(dumped):
        target = there.get(source.name.lower())
        if target is not None and not (source.generated and target.generated):
            yield source, target


def _both(source: ColumnShape, target: ColumnShape) -> str:
    def shown(shape: ColumnShape) -> str:
        return ("computed " if shape.generated else "") + shape.shown + ("" if shape.nullable else " NOT NULL")

    return f"{source.name} is {shown(target)} in the target and {shown(source)} in the dump"
