"""One run of Lightning, made ready: what it shall read, write and show."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.dump.tidb_uri import tidb_uri
from airflow_dm_loader.engines.hiding import Hiding
from airflow_dm_loader.engines.physical.checkpoint import checkpoint_of
from airflow_dm_loader.engines.physical.configuration import (
    Surroundings,
    lightning_settings,
    secrets_of,
    table_filter,
)
from airflow_dm_loader.engines.physical.data_files import row_session
from airflow_dm_loader.engines.physical.executable import Lightning
from airflow_dm_loader.engines.physical.program_run import LightningRun
from airflow_dm_loader.engines.redaction import Redactor
from airflow_dm_loader.engines.tidb_csv import csv_of
from airflow_dm_loader.plan.load_plan import LoadPlan
from airflow_dm_loader.run import Dump, LoadRun
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.server import Server, ask_server
from airflow_dm_loader.target.session import base_session, target_time_zone


def prepare_run(run: LoadRun, dump: Dump, program: Lightning, db: Database) -> LightningRun:
    """Read the heads of the data files, and write the configuration, but for the port.

    Raises:
        ConfigError: Lightning can't do what a setting says.
        DumpFormatError: Lightning would read a data file otherwise than it was written.
    """
    config, target = run.config, run.target
    source_dir = tidb_uri(config.what.dump_uri, run.access)
    rows = row_session(config, dump.storage, dump.plan.files, target_time_zone(db))
    checkpoint = checkpoint_of(config)
    variables = _user_variables(config, ask_server(db))

    def settings(port: int) -> Mapping[str, object]:
        around = Surroundings(
            version=program.version,
            source_dir=source_dir,
            session={**variables, "time_zone": rows.time_zone},
            sql_mode=rows.sql_mode,
            checkpoint=checkpoint,
            status_port=port,
            filter=table_filter(dump.plan),
            csv=csv_of(dump.plan.files),
        )
        return lightning_settings(config, target, around)

    settings(0)  # raises what can't be said
    redactor = Redactor.of_uris([source_dir.get_secret_value()])
    known = _spellings(secrets_of(target))
    return LightningRun(
        program,
        settings,
        config.physical.pd_security,
        Redactor((*known, *redactor.values)),
        _hiding(dump.plan) if config.hides_values else None,
    )


def _hiding(plan: LoadPlan) -> Hiding:
    sources = (source.key for table in plan.tables for source in table.sources)
    targets = (table.key for table in plan.tables)
    return Hiding.of((*targets, *sources), (file.source.name for file in plan.files))


def _user_variables(config: LoadConfig, server: Server) -> dict[str, str]:
    """The user's session variables; ``sql_mode`` and ``time_zone`` have places of their own. Raises ConfigError."""
    session = base_session(config, server)
    names = {name.lower() for name in config.connection.session} - {"sql_mode", "time_zone"}
    return {name: str(session[name]) for name in sorted(names)}


def _spellings(secrets: tuple[str, ...]) -> tuple[str, ...]:
    """Each as it is, and as Go prints it in a quoted text or a URI."""
    found = {form for secret in secrets for form in (secret, quote(secret, safe=""), repr(secret)[1:-1])}
    return tuple(sorted(found, key=lambda form: (-len(form), form)))
