"""Swapping tables in: one RENAME TABLE over all of them, what stands in its way, and whether it has happened.

A table of the round's own, its mark, is renamed by the same statement. Where it is says whether that was done, whoever
asks, and whatever died: the server renames all or nothing. Nobody can swap a round in whose mark was dropped.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from airflow_dm_loader.errors import LoaderError, RetriableError, TargetError
from airflow_dm_loader.identifiers import TableName, quote
from airflow_dm_loader.report import some_of
from airflow_dm_loader.server_errors import NO_SUCH_TABLE
from airflow_dm_loader.target import hanging
from airflow_dm_loader.target import schema as target_schema
from airflow_dm_loader.target.answers import as_number, as_text
from airflow_dm_loader.target.connection import Database

Rename = tuple[TableName, TableName]  # from, to

_TABLE_IS_THERE = 1050
_WRONG_SCHEMA = 1435  # of a trigger
_LOCK_WAIT_S = 10  # readers queue behind a RENAME that waits for one of them


def is_there(db: Database, table: TableName) -> bool:
    """Whether the server has such a table, asked in a way that no cache answers."""
    try:
        db.query(f"SELECT 1 FROM {table.quoted} LIMIT 0", shape=(as_number,))
    except LoaderError as error:
        if error.errno not in NO_SUCH_TABLE:
            raise
        return False
    finally:
        db.rollback()
    return True


def has_happened(db: Database, marks: tuple[TableName, TableName]) -> bool | None:
    """Whether the mark was renamed; None: there is none, so it can't be any more."""
    before, after = marks
    if is_there(db, after):
        return True
    if is_there(db, before):
        return False
    return True if is_there(db, after) else None  # it may have been renamed between the two looks


def make_schema(db: Database, schema: str, like: str) -> None:
    """Create a schema with the same charset and collation as another one, if that exists."""
    row = db.one(
        "SELECT default_character_set_name, default_collation_name FROM information_schema.schemata "
        "WHERE schema_name = %s",
        (like,),
        shape=(as_text, as_text),
    )
    options = f" DEFAULT CHARACTER SET {row[0]} COLLATE {row[1]}" if row is not None else ""
    db.execute(f"CREATE DATABASE IF NOT EXISTS {quote(schema)}{options}")


def make_mark(db: Database, mark: TableName) -> None:
    """Create the mark, where it is not there."""
    db.execute(f"CREATE TABLE IF NOT EXISTS {mark.quoted} (`swapped_in` TINYINT NOT NULL PRIMARY KEY) ENGINE=InnoDB")


def swap(db: Database, marks: tuple[TableName, TableName], renames: Sequence[Rename]) -> bool:
    """Rename all tables and the mark by one statement; whether it was this one that did it.

    Raises:
        RetriableError: readers hold the tables, or tables came or went meanwhile; nothing was renamed.
        TargetError: the server refuses it; nothing was renamed.
    """
    db.set_session({"lock_wait_timeout": _LOCK_WAIT_S, "foreign_key_checks": 0})
    steps = ", ".join(f"{old.quoted} TO {new.quoted}" for old, new in (marks, *renames))
    try:
        db.execute(f"RENAME TABLE {steps}".encode("utf-8", "surrogateescape"))
    except LoaderError as error:
        if error.errno not in {*NO_SUCH_TABLE, _TABLE_IS_THERE}:
            raise
        if has_happened(db, marks):
            return False
        raise RetriableError(
            f"tables came or went while they were swapped; nothing was renamed: {error.message}", errno=error.errno
        ) from error
    return True


def drop(db: Database, tables: Iterable[TableName], schemas: Iterable[str] = ()) -> None:
    """Drop tables that are there, and then those of the schemas that are empty."""
    db.set_session({"lock_wait_timeout": _LOCK_WAIT_S, "foreign_key_checks": 0})
    for table in tables:
        if is_there(db, table):
            db.execute(f"DROP TABLE IF EXISTS {table.quoted}")
    for schema in schemas:
        if not target_schema.existing_tables(db, schema):
            db.execute(f"DROP DATABASE IF EXISTS {quote(schema)}")


def check_replaceable(
    db: Database, tables: Collection[TableName], former: Collection[TableName] = (), *, rebuild: bool = False
) -> None:
    """Refuse live tables that can't be replaced by a RENAME alone, by name.

    Args:
        former: tables that earlier swaps replaced; what they refer to may become a former one too.
        rebuild: what hangs on them is made again after the swap.

    Raises:
        TargetError: one is no base table, has triggers, or a foreign key of a table outside refers to it.
    """
    for schema in sorted({schema for schema, _ in tables}):
        kinds = target_schema.existing_tables(db, schema)
        for table in sorted(table for of, table in tables if of == schema):
            kind = kinds.get(table, "BASE TABLE")
            if kind != "BASE TABLE":
                raise TargetError(
                    f"on_existing_rows=swap can't replace it: it is a {kind.lower()}",
                    table=f"{schema}.{table}",
                    remedy="Leave it out with block_allow_list, and load it by itself; or rename or drop it.",
                )
    if rebuild:
        return
    _refuse(
        [(trigger.table, f"{trigger.name} on {trigger.table}") for trigger in hanging.triggers_of(db, tables)],
        "triggers hang on tables that on_existing_rows=swap would replace, and would go away with the former ones",
        "Set swap_rebuild, which makes them again on the new tables; or drop them, let the load swap, and create them "
        "again; or load with on_existing_rows=truncate.",
    )
    keys = hanging.foreign_keys_from_outside(db, tables, former)
    _refuse(
        [(key.parent, f"{key.name} of {key.table} on {key.parent}") for key in keys],
        "foreign keys of tables that this load does not replace refer to tables that it would replace, and would "
        "follow the former ones",
        "Set swap_rebuild, which makes them again on the new tables; or drop them, let the load swap, and add them "
        "again; or load those tables with this load, or with on_existing_rows=truncate.",
    )


def _refuse(found: list[tuple[TableName, str]], why: str, remedy: str) -> None:
    if found:
        shown = some_of([what for _, what in found], 5)
        raise TargetError(f"{why}: {shown}", table=str(found[0][0]), remedy=remedy)
