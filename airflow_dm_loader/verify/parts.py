"""Whether a loaded table has all that the dump's CREATE TABLE says: keys, foreign keys, checks, partitions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from airflow_dm_loader.dump.schema_files import SchemaFile
from airflow_dm_loader.dump.secondary_indexes import SecondaryIndex
from airflow_dm_loader.dump.table_parts import lacks, table_parts
from airflow_dm_loader.errors import LoaderError
from airflow_dm_loader.plan.load_plan import PlannedTable
from airflow_dm_loader.server_errors import NO_SUCH_TABLE
from airflow_dm_loader.target.answers import as_text
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.merging import ansi_quotes


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


def still_waiting(marked: Sequence[str], skipped: Sequence[SecondaryIndex] = ()) -> tuple[str, ...]:
    """What an earlier load left for later, and this one could not build since its dump does not have it; in words.

    Args:
        marked: the names that the table's comment says.
    """
    names = [name for name in marked if name.lower() not in {index.name.lower() for index in skipped}]
    if not names:
        return ()
    return (f"its comment says that an earlier load left out {', '.join(names)}, which this dump does not have",)


def show_create_table(db: Database, name: str) -> str | None:
    """The target's own CREATE TABLE; None: it is gone, which the comparison of its rows says."""
    try:
        row = db.one(f"SHOW CREATE TABLE {name}", shape=(as_text, as_text, ...))
    except LoaderError as error:
        if error.errno in NO_SUCH_TABLE:
            return None
        raise
    return str(row[1]) if row is not None else None
