"""The engine of IMPORT INTO, as the phases see it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from airflow_dm_loader.dump.tidb_uri import tidb_uri
from airflow_dm_loader.engines.base import Engine, ShareReport
from airflow_dm_loader.engines.import_into import steps
from airflow_dm_loader.engines.import_into.load_tables import LoadTables, ShareJobs
from airflow_dm_loader.engines.import_into.sources import sources_of
from airflow_dm_loader.engines.logical.index_builder import build_waiting_indexes
from airflow_dm_loader.errors import ConfigError, TargetError
from airflow_dm_loader.plan.load_plan import LoadPlan
from airflow_dm_loader.run import Dump, LoadRun
from airflow_dm_loader.settings.lightning_keys import options_too_new
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.needed_privileges import Need
from airflow_dm_loader.target.server import Server, ask_server

_OF_TABLES = ("UPDATE", "DELETE", "ALTER")  # beyond what every load needs


class ImportJobs:
    """TiDB's jobs, one a table."""

    def submit(self, run: LoadRun, share: int) -> ShareJobs:
        return steps.submit_jobs(run, share)

    def look(self, run: LoadRun, share: int) -> ShareJobs:
        return steps.look_at_jobs(run, share)

    def settle(self, run: LoadRun, share: int) -> ShareReport:
        return steps.settle_jobs(run, share)

    def cancel(self, run: LoadRun, share: int) -> int:
        return steps.cancel_jobs(run, share)


class ImportIntoEngine(Engine):
    """TiDB's IMPORT INTO: the cluster reads the files by itself."""

    jobs = ImportJobs()

    def check_server(self, server: Server) -> tuple[str, ...]:
        if not server.can.import_into:
            raise TargetError(
                f"import_mode: the target is {server}, and IMPORT INTO is TiDB's, from 7.5 on",
                remedy="Use import_mode=logical, which every server takes.",
            )
        if not server.can.import_into_is_ready:
            return (f"IMPORT INTO is an experiment in {server}; from TiDB 7.5 on it is for everyday use",)
        return ()

    def privileges(self, run: LoadRun, plan: LoadPlan, db: Database) -> Iterable[Need]:
        server = ask_server(db)
        if newer := options_too_new(run.config.import_into.import_into_options, server.version):
            raise ConfigError(f"import_into_options: {server} does not have {', '.join(newer)}", remedy="Leave it out.")
        return _privileges(plan)

    def check_dump(self, run: LoadRun, dump: Dump) -> None:
        tidb_uri(run.config.what.dump_uri, run.access)
        sources_of(dump)

    def shares(self, run: LoadRun) -> list[int]:
        with run.open_stored() as (meta, load):
            return list(range(len(LoadTables.stored(meta, load).shares(run.config.work.import_tasks))))

    def import_share(self, run: LoadRun, share: int) -> ShareReport:
        return steps.import_tables(run, share)

    def build_indexes(self, run: LoadRun) -> int:
        return build_waiting_indexes(run)


def _privileges(plan: LoadPlan) -> Iterator[Need]:
    for table in plan.tables:
        if table.has_data:
            for privilege in _OF_TABLES:
                yield Need(privilege, table.schema, table.table)


ENGINE = ImportIntoEngine()
