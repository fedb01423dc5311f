"""What an import mode other than logical asks of the server and of the dump, before anything is created."""

from __future__ import annotations

from airflow_dm_loader.config import ImportMode
from airflow_dm_loader.engines.lightning.rights import is_restricted, lightning_needs
from airflow_dm_loader.phases import import_into, physical
from airflow_dm_loader.run import Dump, LoadRun
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.needed_rights import check_rights
from airflow_dm_loader.target.preflight import plan_needs
from airflow_dm_loader.target.rights import ask_rights
from airflow_dm_loader.target.server import Server


def check_mode(run: LoadRun, dump: Dump, db: Database, server: Server) -> tuple[str, ...]:
    """Refuse what the mode can't do; what is worth knowing comes back in words.

    Raises:
        TargetError: the server is another one, or refuses rights that the mode needs.
        ConfigError, DumpFormatError: a setting or a file is none for this mode.
    """
    match run.config.what.import_mode:
        case ImportMode.IMPORT_INTO:
            warnings = import_into.check_server(server)
            import_into.check_dump(run, dump)
            return warnings
        case ImportMode.PHYSICAL:
            physical.check_server(server)
            physical.check_load(run, dump)
            needs = (
                *plan_needs(run.config, dump.plan),
                *lightning_needs(run.config, dump.plan, restricted=is_restricted(db)),
            )
            check_rights(ask_rights(db, server), needs)
        case ImportMode.LOGICAL:
            pass
    return ()
