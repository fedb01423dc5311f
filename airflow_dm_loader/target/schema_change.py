"""Columns that tables which exist lack of the dump's: the ALTER TABLE that adds them, made once, before the rows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from airflow_dm_loader.dump.column_texts import ColumnText
from airflow_dm_loader.dump.schema_files import SchemaFile
from airflow_dm_loader.errors import LoaderError, RowError, TargetError
from airflow_dm_loader.identifiers import TableName, quote
from airflow_dm_loader.target.answers import as_text
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.creation_check import creation_problem, creation_warnings, worth_telling

BY_HAND = (
    "Add the column to the table by hand, as it shall be; then clear. Or leave it out: on_schema_change=ignore_columns."
)
_DUPLICATE_COLUMN = 1060  # another source of the load task was faster
_LOCK_WAIT_S = 10  # readers queue behind an ALTER that waits for one of them


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """What becomes of the columns that one table lacks.

    Attributes:
        added: to be added, in the dump's order.
        left_out: whose values do not go to the table.
        not_added: computed ones that the server adds to no table that exists; rows hold no value of them.
        there: the table's columns, in lower case.
        one_by_one: a statement may not name a column that it adds itself (TiDB).
    """

    added: tuple[ColumnText, ...] = ()
    left_out: tuple[str, ...] = ()
    not_added: tuple[str, ...] = ()
    there: frozenset[str] = frozenset()
    one_by_one: bool = False

    @property
    def names(self) -> frozenset[str]:
        """Its columns, in lower case."""
        return frozenset(name.lower() for name in (*(column.name for column in self.added), *self.left_out))

    def alters(self, table: TableName, there: Collection[str] | None = None) -> tuple[str, ...]:
        """The ALTER TABLE that adds what is not ``there`` yet; or several, one after another.

        Args:
            there: the table's columns, in lower case; None: as it was when the change was found.
        """
        known = set(self.there if there is None else there)
        parts = []
        for column in self.added:
            if column.name.lower() not in known:
                parts.append(f"ADD COLUMN {column.text}{_place(column, known)}")
                known.add(column.name.lower())
        some = parts if self.one_by_one else [", ".join(parts)]
        return tuple(f"ALTER TABLE {table.quoted} {part}" for part in some if part)


UNCHANGED = SchemaChange()


def _place(column: ColumnText, known: set[str]) -> str:
    if column.before is None:
        return " FIRST"
    return f" AFTER {quote(column.before)}" if column.before.lower() in known else ""


def add_columns(db: Database, table: TableName, file: SchemaFile, change: SchemaChange) -> tuple[str, ...]:
    """Add what the table still lacks, by one ALTER TABLE.

    Args:
        db: in the session of the dump's CREATE TABLE.

    Returns:
        What the server warned of, in its own words.

    Raises:
        TargetError: the server refuses it, or would not keep a default or label as it is.
        RetriableError: readers hold the table for long.
    """
    db.use(table.schema)
    db.set_session({"lock_wait_timeout": _LOCK_WAIT_S})
    warnings: tuple[str, ...] = ()
    tried: frozenset[str] | None = None
    while (missing := change.names - columns_now(db, table)) and missing != tried:
        tried = missing
        try:
            warnings = _alter(db, table, change)
        except LoaderError as error:
            if error.errno != _DUPLICATE_COLUMN:
                raise _refused(error).at(file=file.name, offset=file.offset, table=str(table)) from error
            db.rollback()
    return warnings


def _refused(error: LoaderError) -> LoaderError:
    """No row of the dump can be corrected here."""
    if not isinstance(error, RowError | TargetError) or error.errno is None:
        return error
    message = f"columns of the dump can't be added (on_schema_change=add_columns): {error.message}"
    return TargetError(message, errno=error.errno, remedy=BY_HAND)


def _alter(db: Database, table: TableName, change: SchemaChange) -> tuple[str, ...]:
    known = columns_now(db, table)
    warnings: list[tuple[str, int, str]] = []
    for statement in change.alters(table, known):
        result = db.execute(statement.encode("utf-8", "surrogateescape"))
        warnings += creation_warnings(db, result)
    mine = [column for column in change.added if column.name.lower() not in known]
    body = f"({', '.join(column.text for column in mine)})"
    if problem := creation_problem(db, *table, body, warnings):
        for column in mine:  # they were added a moment ago, and no row has filled them
            db.execute(f"ALTER TABLE {table.quoted} DROP COLUMN {quote(column.name)}")
        raise TargetError(f"the target would not keep a column's definition as it is: {problem}", remedy=BY_HAND)
    return worth_telling(warnings)


def columns_now(db: Database, table: TableName) -> set[str]:
    """The columns that the table has now, in lower case."""
    rows = db.query(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s",
        table,
        shape=(as_text,),
    )
    return {str(name).lower() for (name,) in rows}
