"""Whether a loaded table has all that the dump's CREATE TABLE says: keys, foreign keys, checks, partitions."""

from __future__ import annotations

from collections.abc import Callable

from airflow_dm_loader.dump.schema_files import SchemaFile
from airflow_dm_loader.dump.table_parts import lacks, table_parts
from airflow_dm_loader.errors import LoaderError
from airflow_dm_loader.plan.load_plan import PlannedTable
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.merging import ansi_quotes

_NO_SUCH_TABLE = 1146


def what_it_lacks(db: Database, name: str, table: PlannedTable, read: Callable[[str], SchemaFile]) -> tuple[str, ...]:
    """What is missing in the target, in words; the indexes that this load left for later are built by now.

    Args:
        name: the table's, quoted.
    """
    if table.schema_file is None:
        return ()
    file = read(table.schema_file)
    dumped = table_parts(file.create.decode("utf-8", "surrogateescape"), ansi_quotes=ansi_quotes(file))
    statement = show_create_table(db, name)
    there = table_parts(statement) if statement is not None else None
    return lacks(dumped, there) if dumped is not None and there is not None else ()


def show_create_table(db: Database, name: str) -> str | None:
    """The target's own CREATE TABLE; None: it is gone, which the comparison of its rows says."""
    try:
        row = db.one(f"SHOW CREATE TABLE {name}")
    except LoaderError as error:
        if error.errno == _NO_SUCH_TABLE:
            return None
        raise
    return str(row[1]) if row is not None else None
