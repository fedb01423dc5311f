"""Builds the indexes that tables were created without, where the import has not built them already."""

from __future__ import annotations

from airflow_dm_loader.engines.logical.importer import index_builder
from airflow_dm_loader.errors import CheckpointError
from airflow_dm_loader.run import LoadRun
from airflow_dm_loader.state import indexes
from airflow_dm_loader.target.server import ask_server
from airflow_dm_loader.target.session import base_session


def build_waiting_indexes(run: LoadRun) -> int:
    """Build them; of how many tables.

    Raises:
        LoadInterruptedError: the run was stopped, and with it the sessions in the server.
        CheckpointError: a table that waits for its indexes has not all its rows yet.
    """
    with run.open_stored() as (meta, load):
        waiting = indexes.waiting_indexes(meta, load.load_id)
        incomplete = set(waiting) - indexes.complete_tables(meta, load.load_id)
        server = ask_server(meta.db)
    if incomplete:
        raise CheckpointError(
            f"{len(incomplete)} tables wait for rows before their indexes can be built",
            remedy="Clear run_import: it resumes where it stopped.",
        )
    builder = index_builder(run, load, base_session(run.config, server))
    builder.start_complete_tables()
    builder.wait(run.stop)
    builder.close(raise_errors=True)
    return len(waiting)
