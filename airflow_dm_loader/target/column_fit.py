"""Columns of a table that exists, against those of the dump: what is missing, what would change in silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from airflow_dm_loader.dump.create_table import CreateTable
from airflow_dm_loader.target.column_shapes import ColumnShape, shape_of
from airflow_dm_loader.target.conversions import letters_change, may_change


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
