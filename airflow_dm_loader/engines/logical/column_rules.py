"""Columns whose values are left out or masked, by ``ignore_columns`` and ``mask``, as files' rows have them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from airflow_dm_loader.dump.schema_files import SchemaFile
from airflow_dm_loader.engines.logical.columns_left_out import types_of
from airflow_dm_loader.engines.logical.file_work import FileWork
from airflow_dm_loader.formats.base import TableColumns
from airflow_dm_loader.plan.column_rules import ColumnRules
from airflow_dm_loader.plan.load_plan import LoadPlan
from airflow_dm_loader.plan.router import Extracted
from airflow_dm_loader.rules.columns import MaskKind
from airflow_dm_loader.rules.mask_key import NO_KEY, MaskKey


def hashes(plan: LoadPlan) -> bool:
    """Whether values of any file are hashed, which takes a key."""
    return any(found.kind is MaskKind.SHA2 for file in plan.files for found in file.columns.masked)


def by_rules(
    tables: Mapping[int, TableColumns],
    work: Iterable[FileWork],
    plan: LoadPlan,
    read: Callable[[str], SchemaFile],
    key: MaskKey | None,
) -> dict[int, TableColumns]:
    """What rows hold, by file_id, with what becomes of some of their columns."""
    sources = {source.key: source for table in plan.tables for source in table.sources}
    found = dict(tables)
    for item in work:
        rules, columns = item.planned.columns, tables.get(item.row.file_id)
        if rules and columns is not None:
            source = sources.get(item.planned.source.key)
            said = source is not None and source.schema_file is not None
            types = types_of(source, read) if said and source is not None else {}
            found[item.row.file_id] = with_rules(columns, rules, types, key or NO_KEY)
    return found


def with_rules(columns: TableColumns, rules: ColumnRules, types: Mapping[str, str], key: MaskKey) -> TableColumns:
    """The columns of one file by its rules.

    A constant goes the way of columns that routes fill: the value of the dump goes nowhere, and each row gets another.

    Args:
        types: column in lower case -> its type in the dump, as far as that is known.
    """
    there = {name.lower(): kind for name, kind in columns.types.items()}
    ignored = {name.lower() for name in rules.ignored}
    masked = {found.column.lower(): found for found in rules.masked if found.column.lower() in there}
    filled = [found for found in masked.values() if found.kind is not MaskKind.SHA2]
    gone = {*ignored, *(found.column.lower() for found in filled)}
    return replace(
        columns,
        left_out={**columns.left_out, **{name: types.get(name, there.get(name, "")) for name in gone}},
        extracted=(*columns.extracted, *(Extracted(found.column, found.constant) for found in filled)),
        ignored=frozenset(ignored),
        masked={name: found.kind for name, found in masked.items()},
        mask_key=key,
    )
