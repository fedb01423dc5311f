"""The load's data files, in the plan's order, and the tables that they go to."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.identifiers import OfTable, TableName
from airflow_dm_loader.state.batches import batches, insert_ignore
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.answers import as_number, as_text, as_truth, read_stored


@dataclass(frozen=True, slots=True)
class FileRow(OfTable):
    """One data file of a load; ``schema`` and ``table`` are the target's."""

    file_id: int
    name: str
    schema: str
    table: str
    file_bytes: int
    done: bool = False


@dataclass(frozen=True, slots=True)
class TableRow(OfTable):
    """One target table: what it was like before this load sent its first row."""

    schema: str
    table: str
    created: bool  # by this load
    empty_before: bool
    row_columns: tuple[str, ...]  # what a row without a column list holds


def register_files(meta: Meta, load_id: int, files: Iterable[FileRow]) -> None:
    """Write the files that are not there yet; those that are stay as they are."""
    insert_ignore(
        meta.db,
        f"{meta['file']} (load_id, file_id, name, table_schema, table_name, file_bytes)",
        [(load_id, file.file_id, file.name, file.schema, file.table, file.file_bytes) for file in files],
    )


def list_files(meta: Meta, load_id: int) -> tuple[FileRow, ...]:
    """All data files of the load, in the plan's order."""
    rows = meta.db.query(
        f"SELECT file_id, name, table_schema, table_name, file_bytes, done FROM {meta['file']} "
        "WHERE load_id = %s ORDER BY file_id",
        (load_id,),
        shape=(as_number, as_text, as_text, as_text, as_number, as_truth),
    )
    return tuple(FileRow(row[0], row[1], row[2], row[3], row[4], bool(row[5])) for row in rows)


def mark_done(meta: Meta, load_id: int, file_ids: Iterable[int]) -> None:
    """The files' ends were reached, and all their chunks are in."""
    for some in batches(list(file_ids)):
        places = ", ".join(["%s"] * len(some))
        meta.db.execute(
            f"UPDATE {meta['file']} SET done = 1 WHERE load_id = %s AND file_id IN ({places})", (load_id, *some)
        )


def register_tables(meta: Meta, load_id: int, tables: Iterable[TableRow]) -> None:
    """Say what tables were like, before their first row; what is stored already wins."""
    insert_ignore(
        meta.db,
        f"{meta['table']} (load_id, table_schema, table_name, created, empty_before, row_columns)",
        [
            (load_id, table.schema, table.table, table.created, table.empty_before, json.dumps(table.row_columns))
            for table in tables
        ],
    )


def list_tables(meta: Meta, load_id: int) -> tuple[TableRow, ...]:
    """All tables that ``create_tables`` prepared."""
    rows = meta.db.query(
        f"SELECT table_schema, table_name, created, empty_before, row_columns FROM {meta['table']} "
        "WHERE load_id = %s ORDER BY table_schema, table_name",
        (load_id,),
        shape=(as_text, as_text, as_truth, as_truth, as_text),
    )
    return tuple(
        TableRow(row[0], row[1], row[2], row[3], read_stored(tuple[str, ...], row[4], f"the table {row[0]}.{row[1]}"))
        for row in rows
    )


def other_sources(meta: Meta, config: LoadConfig) -> dict[TableName, tuple[str, ...]]:
    """(schema, table) -> the other sources of the load task that load into it."""
    others: dict[TableName, tuple[str, ...]] = {}
    for schema, table, source in meta.db.query(
        f"SELECT DISTINCT f.table_schema, f.table_name, l.source_id FROM {meta['load']} l "
        f"JOIN {meta['file']} f ON f.load_id = l.load_id WHERE l.task_name = %s AND l.source_id <> %s "
        "ORDER BY l.source_id",
        (config.what.task_name, config.what.source_id),
        shape=(as_text, as_text, as_text),
    ):
        key = TableName(str(schema), str(table))
        others[key] = (*others.get(key, ()), str(source))
    return others
