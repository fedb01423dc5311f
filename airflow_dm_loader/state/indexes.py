"""Indexes that wait for their table's rows: written down before the table is created without them.

A table that a load left without them may be filled by another one, under any name: it takes over what waits.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from airflow_dm_loader.dump.secondary_indexes import SecondaryIndex
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.rules.skips import Skips
from airflow_dm_loader.state.batches import batches, insert_ignore
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.answers import as_number, as_text

_Indexes = tuple[SecondaryIndex, ...]


def register_indexes(meta: Meta, load_id: int, waiting: Mapping[TableName, Sequence[SecondaryIndex]]) -> None:
    """Write down what is to be built, by table; commit this before the tables are created."""
    for schema, table in [table for table, found in waiting.items() if found]:
        meta.db.execute(  # a table that was dropped and comes again needs its indexes again
            f"UPDATE {meta['index']} SET built = 0 WHERE load_id = %s AND table_schema = %s AND table_name = %s",
            (load_id, schema, table),
        )
    insert_ignore(
        meta.db,
        f"{meta['index']} (load_id, table_schema, table_name, index_name, definition, position)",
        [
            (load_id, *table, index.name, index.definition, position)
            for table, indexes in waiting.items()
            for position, index in enumerate(indexes)
        ],
    )


def adopt_indexes(meta: Meta, load_id: int, tables: Collection[TableName]) -> None:
    """Take over what other loads left to be built on tables that exist, whichever task's they are."""
    for some in batches(sorted(tables)):
        places = ", ".join(["(%s, %s)"] * len(some))
        names = [name for table in some for name in table]
        waiting = meta.db.query(
            f"SELECT table_schema, table_name, index_name, definition, position FROM {meta['index']} "
            f"WHERE load_id <> %s AND built = 0 AND (table_schema, table_name) IN ({places})",
            (load_id, *names),
            shape=(as_text, as_text, as_text, as_text, as_number),
        )
        insert_ignore(
            meta.db,
            f"{meta['index']} (load_id, table_schema, table_name, index_name, definition, position)",
            [(load_id, *row) for row in waiting],
        )


def waiting_indexes(meta: Meta, load_id: int) -> dict[TableName, tuple[SecondaryIndex, ...]]:
    """What is still to be built, by table."""
    waiting: dict[TableName, list[SecondaryIndex]] = {}
    for schema, table, name, definition in meta.db.query(
        f"SELECT table_schema, table_name, index_name, definition FROM {meta['index']} "
        "WHERE load_id = %s AND built = 0 ORDER BY table_schema, table_name, position, index_name",
        (load_id,),
        shape=(as_text, as_text, as_text, as_text),
    ):
        waiting.setdefault(TableName(schema, table), []).append(SecondaryIndex(name, definition))
    return {table: tuple(indexes) for table, indexes in waiting.items()}


def to_build(waiting: Mapping[TableName, Sequence[SecondaryIndex]], skips: Skips) -> dict[TableName, _Indexes]:
    """What of it is not skipped, by table; tables of which nothing is to be built are left out."""
    made = {table: [index.without(skips) for index in found] for table, found in waiting.items()}
    return {
        table: some for table, found in made.items() if (some := tuple(index for index in found if index is not None))
    }


def skipped(waiting: Mapping[TableName, Sequence[SecondaryIndex]], skips: Skips) -> dict[TableName, _Indexes]:
    """What of it is skipped, by table."""
    left = {table: [index.skipped(skips) for index in found] for table, found in waiting.items()}
    return {
        table: some for table, found in left.items() if (some := tuple(index for index in found if index is not None))
    }


def mark_built(meta: Meta, schema: str, table: str, left: Sequence[SecondaryIndex] = ()) -> None:
    """All indexes of the table are there but for those that are ``left``, whichever loads they waited for."""
    for index in left:
        meta.db.execute(
            f"UPDATE {meta['index']} SET definition = %s WHERE table_schema = %s AND table_name = %s "
            "AND index_name = %s AND built = 0",
            (index.definition, schema, table, index.name),
        )
    if left:
        places = ", ".join(["%s"] * len(left))
        meta.db.execute(
            f"UPDATE {meta['index']} SET built = 1 WHERE table_schema = %s AND table_name = %s AND built = 0 "
            f"AND index_name NOT IN ({places})",
            (schema, table, *(index.name for index in left)),
        )
        return
    meta.db.execute(
        f"UPDATE {meta['index']} SET built = 1 WHERE table_schema = %s AND table_name = %s AND built = 0",
        (schema, table),
    )


def complete_tables(meta: Meta, load_id: int) -> set[TableName]:
    """The tables of which no data file is missing; also those that this load has no file of."""
    rows = meta.db.query(
        f"SELECT i.table_schema, i.table_name FROM {meta['index']} i LEFT JOIN {meta['file']} f "
        "ON f.load_id = i.load_id AND f.table_schema = i.table_schema AND f.table_name = i.table_name "
        "WHERE i.load_id = %s GROUP BY i.table_schema, i.table_name HAVING MIN(COALESCE(f.done, 1)) = 1",
        (load_id,),
        shape=(as_text, as_text),
    )
    return {TableName(str(schema), str(table)) for schema, table in rows}
