"""What Lightning asks of the server, of its account and of the dump, before anything is created.

The privileges are as TiDB's documentation lists them; ``docs/privileges.md`` tells people.

Source: docs.pingcap.com, "TiDB Lightning Requirements for the Target Database".
"""

from __future__ import annotations

from collections.abc import Iterator

from airflow_dm_loader.config import LoadConfig, OnDuplicatePhysical
from airflow_dm_loader.dump.tidb_uri import tidb_uri
from airflow_dm_loader.engines.physical.checkpoint import Driver, checkpoint_of
from airflow_dm_loader.engines.physical.configuration import check_target, sorting_dir, task_info_schema
from airflow_dm_loader.engines.physical.data_files import check_files
from airflow_dm_loader.errors import TargetError
from airflow_dm_loader.plan.load_plan import LoadPlan
from airflow_dm_loader.run import Dump, LoadRun
from airflow_dm_loader.target.answers import as_text
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.needed_privileges import Need
from airflow_dm_loader.target.server import Server

_TABLE = ("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER")
_OWN_SCHEMA = ("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP")
# Lightning's meta-schema-name, which we leave as it is: incremental-import notes there who imports what.
_META_SCHEMA = "lightning_metadata"
_WITH_SEM = ("RESTRICTED_VARIABLES_ADMIN", "RESTRICTED_TABLES_ADMIN")


def lightning_needs(config: LoadConfig, plan: LoadPlan, *, restricted: bool) -> Iterator[Need]:
    """What Lightning does with this load's settings. DROP of the tables it needs for what is never asked of it here.

    Args:
        restricted: see :func:`is_restricted`.
    """
    for schema in dict.fromkeys(database.schema for database in plan.databases):
        yield Need("CREATE", schema)
    for table in plan.tables:
        for privilege in _TABLE:
            yield Need(privilege, table.schema, table.table)
    checkpoint = checkpoint_of(config)
    schemas = [_META_SCHEMA]
    if checkpoint.driver is Driver.MYSQL:
        schemas.append(checkpoint.place)
    if config.physical.on_duplicate_physical is OnDuplicatePhysical.MANUAL:
        schemas.append(task_info_schema(config))
    for schema in schemas:
        for privilege in _OWN_SCHEMA:
            yield Need(privilege, schema)
    yield Need("SELECT", "mysql", "tidb")
    yield Need("SUPER")
    if restricted:
        for privilege in _WITH_SEM:
            yield Need(privilege)


def is_restricted(db: Database) -> bool:
    """Whether TiDB's Security Enhanced Mode takes from SUPER what Lightning needs."""
    row = db.one("SHOW VARIABLES LIKE 'tidb_enable_enhanced_security'", shape=(as_text, as_text))
    return row is not None and str(row[1]).upper() in {"ON", "1"}


def check_server(server: Server) -> None:
    """Refuse a server that is not TiDB, by name."""
    if not server.can.lightning:
        raise TargetError(
            f"import_mode: the target is {server}, and physical import is TiDB's, from 6.1 on",
            remedy="Use import_mode=logical, which every server takes.",
        )


def check_load(run: LoadRun, dump: Dump) -> None:
    """Refuse what Lightning can't read, reach or write down, before anything is created."""
    check_target(run.target)
    check_files(dump.plan.files)
    tidb_uri(run.config.what.dump_uri, run.access)
    sorting_dir(run.config)
    checkpoint_of(run.config)
    if run.config.physical.on_duplicate_physical is OnDuplicatePhysical.MANUAL:
        task_info_schema(run.config)
