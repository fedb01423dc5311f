"""Whether the columns of a table that exists take the dump's rows as they are; else they are refused, by name."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from airflow_dm_loader.dump.create_table import CreateTable
from airflow_dm_loader.errors import TargetError
from airflow_dm_loader.target.column_shapes import ColumnShape
from airflow_dm_loader.target.conversions import missing_columns, other_letters, silent_changes

Shapes = Mapping[str, ColumnShape]  # by the columns' names in lower case


def check_fit(name: str, dumped: CreateTable, there: Shapes, changed: Collection[str] = ()) -> None:
    """Raise TargetError where the table lacks columns, or has them in types that change values.

    Args:
        changed: columns that will be added or left out, in lower case.
    """
    if missing := [column for column in missing_columns(dumped, there) if column.lower() not in changed]:
        raise TargetError(
            f"the target's table lacks columns of the dump: {', '.join(missing)}",
            table=name,
            remedy="Add them to the table, or rename the table so that the load creates its own; or say by "
            "on_schema_change what becomes of them (add_columns, ignore_columns). Then clear.",
        )
    if changes := silent_changes(dumped, _without(there, changed)):
        raise TargetError(
            f"the target's columns would change values without a word: {'; '.join(changes)}",
            table=name,
            remedy="ALTER them to the dump's types, or rename the table so that the load creates its own; then clear.",
        )


def check_letters(name: str, dumped: CreateTable, there: Shapes, changed: Collection[str] = ()) -> None:
    """Raise TargetError where the columns' own bytes, which a .dat file holds, would be other letters."""
    if changes := other_letters(dumped, _without(there, changed)):
        raise TargetError(
            f"the dump's bytes would be other letters in the target's charset: {'; '.join(changes)}",
            table=name,
            remedy="ALTER them to the dump's charsets, or rename the table: the load then creates its own. Then clear.",
        )


def _without(there: Shapes, changed: Collection[str]) -> Shapes:
    return {name: shape for name, shape in there.items() if name not in changed}
