"""What Lightning asks of the server and of the dump, before anything is created."""

from __future__ import annotations

from airflow_dm_loader.config import OnDuplicatePhysical
from airflow_dm_loader.dump.tidb_uri import tidb_uri
from airflow_dm_loader.engines.physical.checkpoint import checkpoint_of
from airflow_dm_loader.engines.physical.configuration import check_target, sorting_dir, task_info_schema
from airflow_dm_loader.engines.physical.data_files import check_files
from airflow_dm_loader.errors import TargetError
from airflow_dm_loader.run import Dump, LoadRun
from airflow_dm_loader.target.server import Server


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
