"""Columns whose values do not go to their table, under ``on_schema_change = ignore_columns``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from airflow_dm_loader.dump.schema_files import SchemaFile
from airflow_dm_loader.engines.logical.file_work import FileWork
from airflow_dm_loader.formats.base import TableColumns
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.plan.load_plan import LoadPlan, SourceTable
from airflow_dm_loader.target.conversions import shapes_of
from airflow_dm_loader.target.merging import read_source


def leaving_out(
    tables: Mapping[int, TableColumns],
    work: Iterable[FileWork],
    plan: LoadPlan,
    read: Callable[[str], SchemaFile],
    left_out: Mapping[TableName, Sequence[str]],
) -> dict[int, TableColumns]:
    """What rows hold, by file_id, with what of it goes nowhere.

    Args:
        left_out: table -> the columns that were found missing before the first row. Of tables that the dump has no
            CREATE TABLE of, files say which columns they hold.
    """
    sources = {source.key: source for table in plan.tables for source in table.sources}
    found = dict(tables)
    for item in work:
        source, names = sources.get(item.planned.source.key), left_out.get(item.table, ())
        if source is None or item.row.file_id not in tables:
            continue
        said = source.schema_file is not None
        if names or not said:
            types = types_of(source, read) if said else {}
            lacking = {name.lower(): types.get(name.lower(), "") for name in names}
            columns = tables[item.row.file_id]
            found[item.row.file_id] = replace(columns, left_out=lacking, leaves_out_unknown=not said)
    return found


def leaving_out_generated(
    tables: Mapping[int, TableColumns],
    work: Iterable[FileWork],
    plan: LoadPlan,
    read: Callable[[str], SchemaFile],
    pieces: Collection[str],
) -> dict[int, TableColumns]:
    """What rows of scripts hold, by file_id: mariadb-dump writes values of generated columns, which tables compute.

    Args:
        pieces: the names of files that are pieces of scripts.
    """
    sources = {source.key: source for table in plan.tables for source in table.sources}
    found = dict(tables)
    for item in work:
        source, columns = sources.get(item.planned.source.key), tables.get(item.row.file_id)
        if item.row.name not in pieces or source is None or columns is None or source.schema_file is None:
            continue
        parsed = read_source(source, read).parsed
        generated = {column.name.lower() for column in parsed.columns if column.generated} if parsed is not None else {}
        if parsed is not None and generated:
            types = {shape.name.lower(): shape.kind for shape in shapes_of(parsed)}
            found[item.row.file_id] = replace(
                columns,
                left_out={**columns.left_out, **{name: types.get(name, "") for name in generated}},
                with_generated=tuple(column.name for column in parsed.columns if not column.invisible),
                generated=frozenset(generated),
            )
    return found


def types_of(source: SourceTable, read: Callable[[str], SchemaFile]) -> dict[str, str]:
    """Column in lower case -> its type in the dump, without length."""
    parsed = read_source(source, read).parsed
    return {shape.name.lower(): shape.kind for shape in shapes_of(parsed)} if parsed is not None else {}
