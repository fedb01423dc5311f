"""What can be known to fail before anything is created: privileges, settings, collations, names, tables that are there.

Each check names all that it finds at once. What the server does not tell is not held against anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from airflow_dm_loader.config import LoadConfig, OnDuplicate, OnExistingRows
from airflow_dm_loader.dump.schema_files import SchemaFile
from airflow_dm_loader.errors import LoaderError, TargetError
from airflow_dm_loader.plan.load_plan import LoadPlan
from airflow_dm_loader.plan.shadows import grant_pattern
from airflow_dm_loader.settings.session_variables import only_on_tidb
from airflow_dm_loader.target import hanging, tidb
from airflow_dm_loader.target import schema as target_schema
from airflow_dm_loader.target.charsets import check_charsets
from airflow_dm_loader.target.column_fit import check_fit, check_letters
from airflow_dm_loader.target.column_rules import check_column_rules, columns_apart
from airflow_dm_loader.target.column_shapes import ColumnShape
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.creation import SchemaSessions
from airflow_dm_loader.target.drafts import SchemaDraft
from airflow_dm_loader.target.free_space import space_warning
from airflow_dm_loader.target.key_demands import check_keys
from airflow_dm_loader.target.needed_privileges import (
    META_PRIVILEGES,
    Need,
    check_privileges,
    has_foreign_key,
    row_privileges,
    view_privileges,
)
from airflow_dm_loader.target.privileges import Privileges, ask_privileges
from airflow_dm_loader.target.server import Server
from airflow_dm_loader.target.tidb_tables import check_kinds, that_delete_rows

NAME_LIMIT = 64  # characters, at every server
_SMALL_PACKET_BYTES = 4 << 20


@dataclass(frozen=True)
class Preflight:
    """The checks of one load, in the order in which a person would mend what they find."""

    db: Database
    server: Server
    config: LoadConfig
    plan: LoadPlan
    draft: SchemaDraft
    sessions: SchemaSessions
    engine_needs: tuple[Need, ...] = ()

    def run(self) -> tuple[str, ...]:
        """Check all; what is worth knowing but does no harm comes back in words.

        Raises:
            TargetError: the target can't take this load.
        """
        check_names(self.plan, self.server)
        privileges = ask_privileges(self.db, self.server)
        check_privileges(privileges, _as_granted(self.plan, self._needs(privileges)))
        if self.server.can.splits_transactions:
            tidb.check_whole_transactions(self.db)
        self._check_sessions()
        check_charsets(self.db, self.draft.files())
        self.db.set_session(self.sessions.of(None))  # that changed it
        check_keys(self.server, self.draft)
        check_kinds(self.server, self.draft)
        self._check_columns()
        check_column_rules(self.db, self.config, self.draft)
        return tuple(self._warnings())

    def _needs(self, privileges: Privileges | None) -> Iterator[Need]:
        yield from plan_needs(self.config, self.plan)
        yield from self.engine_needs
        for database in self.draft.databases:
            yield Need("CREATE", database.schema)
        for table in self.draft.tables:
            if table.indexes or table.change.added:
                yield Need("ALTER", table.planned.schema, table.planned.table)
            if table.exists:
                continue
            yield Need("CREATE", table.planned.schema, table.planned.table)
            if table.file is not None and has_foreign_key(_text(table.file)):
                yield Need("REFERENCES", table.planned.schema)
        for sequence in self.draft.sequences:
            yield Need("INSERT", *sequence.planned.key)  # SETVAL
            if not sequence.exists:
                yield Need("CREATE", *sequence.planned.key)
        for view in self.draft.views:
            yield from view_privileges(view.planned.schema, _text(view.file), privileges, self.server)

    def _check_sessions(self) -> None:
        """The server must know every sql_mode and time zone that settings and schema files name."""
        self.db.set_session(self.sessions.of(None))
        tried = [self.sessions.of(None)]
        for file in self.draft.files():
            if (session := self.sessions.of(file)) not in tried:
                tried.append(session)
                try:
                    self.db.set_session(session)
                except LoaderError as error:
                    raise error.at(file=file.name) from error

    def _check_columns(self) -> None:
        """Tables that were there must have the dump's columns, in types that hold their values."""
        existing = [draft for draft in self.draft.tables if draft.exists and draft.planned.has_data]
        dat_files = {file.key for file in self.plan.files if file.source.kind.sets_columns}
        raw = [draft.planned for draft in existing if draft.planned.key in dat_files]
        for schema in sorted({draft.planned.schema for draft in existing}):
            shapes = target_schema.column_shapes(self.db, schema)
            for draft in existing:
                if draft.planned.schema == schema and (there := shapes.get(draft.planned.table)):
                    for parsed in dict.fromkeys(source.parsed for source in draft.sources if source.parsed is not None):
                        apart = draft.change.names | columns_apart(draft.planned)
                        check_fit(draft.name, parsed, there, apart)
                        if draft.planned in raw:
                            check_letters(draft.name, parsed, there, apart)
                    _check_filled(draft.name, draft.planned.extracted_columns, there)

    def _warnings(self) -> Iterator[str]:
        yield from self.draft.warnings
        if not self.db.says_tidb:
            for name in filter(only_on_tidb, self.config.connection.session):
                yield f"session: {name} is TiDB's own, and the target is {self.server.flavour}: it is not set"
        obstacle = self.server.can.load_data_obstacle if self.config.logical.load_data else None
        if obstacle is not None and self.server.can.load_data_is_faster:
            yield f"rows will be sent as statements, which is slower: {obstacle}"
        if self.server.max_allowed_packet < _SMALL_PACKET_BYTES:
            yield f"max_allowed_packet is {self.server.max_allowed_packet} bytes: a row larger than that may be refused"
        if warning := space_warning(self.db, self.server, self.plan.file_bytes):
            yield warning
        yield from that_delete_rows(self.db, self.server, self.draft)
        yield from self._triggers()

    def _triggers(self) -> Iterator[str]:
        """Those that rows which come, or are deleted for them, set off."""
        names = {draft.planned.key: draft.name for draft in self.draft.tables if draft.exists}
        found: dict[str, list[str]] = {}
        for trigger in hanging.triggers_of(self.db, names):
            if trigger.event in {"INSERT", "DELETE"}:
                found.setdefault(names[trigger.table], []).append(trigger.name)
        for name, triggers in found.items():
            yield f"{name} has triggers, which run for each row that is loaded: {', '.join(sorted(triggers))}"


def _check_filled(name: str, extracted: tuple[str, ...], there: Mapping[str, ColumnShape]) -> None:
    names = {column for column, shape in there.items() if not shape.generated}
    if missing := [column for column in extracted if column.lower() not in names]:
        raise TargetError(
            f"the target's table lacks columns that routes fill, or computes them itself: {', '.join(missing)}",
            table=name,
            remedy="Add them to the table, and clear.",
        )


def _text(file: SchemaFile) -> str:
    return file.create.decode("utf-8", "surrogateescape")


def check_plan(
    db: Database, server: Server, config: LoadConfig, plan: LoadPlan, engine_needs: Iterable[Need] = ()
) -> None:
    """What can be checked without reading schema files: before the state tables are made.

    Raises:
        TargetError: names are too long, or privileges are missing.
    """
    check_names(plan, server)
    check_privileges(ask_privileges(db, server), _as_granted(plan, (*plan_needs(config, plan), *engine_needs)))


def check_names(plan: LoadPlan, server: Server) -> None:
    """Raise TargetError for names that no server takes, and for two that are one to this server."""
    names: list[tuple[str, ...]] = [(database.schema,) for database in plan.databases]
    names += [table.key for table in plan.tables] + [(view.schema, view.view) for view in plan.views]
    if too_long := next((name[-1] for name in names if len(name[-1]) > NAME_LIMIT), None):
        raise TargetError(
            f"a name has {len(too_long)} characters, and servers take {NAME_LIMIT}: {too_long!r}",
            errno=1059,
            remedy="Give it a shorter name at the source, or in the dump's file names and statements.",
        )
    if server.lower_case_table_names:
        _refuse_same_names(names)


def _refuse_same_names(names: Iterable[tuple[str, ...]]) -> None:
    spellings: dict[tuple[str, ...], tuple[str, ...]] = {}
    for name in names:
        for end in range(1, len(name) + 1):
            first = spellings.setdefault(tuple(word.lower() for word in name[:end]), name[:end])
            if first != name[:end]:
                raise TargetError(
                    f"{'.'.join(first)} and {'.'.join(name[:end])} are one name to this server, which does not tell "
                    "upper from lower case in names (lower_case_table_names)",
                    table=".".join(name[:end]),
                    remedy="Give one of them another name by a route, or leave it out by block_allow_list, with "
                    "case_sensitive on in both cases.",
                )


def _as_granted(plan: LoadPlan, needs: Iterable[Need]) -> Iterator[Need]:
    """The same, where a schema of shadows has another name each time, by the pattern that all of them match."""
    patterns = {table.schema: grant_pattern(table.home[0]) for table in plan.tables if table.schema != table.home[0]}
    for need in needs:
        yield replace(need, granted_on=patterns.get(need.schema or "", need.granted_on))


def plan_needs(config: LoadConfig, plan: LoadPlan) -> Iterator[Need]:
    """The privileges that the plan alone tells of."""
    for privilege in META_PRIVILEGES:
        yield Need(privilege, config.state.meta_schema)
    deletes = (
        config.logical.on_duplicate_logical is OnDuplicate.REPLACE
        or config.tables.on_existing_rows is OnExistingRows.TRUNCATE
    )
    for table in plan.tables:
        if config.tables.on_existing_rows is OnExistingRows.RECREATE and table.has_data:
            yield Need("DROP", table.schema, table.table)
        yield from row_privileges(table.schema, table.table, has_data=table.has_data, replaces=deletes)
    for view in plan.views:
        yield Need("CREATE VIEW", view.schema)
