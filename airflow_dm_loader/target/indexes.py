"""Adds indexes to a table that has its rows: all of them in one ALTER, which reads the table once."""

from __future__ import annotations

from collections.abc import Iterable

from airflow_dm_loader.dump.secondary_indexes import SecondaryIndex
from airflow_dm_loader.errors import LoaderError
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.identifiers import qualified

_NO_SUCH_TABLE = 1146
_ALREADY_THERE = frozenset({1022, 1061, 1826})  # another session was faster


def add_indexes(db: Database, schema: str, table: str, indexes: Iterable[SecondaryIndex]) -> None:
    """Add those that the table does not have; doing it again, or at the same time elsewhere, does no harm."""
    wanted = tuple(indexes)
    try:
        _add_missing(db, schema, table, wanted)
    except LoaderError as error:
        if error.errno == _NO_SUCH_TABLE:
            return  # somebody dropped it: it lacks nothing
        if error.errno not in _ALREADY_THERE:
            raise error.at(table=f"{schema}.{table}") from error
        _add_missing(db, schema, table, wanted)


def _add_missing(db: Database, schema: str, table: str, wanted: tuple[SecondaryIndex, ...]) -> None:
    there = {
        (str(name).lower(), bool(is_foreign_key))
        for name, is_foreign_key in db.query(
            "SELECT index_name, 0 FROM information_schema.statistics WHERE table_schema = %s AND table_name = %s "
            "UNION SELECT constraint_name, 1 FROM information_schema.table_constraints "
            "WHERE table_schema = %s AND table_name = %s AND constraint_type = 'FOREIGN KEY'",
            (schema, table, schema, table),
        )
    }
    missing = [index.definition for index in wanted if (index.name.lower(), index.is_foreign_key) not in there]
    if missing:
        added = ", ".join(f"ADD {definition}" for definition in missing)
        db.execute(f"ALTER TABLE {qualified(schema, table)} {added}".encode("utf-8", "surrogateescape"))
