"""Brings a meta schema to the version that this code knows, or says why it can't."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from airflow_dm_loader.errors import CheckpointError, LoaderError
from airflow_dm_loader.identifiers import quote
from airflow_dm_loader.server_errors import NO_SUCH_TABLE
from airflow_dm_loader.state.migrations import MIGRATIONS, VERSION
from airflow_dm_loader.state.migrations.migration import Migration, column_names, meta_table, tables_after
from airflow_dm_loader.target.answers import as_number, as_text
from airflow_dm_loader.target.connection import Database

_OPTIONS = "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
_COLUMN_IS_THERE = 1060
_ROW_IS_THERE = 1062


def version_of(db: Database, schema: str, *, newest: int = VERSION) -> int | None:
    """The meta schema's version; 0 where a loader of 0.1.0 made it, or one died that made it; None: there is none.

    Raises:
        CheckpointError: it is newer than this code.
    """
    done = _done(db, schema)
    if done is None:
        return 0 if _holds_loads(db, schema) is not None else None
    number = max(done, default=0)
    if number > newest:
        raise CheckpointError(
            f"{schema} is of version {number} ({done[number]}): a newer loader made it, and this one knows versions up "
            f"to {newest}",
            remedy="Use the newer airflow-dm-loader, or another meta_schema for loads that begin now.",
        )
    return number


def bring_up(db: Database, schema: str, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Make the meta schema, or bring it to this code's version; safe to repeat, and where two do it at once.

    Raises:
        CheckpointError: it is newer than this code, or lacks tables or columns that it had.
    """
    version = version_of(db, schema, newest=migrations[-1].number)
    if version is None:
        db.execute(f"CREATE DATABASE IF NOT EXISTS {quote(schema)}")
    else:
        check_whole(db, schema, version, migrations)
    if version == migrations[-1].number:
        return
    for name, body in tables_after(migrations).items():
        db.execute(f"CREATE TABLE IF NOT EXISTS {meta_table(schema, name)} ({body}) {_OPTIONS}")
    for migration in migrations:
        if migration.number > (version or 0):
            _add_columns(db, schema, migration)
            _change_rows(db, schema, migration, tables_after(migrations))


def check_whole(db: Database, schema: str, version: int, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Raise CheckpointError, by name, where tables or columns are missing that a schema of this version has."""
    if version == 0 and not _holds_loads(db, schema):
        return  # who made it may have died over it
    if missing := _missing(db, schema, [found for found in migrations if found.number <= max(version, 1)], version):
        raise CheckpointError(
            f"{schema} lacks tables or columns of the loader's own, which it had: {', '.join(missing)}. Without them "
            "nobody can tell what is loaded",
            remedy=f"Put them back from a backup. Or empty the tables that were loaded, drop the schema {schema}, and "
            "load again.",
        )


def check_own_tables(db: Database, schema: str, error: LoaderError) -> None:
    """Raise CheckpointError where what the server missed, by this error, is of the loader's own."""
    version = version_of(db, schema)
    if version is not None:
        check_whole(db, schema, version)
    elif "dm_loader_" in error.message:
        raise CheckpointError(
            f"the schema {schema}, which holds what is known of the load, is gone: somebody dropped it",
            remedy="Empty the tables that were loaded, and load again; or put the schema back, and clear.",
        ) from error


def _done(db: Database, schema: str) -> dict[int, str] | None:
    """number -> what, of the migrations that were done; None: they were never counted."""
    try:
        rows = db.query(f"SELECT number, what FROM {meta_table(schema, 'migration')}", shape=(as_number, as_text))
    except LoaderError as error:
        if error.errno in NO_SUCH_TABLE:
            return None
        raise
    return {int(number): str(what) for number, what in rows}


def _holds_loads(db: Database, schema: str) -> bool | None:
    """Whether any load is stored; None: there is no table for them."""
    try:
        return bool(db.query(f"SELECT 1 FROM {meta_table(schema, 'load')} LIMIT 1", shape=(as_number,)))
    except LoaderError as error:
        if error.errno in NO_SUCH_TABLE:
            return None
        raise


def _missing(db: Database, schema: str, migrations: Sequence[Migration], version: int) -> list[str]:
    there: dict[str, set[str]] = {}
    for table, column in db.query(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = %s",
        (schema,),
        shape=(as_text, as_text),
    ):
        there.setdefault(str(table), set()).add(str(column).lower())
    found = []
    for name, body in tables_after(migrations).items():
        if name == "migration" and version == 0:
            continue
        table = f"dm_loader_{name}"
        if table not in there:
            found.append(table)
        else:
            found += [f"{table}.{column}" for column in column_names(body) if column not in there[table]]
    return found


def _add_columns(db: Database, schema: str, migration: Migration) -> None:
    for table, columns in migration.columns.items():
        for name, kind in columns.items():
            if name in _columns(db, schema, table):
                continue
            try:
                db.execute(f"ALTER TABLE {meta_table(schema, table)} ADD COLUMN {quote(name)} {kind}")
            except LoaderError as error:
                if error.errno != _COLUMN_IS_THERE:  # another session was faster
                    raise


def _columns(db: Database, schema: str, table: str) -> Collection[str]:
    rows = db.query(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s",
        (schema, f"dm_loader_{table}"),
        shape=(as_text,),
    )
    return {str(name).lower() for (name,) in rows}


def _change_rows(db: Database, schema: str, migration: Migration, tables: Iterable[str]) -> None:
    """In one transaction with the migration's own row: of two sessions, the second waits, and does nothing."""
    db.rollback()
    try:
        db.execute(
            f"INSERT INTO {meta_table(schema, 'migration')} (number, what, applied_at) "
            "VALUES (%s, %s, UTC_TIMESTAMP(6))",
            (migration.number, migration.what),
        )
        names = {name: meta_table(schema, name) for name in tables}
        for statement in migration.rows:
            db.execute(statement.format(**names))
        db.commit()
    except LoaderError as error:
        if error.errno != _ROW_IS_THERE:
            raise
        db.rollback()
