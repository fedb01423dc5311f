"""Creates a plan's databases, tables and views where they are missing, and says what it found.

Rows of a table are sent only after this: a table is created, or is known to exist, before its data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from airflow_dm_loader.dump.create_table import CreateTable, parse_create_table
from airflow_dm_loader.dump.schema_files import NotCreateStatementError, SchemaFile
from airflow_dm_loader.dump.secondary_indexes import SecondaryIndex, split_secondary_indexes
from airflow_dm_loader.errors import LoaderError, SchemaMissingError, TargetError
from airflow_dm_loader.plan.load_plan import LoadPlan, PlannedTable, PlannedView
from airflow_dm_loader.target import schema as target_schema
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.session import adjust_sql_mode

_NOT_THERE_YET = frozenset({1146, 1356})  # what a view reads from is missing
_ALREADY_THERE = 1050  # another run of this load created it a moment ago


class PreparedTable(NamedTuple):
    """A table that is ready for its rows."""

    schema: str
    table: str
    created: bool
    empty_before: bool
    row_columns: tuple[str, ...]


@dataclass(slots=True)
class CreationSummary:
    """What was created and what was there; names as ``schema.table``."""

    created: list[str] = field(default_factory=list)
    existing: list[str] = field(default_factory=list)
    views: list[str] = field(default_factory=list)
    not_empty: list[str] = field(default_factory=list)


class SchemaCreator:
    """Creates what the dump's schema files say.

    Args:
        db: a connection with ``foreign_key_checks`` off, so that the order of tables does not matter.
        read: a schema file by name, decoded and parsed.
        sql_mode: the user's, if set; else each file's own, adjusted.
        defer: writes down the indexes that a table is created without; None: tables get theirs at once.
    """

    def __init__(
        self,
        db: Database,
        read: Callable[[str], SchemaFile],
        *,
        sql_mode: str | None,
        time_zone: str,
        transactions: bool,
        defer: Callable[[PlannedTable, tuple[SecondaryIndex, ...]], None] | None,
    ) -> None:
        self._db = db
        self._read = read
        self._sql_mode = sql_mode
        self._time_zone = time_zone
        self._check_transactions = transactions
        self._defer = defer
        self._there: dict[str, dict[str, str]] = {}
        self.summary = CreationSummary()

    def create_databases(self, plan: LoadPlan) -> None:
        """Also those that the dump has no schema file of."""
        for database in plan.databases:
            statement = None
            if database.schema_file is not None:
                file = self._read(database.schema_file)
                statement = file.create
                if not target_schema.is_create_database(statement):
                    raise NotCreateStatementError("not a CREATE DATABASE", file=file.name, offset=file.offset)
            target_schema.create_database(self._db, database.schema, statement)
            self._there[database.schema] = target_schema.existing_tables(self._db, database.schema)

    def prepare_table(self, table: PlannedTable, *, prepared_before: bool) -> PreparedTable:
        """Create the table, or check the one that is there. ``prepared_before``: by an earlier try of this load."""
        name = f"{table.schema}.{table.table}"
        file = self._read(table.schema_file) if table.schema_file is not None else None
        parsed = self._parse(table, file) if file is not None else None
        kind = self._there[table.schema].get(table.table)
        if kind is not None and "TABLE" not in kind:
            raise TargetError(
                f"the target has a {kind.lower()} of this name", table=name, remedy="Rename or drop it, then clear."
            )
        if kind is None:
            if file is None or parsed is None:
                raise SchemaMissingError(
                    "the dump has rows for a table that neither it nor the target creates", table=name
                )
            self._use(file)
            try:
                target_schema.create_table(self._db, table.schema, table.table, file, self._body(table, file, parsed))
                self.summary.created.append(name)
            except LoaderError as error:
                if error.errno != _ALREADY_THERE:
                    raise
                kind = "BASE TABLE"
        if kind is not None:
            self.summary.existing.append(name)
        if self._check_transactions and table.has_data:
            target_schema.check_transactional(self._db, table.schema, table.table)
        empty = kind is None or target_schema.is_empty(self._db, table.schema, table.table)
        if not empty and not prepared_before:
            self.summary.not_empty.append(name)
        columns = (
            parsed.row_columns if parsed is not None else target_schema.row_columns(self._db, table.schema, table.table)
        )
        return PreparedTable(table.schema, table.table, kind is None, empty, columns)

    def _body(self, table: PlannedTable, file: SchemaFile, parsed: CreateTable) -> str:
        statement = file.create.decode("utf-8", "surrogateescape")
        if self._defer is None or not table.has_data or "ANSI_QUOTES" in file.settings.get("sql_mode", "").upper():
            return statement[parsed.body_at :]
        body, indexes = split_secondary_indexes(statement)
        if indexes:
            self._defer(table, indexes)
        return body

    def create_views(self, views: tuple[PlannedView, ...]) -> None:
        """Create views, those that read from others after them, whatever their names."""
        waiting = [view for view in views if not self._is_there(view)]
        while waiting:
            later: list[tuple[PlannedView, LoaderError]] = []
            for view in waiting:
                try:
                    self._create_view(view)
                except LoaderError as error:
                    if error.errno in _NOT_THERE_YET:
                        later.append((view, error))
                    elif error.errno != _ALREADY_THERE:
                        raise
            if len(later) == len(waiting):
                raise later[0][1]
            waiting = [view for view, _ in later]

    def _is_there(self, view: PlannedView) -> bool:
        kind = self._there[view.schema].get(view.view)
        if kind is not None and "VIEW" not in kind:
            raise TargetError(
                f"the dump has a view of this name, the target a {kind.lower()}",
                table=f"{view.schema}.{view.view}",
                remedy="Rename or drop it, then clear.",
            )
        return kind is not None

    def _create_view(self, view: PlannedView) -> None:
        file = self._read(view.schema_file)
        self._use(file)
        target_schema.create_view(self._db, view.schema, view.view, file)
        self.summary.views.append(f"{view.schema}.{view.view}")

    def _parse(self, table: PlannedTable, file: SchemaFile) -> CreateTable:
        ansi_quotes = "ANSI_QUOTES" in file.settings.get("sql_mode", "").upper()
        parsed = parse_create_table(file.create.decode("utf-8", "surrogateescape"), ansi_quotes=ansi_quotes)
        if parsed is None:
            raise NotCreateStatementError(
                "not a CREATE TABLE with its columns", file=file.name, offset=file.offset, statement=file.create
            )
        return parsed

    def _use(self, file: SchemaFile) -> None:
        mode = adjust_sql_mode(file.settings.get("sql_mode", "")) if self._sql_mode is None else self._sql_mode
        time_zone = file.settings.get("time_zone", self._time_zone)
        self._db.set_session(target_schema.ddl_session(mode, time_zone))
