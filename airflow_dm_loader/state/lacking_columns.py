"""Columns that tables lacked when a load began, as they are kept with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow_dm_loader.identifiers import TableName

_LEFT_OUT = "columns_left_out"  # [[schema, table, [column, ...]], ...]
_ADDED = "columns_added"  # [[schema, table, the ALTER TABLE], ...]


def left_out(notes: Mapping[str, object]) -> dict[TableName, tuple[str, ...]]:
    """Table -> the dump's columns that do not go to it."""
    return {table: tuple(columns) for table, columns in _rows(notes, _LEFT_OUT).items()}


def added(notes: Mapping[str, object]) -> dict[TableName, str]:
    """Table -> the ALTER TABLE by which it gets, or got, what it lacked."""
    return _rows(notes, _ADDED)


def with_more(
    notes: Mapping[str, object], more_left_out: Mapping[TableName, Sequence[str]], more_added: Mapping[TableName, str]
) -> dict[str, object]:
    """The notes of a load with what else is known now."""
    every: dict[str, dict[TableName, Any]] = {
        _LEFT_OUT: {**left_out(notes), **more_left_out},
        _ADDED: {**added(notes), **more_added},
    }
    found = {name: [[*table, value] for table, value in sorted(rows.items())] for name, rows in every.items() if rows}
    return {**notes, **found}


def _rows(notes: Mapping[str, object], name: str) -> dict[TableName, Any]:
    rows: Any = notes.get(name, ())
    return {TableName(schema, table): value for schema, table, value in rows}
