"""What the load would create, and what stands in its way: looked up, and nothing changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.dump.schema_files import SchemaFile
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.plan.load_plan import LoadPlan
from airflow_dm_loader.target.changer import Changer
from airflow_dm_loader.target.charsets import implied_collations
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.creation import SchemaSessions
from airflow_dm_loader.target.drafts import Drafter, SchemaDraft
from airflow_dm_loader.target.needed_privileges import Need
from airflow_dm_loader.target.preflight import Preflight
from airflow_dm_loader.target.server import Server, ask_server
from airflow_dm_loader.target.session import base_session, target_zone, user_sql_mode, user_time_zone


@dataclass(frozen=True, slots=True)
class Drafting:
    """How this load's tables are drafted and created at its target."""

    config: LoadConfig
    read: Callable[[str], SchemaFile]
    server: Server
    session: Mapping[str, str | int]
    sessions: SchemaSessions

    @classmethod
    def at(cls, db: Database, config: LoadConfig, read: Callable[[str], SchemaFile]) -> Drafting:
        """Ask the server what it is."""
        server = ask_server(db)
        zone = user_time_zone(config) or target_zone(db)
        sessions = SchemaSessions(user_sql_mode(config), zone, utf8_alone=server.can.utf8_alone)
        return cls(config, read, server, base_session(config, server), sessions)

    @property
    def transactions(self) -> bool:
        """Whether tables' engines can be asked for them."""
        return self.server.can.engines

    def draft(
        self,
        db: Database,
        plan: LoadPlan,
        ours: Collection[TableName] = (),
        shadows: Mapping[TableName, TableName] | None = None,
        recreated: Collection[TableName] = (),
        left_out: Mapping[TableName, Sequence[str]] | None = None,
    ) -> SchemaDraft:
        """See :meth:`~airflow_dm_loader.target.drafts.Drafter.draft`.

        Args:
            db: opened with ``session``.
            left_out: see :class:`~airflow_dm_loader.target.schema_change.Changer`.
        """
        implied = implied_collations(db, self.config.tables.collation_map)
        drafter = Drafter(
            self.read,
            transactions=self.transactions,
            defer_indexes=self.config.logical.defer_indexes and self.transactions,
            convert_engines=self.config.tables.convert_engines,
            implied=implied,
            ours=ours,
            own_tables=self.server.can.own_tables,
            sequences=self.server.can.sequences,
            shadows=shadows or {},
            recreated=recreated,
            skips=self.config.logical.skips,
            meta_schema=self.config.state.meta_schema,
        )
        tables = self.config.tables
        changer = Changer(
            tables.on_schema_change, tables.on_existing_rows, left_out or {}, implied, self.server.can.own_tables
        )
        return changer.changed(db, drafter.draft(db, plan))

    def check(
        self, db: Database, plan: LoadPlan, draft: SchemaDraft, engine_needs: Iterable[Need] = ()
    ) -> tuple[str, ...]:
        """See :meth:`~airflow_dm_loader.target.preflight.Preflight.run`."""
        return Preflight(db, self.server, self.config, plan, draft, self.sessions, tuple(engine_needs)).run()
