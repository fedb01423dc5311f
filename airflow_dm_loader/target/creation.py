"""Creates a plan's databases, tables and views where they are missing, and says what it found.

Rows of a table are sent only after this: a table is created, or is known to exist, before its data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple

from airflow_dm_loader.dump.create_table import CreateTable, parse_create_table
from airflow_dm_loader.dump.schema_files import SchemaFile
from airflow_dm_loader.dump.secondary_indexes import SecondaryIndex, split_secondary_indexes
from airflow_dm_loader.errors import LoaderError, NotCreateStatementError, SchemaMissingError, TargetError
from airflow_dm_loader.plan.load_plan import LoadPlan, PlannedTable, PlannedView
from airflow_dm_loader.target import schema as target_schema
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.session import sql_mode_for

_ALREADY_THERE = 1050  # another session created it between our look and our try
_NOT_THERE_YET = frozenset({1146, 1356})  # what a view reads from is missing


@dataclass(frozen=True, slots=True)
class TableDraft:
    """A table as it is to be created, or as it was found.

    ``indexes`` are not in ``body``: they are built once the rows are in.
    """

    planned: PlannedTable
    file: SchemaFile | None
    parsed: CreateTable | None
    body: str
    indexes: tuple[SecondaryIndex, ...]
    exists: bool

    @property
    def name(self) -> str:
        return f"{self.planned.schema}.{self.planned.table}"


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
        open_database: a connection with ``foreign_key_checks`` off, so that the order of tables does not matter.
        read: a schema file by name, decoded and parsed.
        sql_mode: the user's, if set; else each file's own, adjusted.
        time_zone: for files that name none.
        transactions: whether tables' engines can be asked for them.
        defer_indexes: leave secondary indexes of large tables out, for later.
    """

    def __init__(
        self,
        open_database: Callable[[], Database],
        read: Callable[[str], SchemaFile],
        *,
        sql_mode: str | None,
        time_zone: str,
        transactions: bool,
        defer_indexes: bool,
    ) -> None:
        self._open = open_database
        self._read = read
        self._sql_mode = sql_mode
        self._time_zone = time_zone
        self._check_transactions = transactions
        self._defer_indexes = defer_indexes
        self._there: dict[str, dict[str, str]] = {}
        self.summary = CreationSummary()

    def create_databases(self, plan: LoadPlan) -> None:
        """Also those that the dump has no schema file of."""
        with self._open() as db:
            for database in plan.databases:
                statement = None
                if database.schema_file is not None:
                    file = self._read(database.schema_file)
                    statement = file.create
                    if not target_schema.is_create_database(statement):
                        raise NotCreateStatementError("not a CREATE DATABASE", file=file.name, offset=file.offset)
                target_schema.create_database(db, database.schema, statement)
                self._there[database.schema] = target_schema.existing_tables(db, database.schema)

    def draft_tables(self, tables: Iterable[PlannedTable]) -> tuple[TableDraft, ...]:
        """Read and check all schema files, before any table is created."""
        return tuple(self._draft(table) for table in tables)

    def create_tables(self, drafts: tuple[TableDraft, ...], connections: int) -> tuple[PreparedTable, ...]:
        """Create the tables that are missing, over several connections, and look at those that are there."""
        slices = [drafts[start::connections] for start in range(min(connections, len(drafts)))]
        with ThreadPoolExecutor(max(1, len(slices)), thread_name_prefix="dm-loader-ddl") as threads:
            prepared = [table for found in threads.map(self._prepare_slice, slices) for table in found]
        if self._check_transactions:
            self._check_engines([draft.planned for draft in drafts if draft.planned.has_data])
        for table in sorted(prepared):
            name = f"{table.schema}.{table.table}"
            (self.summary.created if table.created else self.summary.existing).append(name)
            if not table.empty_before:
                self.summary.not_empty.append(name)
        return tuple(sorted(prepared))

    def create_views(self, views: tuple[PlannedView, ...]) -> None:
        """Create views, those that read from others after them, whatever their names."""
        waiting = [view for view in views if not self._is_there(view)]
        with self._open() as db:
            while waiting:
                later: list[tuple[PlannedView, LoaderError]] = []
                for view in waiting:
                    try:
                        self._create_view(db, view)
                    except LoaderError as error:
                        if error.errno in _NOT_THERE_YET:
                            later.append((view, error))
                        elif error.errno != _ALREADY_THERE:
                            raise
                if len(later) == len(waiting):
                    raise later[0][1]
                waiting = [view for view, _ in later]

    def _draft(self, table: PlannedTable) -> TableDraft:
        name = f"{table.schema}.{table.table}"
        kind = self._there[table.schema].get(table.table)
        if kind is not None and "TABLE" not in kind:
            raise TargetError(
                f"the target has a {kind.lower()} of this name", table=name, remedy="Rename or drop it, then clear."
            )
        if table.schema_file is None:
            if kind is None:
                raise SchemaMissingError(
                    "the dump has rows for a table that neither it nor the target creates", table=name
                )
            return TableDraft(table, None, None, "", (), exists=True)
        file = self._read(table.schema_file)
        ansi_quotes = "ANSI_QUOTES" in file.settings.get("sql_mode", "").upper()
        statement = file.create.decode("utf-8", "surrogateescape")
        parsed = parse_create_table(statement, ansi_quotes=ansi_quotes)
        if parsed is None:
            raise NotCreateStatementError(
                "not a CREATE TABLE with its columns", file=file.name, offset=file.offset, statement=file.create
            )
        if self._defer_indexes and kind is None and table.is_large and not ansi_quotes:
            return TableDraft(table, file, parsed, *split_secondary_indexes(statement), exists=False)
        return TableDraft(table, file, parsed, statement[parsed.body_at :], (), exists=kind is not None)

    def _prepare_slice(self, drafts: tuple[TableDraft, ...]) -> list[PreparedTable]:
        with self._open() as db:
            session: Mapping[str, str | int] = {}
            prepared = []
            for draft in drafts:
                if draft.file is not None and (wanted := self._session(draft.file)) != session:
                    db.set_session(wanted)
                    session = wanted
                prepared.append(self._prepare(db, draft))
            return prepared

    def _prepare(self, db: Database, draft: TableDraft) -> PreparedTable:
        schema, table = draft.planned.schema, draft.planned.table
        created = not draft.exists and draft.file is not None and self._create(db, draft, draft.file)
        empty = created or target_schema.is_empty(db, schema, table)
        columns = draft.parsed.row_columns if draft.parsed is not None else target_schema.row_columns(db, schema, table)
        return PreparedTable(schema, table, created, empty, columns)

    def _create(self, db: Database, draft: TableDraft, file: SchemaFile) -> bool:
        try:
            target_schema.create_table(db, draft.planned.schema, draft.planned.table, file, draft.body)
        except LoaderError as error:
            if error.errno != _ALREADY_THERE:
                raise
            return False
        return True

    def _check_engines(self, tables: list[PlannedTable]) -> None:
        with self._open() as db:
            for schema in sorted({table.schema for table in tables}):
                engines = target_schema.engines_without_transactions(db, schema)
                for table in tables:
                    if table.schema == schema and table.table in engines:
                        raise TargetError(
                            f"the table's engine {engines[table.table]} has no transactions, so rows could be lost "
                            "or doubled by a crash",
                            table=f"{schema}.{table.table}",
                            remedy="Create it with ENGINE=InnoDB (change the schema file, or ALTER it), then clear.",
                        )

    def _is_there(self, view: PlannedView) -> bool:
        kind = self._there[view.schema].get(view.view)
        if kind is not None and "VIEW" not in kind:
            raise TargetError(
                f"the dump has a view of this name, the target a {kind.lower()}",
                table=f"{view.schema}.{view.view}",
                remedy="Rename or drop it, then clear.",
            )
        return kind is not None

    def _create_view(self, db: Database, view: PlannedView) -> None:
        file = self._read(view.schema_file)
        db.set_session(self._session(file))
        target_schema.create_view(db, view.schema, view.view, file)
        self.summary.views.append(f"{view.schema}.{view.view}")

    def _session(self, file: SchemaFile) -> Mapping[str, str | int]:
        mode = sql_mode_for(self._sql_mode, file.settings.get("sql_mode", ""))
        return target_schema.ddl_session(mode, file.settings.get("time_zone", self._time_zone))
