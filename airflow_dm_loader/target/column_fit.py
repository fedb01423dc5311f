"""Columns of a table that was there before, against those of the dump: what is missing, what would change in silence.

Most values that do not fit are refused by the server. Some are not, however strict its mode is: it rounds 1.5 to 2
for an integer column, cuts a fraction of a second, and pads. Those are told by the types, before any row is sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from airflow_dm_loader.dump.create_table import Column, CreateTable

_INTEGERS = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint"})
_FRACTIONS = frozenset({"decimal", "float", "double"})
_MOMENTS = frozenset({"datetime", "timestamp", "time"})
_TEXTS = frozenset({"char", "varchar", "tinytext", "text", "mediumtext", "longtext"})
_BYTES = frozenset({"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"})
_INEXACT = {
    "float": frozenset({"double", "decimal", "int", "bigint"}),
    "double": frozenset({"decimal", "bigint"}),
}
_SYNONYMS = {
    "integer": "int", "numeric": "decimal", "dec": "decimal", "fixed": "decimal", "real": "double",
    "bool": "tinyint", "boolean": "tinyint", "int1": "tinyint", "int2": "smallint", "int4": "int", "int8": "bigint",
}  # fmt: skip
_TYPE = re.compile(r"(\w+)(?: \( (\d+)[^)]*\))?")


def missing_columns(dumped: CreateTable, there: Mapping[str, str]) -> list[str]:
    """Columns that the dump's rows hold and the target's table lacks; names compare without case, as in SQL.

    Args:
        there: the target's columns, name -> type as information_schema's ``column_type`` has it.
    """
    names = {name.lower() for name in there}
    return [name for name in dumped.row_columns if name.lower() not in names]


def silent_changes(dumped: CreateTable, there: Mapping[str, str]) -> list[str]:
    """For each column whose values the server could change without a word: its name and both types."""
    types = {name.lower(): column_type for name, column_type in there.items()}
    found = []
    for column in dumped.columns:
        target = types.get(column.name.lower())
        if target is None or column.generated:
            continue
        source = _source_type(column)
        if _may_change(*_parsed(source), *_parsed(target)):
            found.append(f"{column.name} is {target} in the target and {source} in the dump")
    return found


def _source_type(column: Column) -> str:
    match = _TYPE.match(column.definition)
    if match is None:
        return column.definition
    length = re.match(r"\w+ \( ([^)]*) \)", column.definition)
    return match[1] + (f"({length[1].replace(' ', '')})" if length else "")


def _parsed(column_type: str) -> tuple[str, int | None]:
    match = re.match(r"(\w+)(?:\((\d+)(?:,\d+)?\))?", column_type.lower())
    if match is None:
        return column_type, None
    return _SYNONYMS.get(match[1], match[1]), int(match[2]) if match[2] else None


def _may_change(source: str, source_length: int | None, target: str, target_length: int | None) -> bool:
    if source == target:
        if source in _MOMENTS:
            return (source_length or 0) > (target_length or 0)  # digits of a second
        return source == "binary" and (source_length or 1) < (target_length or 1)  # padded with zeros
    return (
        (source in _FRACTIONS and target in _INTEGERS)
        or source in _INEXACT.get(target, ())
        or (source in _MOMENTS and target in _MOMENTS and (source_length or 0) > (target_length or 0))
        or (target == "binary" and source in _TEXTS | _BYTES)
        or (target == "char" and source in _TEXTS)  # spaces at the end are lost
    )
