"""Table and columns as statements have them, and the columns that routes fill."""

from __future__ import annotations

import re
from collections.abc import Sequence

from airflow_dm_loader.identifiers import TableName, quote
from airflow_dm_loader.plan.router import Extracted

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


def _literal(extracted: Extracted) -> bytes:
    """The value's text, whatever ``sql_mode`` and charset the session has."""
    if extracted.value is None:
        return b"NULL"
    return b"_utf8mb4 X'" + _encoded(extracted.value).hex().encode() + b"'"


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
