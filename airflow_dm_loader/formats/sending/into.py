"""Table and columns as statements have them, and the columns that routes fill."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from airflow_dm_loader.identifiers import TableName, quote
from airflow_dm_loader.plan.router import Extracted

if TYPE_CHECKING:
    from airflow_dm_loader.formats.base import TableColumns

LEFT_OUT = "@dm_loader_left_out"  # where LOAD DATA puts what goes to no column
_TABLE_AND_COLUMNS = re.compile(rb"((?:`(?:[^`]++|``)++`\.?+){2}) (\(.*)", re.DOTALL)


def into_clause(schema: str, table: str, columns: bytes | None, row_columns: tuple[str, ...]) -> bytes:
    """`` `schema`.`table` (`a`,`b`) ``: the statement's own columns, else those that the dump's rows hold."""
    if columns is None:
        columns = _encoded(f"({','.join(map(quote, row_columns))})")
    return _encoded(TableName(schema, table).quoted) + b" " + columns


def split_into_clause(into: bytes) -> tuple[bytes, bytes]:
    """`` `schema`.`table` `` and ``(columns)`` of an :func:`into_clause`, whatever the names hold."""
    parts = _TABLE_AND_COLUMNS.fullmatch(into)
    assert parts is not None
    return parts[1], parts[2]


def with_extracted(into: bytes, extracted: Sequence[Extracted]) -> bytes:
    """An :func:`into_clause` with the columns that routes fill as its last."""
    if not extracted:
        return into
    comma = b"" if split_into_clause(into)[1][1:-1].isspace() or into.endswith(b"()") else b","
    return into[:-1] + comma + _encoded(",".join(quote(found.column) for found in extracted)) + b")"


def extracted_values(extracted: Sequence[Extracted]) -> bytes:
    """What each row gets besides: ``v1,v2``."""
    return b",".join(_literal(found) for found in extracted)


def extracted_assignments(extracted: Sequence[Extracted]) -> bytes:
    """The same for LOAD DATA: `` `a` = v1, `b` = v2 ``."""
    return b", ".join(_encoded(quote(found.column)) + b" = " + _literal(found) for found in extracted)


def load_data_columns(
    names: Sequence[str], kept: Collection[int], table: TableColumns, made: Mapping[str, Callable[[str], str]]
) -> bytes:
    """``(columns)`` for LOAD DATA, with variables for those that are left out; and SET for what is made of a field, and
    for what rows get besides.

    Under SET, MariaDB takes a 0 that it read into an AUTO_INCREMENT column for none, whatever ``sql_mode`` says, and
    makes up a number. Assigned in SET itself, it stays.

    Args:
        names: of a row's fields, in order.
        kept: places of those whose values go to the table.
        made: column -> the SQL that makes its value of a variable.
    """
    uses_set = bool(table.extracted or any(names[at] in made for at in kept))
    numbered = (table.auto_increment or "").lower() if uses_set else ""
    listed, assigned = [], []
    for at, name in enumerate(names):
        variable = f"@dm_loader_{at}"
        if at not in kept:
            listed.append(LEFT_OUT)
        elif name in made or name.lower() == numbered:
            listed.append(variable)
            assigned.append(f"{quote(name)} = {made[name](variable) if name in made else variable}")
        else:
            listed.append(quote(name))
    text = _encoded(f"({','.join(listed)})")
    if not uses_set:
        return text
    sets = [_encoded(", ".join(assigned))] if assigned else []
    sets += [extracted_assignments(table.extracted)] if table.extracted else []
    return text + b" SET " + b", ".join(sets)


def _literal(extracted: Extracted) -> bytes:
    """The value's text, whatever ``sql_mode`` and charset the session has."""
    if extracted.value is None:
        return b"NULL"
    return b"_utf8mb4 X'" + _encoded(extracted.value).hex().encode() + b"'"


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
