"""The physical engine, as the phases see it."""

from __future__ import annotations

from collections.abc import Iterable

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.engines.base import Engine, ShareReport
from airflow_dm_loader.engines.physical.configuration import task_info_schema
from airflow_dm_loader.engines.physical.data_files import READER
from airflow_dm_loader.engines.physical.importing import forget_checkpoint, import_all
from airflow_dm_loader.engines.physical.lightning_findings import describe_conflicts, lightning_findings
from airflow_dm_loader.engines.physical.requirements import check_load, check_server, is_restricted, lightning_needs
from airflow_dm_loader.engines.physical.task_info import view_of
from airflow_dm_loader.engines.shown_conflicts import ConflictsShown
from airflow_dm_loader.engines.tidb_csv import look_at_files
from airflow_dm_loader.errors import CheckpointError, ConfigError
from airflow_dm_loader.logs import visible_log
from airflow_dm_loader.plan.load_plan import LoadPlan
from airflow_dm_loader.run import Dump, LoadRun
from airflow_dm_loader.state import files, lightning
from airflow_dm_loader.state.files import TableRow
from airflow_dm_loader.state.lightning import LightningStage
from airflow_dm_loader.state.loads import Load
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.needed_privileges import Need
from airflow_dm_loader.target.preflight import check_names
from airflow_dm_loader.target.schema import existing_tables, is_empty
from airflow_dm_loader.target.server import Server, ask_server
from airflow_dm_loader.verify.conclusion import Findings

_log = visible_log(__name__)


class PhysicalEngine(Engine):
    """TiDB's own ``tidb-lightning``: one program for the whole dump, tables and indexes included."""

    makes_tables = True
    what_clears_do = "clearing checksum looks again, clearing run_import lets tidb-lightning compare again"

    def check_server(self, server: Server) -> tuple[str, ...]:
        check_server(server)
        return ()

    def check_dump(self, run: LoadRun, dump: Dump) -> None:
        check_load(run, dump)
        look_at_files(dump.storage, dump.plan.files, READER)

    def privileges(self, run: LoadRun, plan: LoadPlan, db: Database) -> Iterable[Need]:
        return lightning_needs(run.config, plan, restricted=is_restricted(db))

    def note_tables(self, run: LoadRun) -> dict[str, object]:
        """What each table is like before Lightning creates those that are missing; nothing is ``created`` yet."""
        dump = run.open_dump()
        plan = dump.plan
        with run.open_stored(dump) as (meta, load):
            server = ask_server(meta.db)
            check_server(server)
            check_load(run, dump)
            check_names(plan, server)
            _check_schema_files(dump)
            ours = {row.key for row in files.list_tables(meta, load.load_id)}
            there = {schema: existing_tables(meta.db, schema) for schema in {table.schema for table in plan.tables}}
            rows = []
            for table in plan.tables:
                exists = table.table in there[table.schema]
                empty = not exists or is_empty(meta.db, table.schema, table.table)
                rows.append(TableRow(table.schema, table.table, not exists, empty, ()))
            files.register_tables(meta, load.load_id, rows)
            meta.db.commit()
        for warning in plan.warnings:
            _log.warning("%s", warning)
        return {
            "created": [],
            "existing": [str(row.key) for row in rows if not row.created],
            "views": [],
            "not_empty": [str(row.key) for row in rows if not row.empty_before and row.key not in ours],
            "warnings": list(plan.warnings),
            "not_loaded": plan.not_loaded,
        }

    def shares(self, run: LoadRun) -> list[int]:
        return [0]

    def import_share(self, run: LoadRun, share: int) -> ShareReport:
        return import_all(run)

    def build_indexes(self, run: LoadRun) -> int:
        return 0  # they came with the rows

    def findings(self, run: LoadRun, dump: Dump, meta: Meta, load: Load) -> Findings:
        if run.compares_with_source:
            raise ConfigError("compare_with_conn_id: is not offered with import_mode physical")
        row = lightning.find(meta, load.load_id)
        if row is None or row.stage is LightningStage.BEGUN:
            raise CheckpointError(
                "tidb-lightning has not ended its work", remedy="Clear run_import: it resumes where it stopped."
            )
        return lightning_findings(run.config, meta, load, dump.plan, row)

    def describe_conflicts(self, config: LoadConfig, meta: Meta, load_id: int, count: int) -> str:
        return describe_conflicts(config, meta, load_id, count)

    def show_conflicts(self, config: LoadConfig, meta: Meta, load_id: int) -> ConflictsShown:
        schema = task_info_schema(config)
        view = view_of(meta.db, schema)
        return ConflictsShown("schema", schema, select=f"SELECT * FROM {view}" if view else "")

    def after_finish(self, meta: Meta, load: Load) -> None:
        forget_checkpoint(meta, load)


def _check_schema_files(dump: Dump) -> None:
    """Lightning runs the schema files itself: each must be the CREATE of its object alone."""
    names = [database.schema_file for database in dump.plan.databases]
    names += [view.schema_file for view in dump.plan.views]
    names += [source.schema_file for table in dump.plan.tables for source in table.sources]
    for name in names:
        if name is not None:
            dump.read_schema(name)


ENGINE = PhysicalEngine()
