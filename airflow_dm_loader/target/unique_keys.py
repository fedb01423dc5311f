"""The keys by which rows of a table are told apart, and how many rows it holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from airflow_dm_loader.identifiers import Names, TableName
from airflow_dm_loader.target.answers import as_number, as_text, maybe
from airflow_dm_loader.target.connection import Database

_Key = tuple[str, ...]  # its columns, in lower case


def unique_keys(db: Database, schema: str) -> Names[list[_Key]]:
    """table -> its unique keys, of plain columns that are all NOT NULL: two rows with a NULL are never the same."""
    parts: dict[tuple[str, str], list[tuple[str | None, bool]]] = {}
    for table, index, column, nullable in db.query(
        "SELECT table_name, index_name, column_name, nullable FROM information_schema.statistics "
        "WHERE table_schema = %s AND non_unique = 0 ORDER BY table_name, index_name, seq_in_index",
        (schema,),
        shape=(as_text, as_text, maybe(as_text), maybe(as_text)),
    ):
        parts.setdefault((str(table), str(index)), []).append((column, str(nullable).upper() == "YES"))
    found: dict[str, list[_Key]] = {}
    for (table, _), columns in parts.items():
        if all(column is not None and not nullable for column, nullable in columns):
            found.setdefault(table, []).append(tuple(str(column).lower() for column, _ in columns))
    return Names(found, folds=db.folds_names)


def tells_apart(keys: Iterable[_Key], row_columns: Collection[str]) -> bool:
    """Whether one of the keys consists of columns that the dump's rows hold: the server makes up no part of it."""
    held = {column.lower() for column in row_columns}
    return any(held.issuperset(key) for key in keys)


def count_rows(db: Database, schema: str, table: str) -> int:
    """COUNT(*) of a table."""
    row = db.sure(f"SELECT COUNT(*) FROM {TableName(schema, table).quoted}", shape=(as_number,))
    return int(row[0])
