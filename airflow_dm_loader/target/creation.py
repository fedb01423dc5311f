"""Creates what is missing of a dump's databases, tables and views, and says what it found.

Rows of a table are sent only after this: a table is created, or is known to exist, before its data.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple

from airflow_dm_loader.dump.schema_files import SchemaFile
from airflow_dm_loader.dump.secondary_indexes import references
from airflow_dm_loader.errors import LoaderError, TargetError
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.target import schema as target_schema
from airflow_dm_loader.target.column_fit import check_fit
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.drafts import DatabaseDraft, TableDraft, ViewDraft, check_engines
from airflow_dm_loader.target.refused_creates import together
from airflow_dm_loader.target.schema_change import add_columns
from airflow_dm_loader.target.session import sql_mode_for

_ALREADY_THERE = 1050  # another session created it between our look and our try
_NOT_THERE_YET = frozenset({1146, 1356})  # what a view reads from is missing
_NOT_UNIQUE = frozenset({1822, 6125})  # what a foreign key points at; told of whichever table comes second

Session = Mapping[str, str | int]


class PreparedTable(NamedTuple):
    """A table that is ready for its rows."""

    schema: str
    table: str
    created: bool
    empty_before: bool
    row_columns: tuple[str, ...]

    @property
    def key(self) -> TableName:
        """Its table."""
        return TableName(self.schema, self.table)


@dataclass(slots=True)
class CreationSummary:
    """What was created and what was there; names as ``schema.table``."""

    created: list[str] = field(default_factory=list)
    existing: list[str] = field(default_factory=list)
    views: list[str] = field(default_factory=list)
    not_empty: list[str] = field(default_factory=list)
    lacking: dict[str, tuple[str, ...]] = field(default_factory=dict)  # what tables came out without
    warned: dict[str, tuple[str, ...]] = field(default_factory=dict)  # what the server said of a CREATE TABLE


@dataclass(frozen=True, slots=True)
class SchemaSessions:
    """The session that a schema file's statement runs in.

    ``sql_mode`` is the user's, if set, else each file's own, adjusted; ``time_zone`` is for files that name none.
    ``utf8_alone``: the target takes the bytes of a statement for UTF-8, whatever charset its session has.
    """

    sql_mode: str | None
    time_zone: str
    utf8_alone: bool = False

    def of(self, file: SchemaFile | None) -> Session:
        settings = file.settings if file is not None else {}
        mode = sql_mode_for(self.sql_mode, settings.get("sql_mode", ""))
        return target_schema.ddl_session(mode, settings.get("time_zone", self.time_zone))

    def of_view(self, file: SchemaFile) -> Session:
        """A view keeps the charset and the collation that it was created in; its texts mean other letters in others."""
        session = dict(self.of(file))
        client = self.view_charset(file)
        session["character_set_client"] = client
        session["character_set_connection"] = client
        collation = file.settings.get("collation_connection")
        if collation and (not self.utf8_alone or collation.lower().startswith("utf8mb4_")):
            session["collation_connection"] = collation
        return session

    def view_charset(self, file: SchemaFile) -> str:
        """What the CREATE VIEW is sent in: the charset of the client that created it, where the dump says it."""
        return "utf8mb4" if self.utf8_alone else target_schema.view_charset(file) or "utf8mb4"


class SchemaCreator:
    """Creates what was drafted; see :mod:`airflow_dm_loader.target.drafts`.

    Args:
        open_database: a connection with ``foreign_key_checks`` off, so that the order of tables does not matter.
        transactions: whether tables' engines can be asked for them.
    """

    def __init__(self, open_database: Callable[[], Database], sessions: SchemaSessions, *, transactions: bool) -> None:
        self._open = open_database
        self._sessions = sessions
        self._check_transactions = transactions
        self.summary = CreationSummary()
        self._drafts: tuple[TableDraft, ...] = ()
        self._refused: list[LoaderError] = []

    def create_databases(self, drafts: tuple[DatabaseDraft, ...]) -> None:
        """Also those that the dump has no schema file of."""
        with self._open() as db:
            for draft in drafts:
                target_schema.create_database(db, draft.schema, draft.file)

    def create_tables(self, drafts: tuple[TableDraft, ...], connections: int) -> tuple[PreparedTable, ...]:
        """Create the tables that are missing, over several connections, and look at those that are there.

        Raises:
            TargetError: the server refuses some; all of them are tried, so that it names each.
        """
        self._drafts = drafts
        sequences = tuple(draft for draft in drafts if draft.parsed is not None and draft.parsed.is_sequence)
        prepared = self._prepare_slice(sequences)  # defaults of tables use them
        tables = tuple(draft for draft in drafts if draft not in sequences) if sequences else drafts
        slices = [tables[start::connections] for start in range(min(connections, len(tables)))]
        with ThreadPoolExecutor(max(1, len(slices)), thread_name_prefix="dm-loader-ddl") as threads:
            prepared += [table for found in threads.map(self._prepare_slice, slices) for table in found]
        if self._refused:
            raise together(self._refused)
        if self._check_transactions:
            with self._open() as db:
                check_engines(db, [draft.planned for draft in drafts])
        for table in sorted(prepared):
            name = str(table.key)
            (self.summary.created if table.created else self.summary.existing).append(name)
            if not table.empty_before:
                self.summary.not_empty.append(name)
        return tuple(sorted(prepared))

    def create_views(self, drafts: tuple[ViewDraft, ...]) -> None:
        """Create views, those that read from others after them, whatever their names; errors as of tables."""
        waiting = drafts
        refused: dict[str, LoaderError] = {}
        with self._open() as db:
            while waiting:
                later: list[tuple[ViewDraft, LoaderError]] = []
                for view in waiting:
                    try:
                        self._create_view(db, view)
                    except LoaderError as error:
                        if error.errno in _NOT_THERE_YET:
                            later.append((view, error))
                        elif isinstance(error, TargetError) and error.errno != _ALREADY_THERE:
                            refused[f"{view.planned.schema}.{view.planned.view}"] = error
                        elif error.errno != _ALREADY_THERE:
                            raise
                if later and len(later) == len(waiting):
                    raise together([*refused.values(), *_what_is_missing(later, refused)])
                waiting = tuple(view for view, _ in later)
        if refused:
            raise together(list(refused.values()))

    def _prepare_slice(self, drafts: tuple[TableDraft, ...]) -> list[PreparedTable]:
        if not drafts:
            return []
        with self._open() as db:
            session: Session = {}
            prepared = []
            for draft in drafts:
                if draft.file is not None and (wanted := self._sessions.of(draft.file)) != session:
                    db.set_session(wanted)
                    session = wanted
                try:
                    prepared.append(self._prepare(db, draft))
                except TargetError as error:  # those of other kinds would come with each table, or may pass
                    self._refused.append(error)
            return prepared

    def _prepare(self, db: Database, draft: TableDraft) -> PreparedTable:
        schema, table = draft.planned.schema, draft.planned.table
        created = not draft.exists and draft.file is not None and self._create(db, draft, draft.file)
        if draft.change.added and draft.file is not None:
            self._add_columns(db, draft, draft.file)
        empty = created or target_schema.is_empty(db, schema, table)
        columns = draft.parsed.row_columns if draft.parsed is not None else target_schema.row_columns(db, schema, table)
        return PreparedTable(schema, table, created, empty, columns)

    def _create(self, db: Database, draft: TableDraft, file: SchemaFile) -> bool:
        schema, table = draft.planned.schema, draft.planned.table
        try:
            warned = target_schema.create_table(db, schema, table, file, draft.body)
        except LoaderError as error:
            if error.errno in _NOT_UNIQUE:
                raise self._of_whose_key(draft, error) from None
            if error.errno != _ALREADY_THERE:
                raise
            return False
        if warned:
            self.summary.warned[draft.name] = warned
        if lacking := target_schema.left_out(db, schema, table, draft.body):
            self.summary.lacking[draft.name] = lacking
        return True

    def _add_columns(self, db: Database, draft: TableDraft, file: SchemaFile) -> None:
        table = draft.planned.key
        if warned := add_columns(db, table, file, draft.change):
            self.summary.warned[draft.name] = warned
        shapes = target_schema.column_shapes(db, table.schema).get(table.table, {})
        for parsed in dict.fromkeys(source.parsed for source in draft.sources if source.parsed is not None):
            check_fit(draft.name, parsed, shapes)  # another source of the load task may have been faster

    def _of_whose_key(self, draft: TableDraft, error: LoaderError) -> LoaderError:
        """The error with the tables whose foreign keys it is about, where those were created before this one."""
        here = draft.planned.key
        pointing = [
            other.name
            for other in self._drafts
            if any((to.schema or other.planned.schema, to.table) == here for to in references(other.body))
        ]
        if not pointing:
            return error
        message = f"{error.message} (a foreign key of {', '.join(pointing)})"
        named = TargetError(message, errno=error.errno, remedy=error.remedy)
        return named.at(file=error.file, offset=error.offset, table=error.table)

    def _create_view(self, db: Database, draft: ViewDraft) -> None:
        planned = draft.planned
        db.set_session(self._sessions.of_view(draft.file))
        charset = self._sessions.view_charset(draft.file)
        target_schema.create_view(db, planned.schema, planned.view, draft.file, charset)
        self.summary.views.append(f"{planned.schema}.{planned.view}")


def _what_is_missing(
    waiting: Sequence[tuple[ViewDraft, LoaderError]], refused: Collection[str]
) -> Sequence[LoaderError]:
    """Of views that wait for each other or for those that were refused, the errors of those that wait for more."""
    names = [f"{name}'" for name in (*refused, *(f"{view.planned.schema}.{view.planned.view}" for view, _ in waiting))]
    errors = [error for _, error in waiting if not any(name in error.message for name in names)]
    return errors or ([] if refused else [waiting[0][1]])
