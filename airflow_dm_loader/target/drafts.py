"""What is to be created, and what is there already: read and checked whole, before anything is created."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from airflow_dm_loader.dump.create_table import CreateTable
from airflow_dm_loader.dump.ddl_changes import (
    with_implied_collations,
    with_innodb,
    with_references,
    with_ttl_off,
)
from airflow_dm_loader.dump.ddl_tokens import tokenize
from airflow_dm_loader.dump.schema_files import SchemaFile
from airflow_dm_loader.dump.secondary_indexes import (
    SecondaryIndex,
    named_indexes,
    references,
    split_secondary_indexes,
)
from airflow_dm_loader.dump.waiting_mark import with_mark
from airflow_dm_loader.errors import LoaderError, SchemaMissingError, TargetError
from airflow_dm_loader.identifiers import TableName, quote
from airflow_dm_loader.plan.filters import is_for_all, owner_of
from airflow_dm_loader.plan.load_plan import LoadPlan, PlannedDatabase, PlannedSequence, PlannedTable, PlannedView
from airflow_dm_loader.report import some_of
from airflow_dm_loader.rules.skips import NO_SKIPS, Skips
from airflow_dm_loader.target import schema as target_schema
from airflow_dm_loader.target.answers import as_text, as_truth, maybe
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.merging import (
    SourceDraft,
    ansi_quotes,
    check_alike,
    check_extracted,
    check_foreign_keys,
    read_source,
    unlike_keys,
    unsure_views,
)
from airflow_dm_loader.target.schema_change import UNCHANGED, SchemaChange
from airflow_dm_loader.target.sequences import SequenceDraft, kept_as_they_are
from airflow_dm_loader.target.storage_engines import Engines, ask_engines, can_convert, reaches_out

_SHOWN = 3
_MAY_NOT = 1142  # the server: a privilege is missing


@dataclass(frozen=True, slots=True)
class DatabaseDraft:
    """A database that is missing."""

    schema: str
    file: SchemaFile | None


@dataclass(frozen=True, slots=True)
class TableDraft:
    """A table as it is to be created, or as it was found.

    ``indexes`` are not in ``body``, or not in a table that exists since a load left them out: they are built after the
    rows.
    """

    planned: PlannedTable
    file: SchemaFile | None
    parsed: CreateTable | None
    body: str
    indexes: tuple[SecondaryIndex, ...]
    exists: bool
    sources: tuple[SourceDraft, ...] = ()
    implied: bool = False  # whether collations that its charsets imply were written out
    ttl_off: bool = False  # whether it is created with its TTL switched off, which the dump has on
    change: SchemaChange = UNCHANGED  # of one that exists

    @property
    def name(self) -> str:
        return str(self.planned.home)


@dataclass(frozen=True, slots=True)
class ViewDraft:
    """A view that is missing."""

    planned: PlannedView
    file: SchemaFile


@dataclass(frozen=True)
class SchemaDraft:
    """Everything that the load creates, and the tables that it found."""

    databases: tuple[DatabaseDraft, ...]
    tables: tuple[TableDraft, ...]
    views: tuple[ViewDraft, ...]
    warnings: tuple[str, ...] = ()
    sequences: tuple[SequenceDraft, ...] = ()

    def files(self) -> Iterator[SchemaFile]:
        """The schema files whose statements will be run."""
        yield from (database.file for database in self.databases if database.file is not None)
        yield from (table.file for table in self.tables if table.file is not None and not table.exists)
        yield from (view.file for view in self.views)
        yield from (sequence.file for sequence in self.sequences)


@dataclass(frozen=True, slots=True)
class Drafter:
    """Reads a plan's schema files and looks at the target.

    Args:
        read: a schema file by name, decoded and parsed.
        transactions: whether tables must have an engine with transactions.
        defer_indexes: leave secondary indexes of large tables out, for later.
        convert_engines: create tables in InnoDB where their own engine would not do.
        implied: charset -> the collation that CREATE statements mean by it alone, where the target means another.
        ours: tables and sequences that this load made, or has put rows into.
        own_tables: the target has TiDB's kinds of table.
        sequences: the target has sequences.
        shadows: live table -> the one that is filled in its place, of all sources of the load task.
        recreated: tables that will be dropped before any is created.
        skips: which secondary indexes and foreign keys are left out, of small tables too.
        meta_schema: where the loader keeps its state.
    """

    read: Callable[[str], SchemaFile]
    transactions: bool
    defer_indexes: bool
    convert_engines: bool
    implied: Mapping[str, str] = field(default_factory=dict)
    ours: Collection[TableName] = ()
    own_tables: bool = False
    sequences: bool = True
    shadows: Mapping[TableName, TableName] = field(default_factory=dict)
    recreated: Collection[TableName] = ()
    skips: Skips = NO_SKIPS
    meta_schema: str = ""

    def draft(self, db: Database, plan: LoadPlan) -> SchemaDraft:
        """Raises NotCreateStatementError, SchemaMissingError or TargetError for the first thing that can't be."""
        there = target_schema.existing_databases(db)
        tables = {database.schema: target_schema.existing_tables(db, database.schema) for database in plan.databases}
        engines = ask_engines(db) if self.transactions else None
        if engines is not None:
            check_engines(db, [table for table in plan.tables if self._kind(table, tables) is not None])
        found = [(table, self._kind(table, tables)) for table in plan.tables]
        drafts = [self._table(table, kind, engines, db) for table, kind in found]
        check_foreign_keys(plan, drafts)
        drafts = [self._pointing_at_shadows(draft, folds=db.folds_names) for draft in drafts]
        views = tuple(
            ViewDraft(view, self._of_users_tables(view))
            for view in plan.views
            if not _view_is_there(view, tables[view.schema])
        )
        kept = (view for view in plan.views if _view_is_there(view, tables[view.schema]))
        sequences = tuple(self._sequence(sequence, tables) for sequence in plan.sequences) if self.sequences else ()
        return SchemaDraft(
            databases=tuple(self._database(found) for found in plan.databases if found.schema not in there),
            tables=self._deferring(_left_behind(db, drafts)),
            views=views,
            sequences=sequences,
            warnings=(
                *(warning for draft in drafts for warning in unlike_keys(draft.name, draft.sources)),
                *self._implied(drafts),
                *kept_as_they_are(sequences, self.ours),
                *self._without_sequences(plan),
                *(warning for view in kept if (warning := self._unlike(db, view))),
                *unsure_views(plan, ((f"{view.planned.schema}.{view.planned.view}", view.file) for view in views)),
            ),
        )

    def _of_users_tables(self, view: PlannedView) -> SchemaFile:
        """The file of a view that is to be created; it may not show what only the loader's account may read."""
        file = self.read(view.schema_file)
        owners = {schema: owner_of(schema, self.meta_schema) for schema in file.reads if not is_for_all(schema)}
        told = [f"the schema {schema}, which is {owner}" for schema, owner in owners.items() if owner is not None]
        if told and not file.reads_as_invoker:
            raise TargetError(
                f"the view would show all who may read it {', and '.join(told)}",
                table=f"{view.schema}.{view.view}",
                file=file.name,
                offset=file.offset,
                remedy="Create the view in the target by hand, in the name of an account that may read no more than "
                "the view shall show, or with SQL SECURITY INVOKER in its file; or leave it out (block_allow_list). "
                "Then clear: a view that exists stays as it is.",
            )
        return file

    def _sequence(self, sequence: PlannedSequence, there: Mapping[str, Mapping[str, str]]) -> SequenceDraft:
        kind = there[sequence.key.schema].get(sequence.key.table)
        if kind not in {None, "SEQUENCE"}:
            raise TargetError(
                f"the dump has a sequence of this name, the target a {str(kind).lower()}",
                table=str(sequence.key),
                remedy="Rename or drop it, then clear.",
            )
        return SequenceDraft(sequence, self.read(sequence.schema_file), kind is not None)

    def _without_sequences(self, plan: LoadPlan) -> Iterator[str]:
        if plan.sequences and not self.sequences:
            names = some_of([str(sequence.key) for sequence in plan.sequences], _SHOWN)
            yield f"the target has no sequences, and these of the dump are not created: {names}"

    def _kind(self, table: PlannedTable, there: Mapping[str, Mapping[str, str]]) -> str | None:
        """What the target has of this name; a table that will be dropped is none."""
        kind = there[table.schema].get(table.table)
        return None if kind is not None and is_table(kind) and table.key in self.recreated else kind

    def _unlike(self, db: Database, view: PlannedView) -> str:
        """What is to be said of a view that exists; "": it is the dump's."""
        try:
            found = _selects(_view_text(db, view), view.schema)
        except LoaderError as error:
            if error.errno != _MAY_NOT:
                raise
            return (
                f"the view {view.schema}.{view.view} exists and stays as it is; it was not compared with the dump's, "
                "since the account lacks SHOW VIEW there"
            )
        if found == _selects(self.read(view.schema_file).create, view.schema):
            return ""
        return f"the view {view.schema}.{view.view} exists with another text than the dump's, and stays as it is"

    def _database(self, database: PlannedDatabase) -> DatabaseDraft:
        if database.schema_file is None:
            return DatabaseDraft(database.schema, None)
        file = self.read(database.schema_file)
        return DatabaseDraft(database.schema, replace(file, rest=with_implied_collations(file.rest, self.implied)))

    def _implied(self, drafts: Sequence[TableDraft]) -> Iterator[str]:
        """Says which tables do not get the target's own collation."""
        names = [draft.name for draft in drafts if draft.implied]
        if names:
            yield (
                f"{some_of(names, _SHOWN)}: a charset without a collation, as MySQL until 5.7 and MariaDB "
                "until 10.6 wrote it, gets the collation that it implied there, and not the one that it implies here"
            )

    def _table(self, table: PlannedTable, kind: str | None, engines: Engines | None, db: Database) -> TableDraft:
        name = str(table.key)
        if kind is not None and not is_table(kind) and not (kind == "SEQUENCE" and self._may_set(db, table)):
            raise TargetError(
                f"the target has a {kind.lower()} of this name", table=name, remedy="Rename or drop it, then clear."
            )
        if table.schema_file is None:
            if kind is None:
                raise SchemaMissingError(
                    "the dump has rows for a table that neither it nor the target creates", table=name
                )
            return TableDraft(table, None, None, "", (), exists=True)
        sources = tuple(read_source(source, self.read) for source in table.sources)
        check_extracted(name, sources, exists=kind is not None)
        if kind is None:
            check_alike(name, sources)
        first = next(source for source in sources if source.source.schema_file == table.schema_file)
        file, parsed = first.file, first.parsed
        assert file is not None
        assert parsed is not None
        statement = file.create.decode("utf-8", "surrogateescape")
        if kind is None and self._must_convert(table, file, parsed.engine, engines):
            statement = with_innodb(statement, parsed)
        elif kind is None and engines is not None:
            _refuse_unsafe(name, file, [f"ENGINE={engine}" for engine in file.engines if reaches_out(engine)])
        if kind is None:
            _refuse_unsafe(name, file, file.unsafe)
        body = statement[parsed.body_at :]
        made = with_implied_collations(body, self.implied) if kind is None else body
        resting = with_ttl_off(made) if kind is None and self.own_tables else made
        return TableDraft(
            table, file, parsed, resting, (), kind is not None, sources, implied=made != body, ttl_off=resting != made
        )

    def _pointing_at_shadows(self, draft: TableDraft, *, folds: bool) -> TableDraft:
        """A shadow whose foreign keys point at the shadows of the tables that come with it, and else at live tables."""
        if draft.planned.live is None or draft.file is None:
            return draft
        home = draft.planned.home.schema
        shadows = {live.folded(folds): shadow for live, shadow in self.shadows.items()}

        def place(schema: str | None, table: str) -> TableName:
            there = TableName(schema or home, table)
            return shadows.get(there.folded(folds), there)

        return replace(draft, body=with_references(draft.body, place, ansi_quotes=ansi_quotes(draft.file)))

    def _may_set(self, db: Database, table: PlannedTable) -> bool:
        """Whether a sequence that exists may get the dump's value: it is this load's, or nobody has used it yet."""
        if table.key in self.ours:
            return True
        row = db.one(f"SELECT next_not_cached_value = start_value FROM {table.key.quoted}", shape=(maybe(as_truth),))
        return row is not None and bool(row[0])

    def _deferring(self, drafts: Sequence[TableDraft]) -> tuple[TableDraft, ...]:
        """Without the indexes that can wait; foreign keys of any table may need some of them from the start."""
        if not (self.defer_indexes or self.skips):
            return tuple(drafts)
        needed: dict[TableName, set[tuple[str, ...]]] = defaultdict(set)
        for draft in drafts:
            if draft.file is not None and not self.skips.foreign_keys:
                for found in references(draft.body, ansi_quotes=ansi_quotes(draft.file)):
                    needed[TableName(found.schema or draft.planned.schema, found.table)].add(found.columns)
        return tuple(_without_indexes(draft, needed[draft.planned.key], self.skips) for draft in drafts)

    def _must_convert(self, table: PlannedTable, file: SchemaFile, engine: str | None, engines: Engines | None) -> bool:
        """Whether the table has to be created in InnoDB; an error where it may not be."""
        problem = engines.problem(engine, has_data=table.has_data) if engines is not None else None
        convertible = self.convert_engines and can_convert(engine)
        if problem is None:
            return engines is not None and convertible and any(map(reaches_out, file.engines))
        if convertible:
            return True
        raise TargetError(
            problem,
            table=str(table.key),
            file=file.name,
            remedy="Set convert_engines to create it in InnoDB, or change the engine in the schema file; then clear."
            if can_convert(engine)
            else "Leave the table out of the dump: it holds no rows of its own.",
        )


def _refuse_unsafe(name: str, file: SchemaFile, options: Sequence[str]) -> None:
    """A dump may not make tables that read or write elsewhere; a person may."""
    if options:
        raise TargetError(
            f"the table would reach out of its own schema: {', '.join(options)}",
            table=name,
            file=file.name,
            offset=file.offset,
            remedy="Create the table in the target by hand, as it shall be, and clear: a table that exists is loaded "
            "into as it is.",
        )


def _left_behind(db: Database, drafts: Sequence[TableDraft]) -> list[TableDraft]:
    """With the indexes that tables which exist still wait for, as their marks say, whatever load left them out."""
    schemas = {draft.planned.schema for draft in drafts if draft.exists and draft.file is not None}
    marks = {schema: target_schema.waiting_marks(db, schema) for schema in sorted(schemas)}

    def marked(draft: TableDraft) -> TableDraft:
        if not draft.exists or draft.file is None or ansi_quotes(draft.file):
            return draft
        names = marks[draft.planned.schema].get(draft.planned.table, ())
        return replace(draft, indexes=named_indexes(f"CREATE TABLE t {draft.body}", names)) if names else draft

    return [marked(draft) for draft in drafts]


def _without_indexes(draft: TableDraft, needed: set[tuple[str, ...]], skips: Skips) -> TableDraft:
    waits = draft.planned.is_large or bool(skips)
    if draft.exists or draft.file is None or not waits or ansi_quotes(draft.file):
        return draft
    body, indexes = split_secondary_indexes(f"CREATE TABLE t {draft.body}", needed)
    marked = with_mark(body, [index.name for index in indexes])
    if marked is None and skips:
        marked = body  # without room for a mark, only the load's state knows what is missing
    return replace(draft, body=marked, indexes=indexes) if indexes and marked is not None else draft


def is_table(kind: str) -> bool:
    """Whether that is a table, as information_schema calls what a schema holds; not so a view or a sequence."""
    return "TABLE" in kind or kind == "SYSTEM VERSIONED"


def check_engines(db: Database, tables: list[PlannedTable]) -> None:
    """Refuse tables that are there, get rows, and could lose them in a crash."""
    wanted = [table for table in tables if table.has_data]
    for schema in sorted({table.schema for table in wanted}):
        engines = target_schema.engines_without_transactions(db, schema)
        for table in wanted:
            if table.schema == schema and table.table in engines:
                raise TargetError(
                    f"the table's engine {engines[table.table]} has no transactions: a crash could lose or double rows",
                    table=f"{schema}.{table.table}",
                    remedy="ALTER the table to ENGINE=InnoDB, then clear.",
                )


def _view_is_there(view: PlannedView, there: Mapping[str, str]) -> bool:
    kind = there.get(view.view)
    if kind is not None and "VIEW" not in kind:
        raise TargetError(
            f"the dump has a view of this name, the target a {kind.lower()}",
            table=f"{view.schema}.{view.view}",
            remedy="Rename or drop it, then clear.",
        )
    return kind is not None


def _view_text(db: Database, view: PlannedView) -> bytes:
    """The CREATE VIEW of a view that exists; names of its own schema stand there as in a dump, without the schema."""
    db.use(view.schema)
    row = db.one(f"SHOW CREATE VIEW {TableName(view.schema, view.view).quoted}", shape=(as_text, as_text, ...))
    return str(row[1]).encode() if row is not None else b""


def _selects(create_view: bytes, schema: str) -> list[str]:
    """What a view selects, token by token, without who defined it, how it runs, and the name of its own schema."""
    texts = [
        token.text.lower() if token.kind == "word" else token.text
        for token in tokenize(create_view.decode("utf-8", "surrogateescape"))
    ]
    texts = texts[texts.index("as") :] if "as" in texts else texts
    own = quote(schema)  # TiDB writes it out
    return [
        text
        for at, text in enumerate(texts)
        if (text, texts[at + 1 : at + 2]) != (own, ["."]) and texts[max(at - 1, 0) : at + 1] != [own, "."]
    ]
