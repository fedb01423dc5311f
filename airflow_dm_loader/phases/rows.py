"""The phase that sends the rows."""

from __future__ import annotations

from airflow_dm_loader.config import ImportMode
from airflow_dm_loader.engines.logical.importer import file_shares, import_share
from airflow_dm_loader.engines.share_report import ShareReport
from airflow_dm_loader.phases import import_into, physical
from airflow_dm_loader.run import LoadRun
from airflow_dm_loader.state import loads
from airflow_dm_loader.verify.expected import forecast_comparison


def import_shares(run: LoadRun) -> list[int]:
    """The numbers of the shares that import tasks take: ``[0, 1, ...]``, at least one."""
    if run.config.what.import_mode is ImportMode.IMPORT_INTO:
        return import_into.table_shares(run)
    if run.config.what.import_mode is ImportMode.PHYSICAL:
        return [0]  # tidb-lightning is one program
    with run.open_stored() as (meta, load):
        return list(range(len(file_shares(meta, load, run.config.work.import_tasks))))


def run_import(run: LoadRun, share: int = 0) -> ShareReport:
    """Send one share of the data files, each chunk exactly once; committed chunks are not sent again.

    Args:
        share: which share, counted from 0; see :func:`import_shares`.

    Raises:
        RowError: the server refused a row; its file, offset and text are named.
        LoadInterruptedError: the run was stopped, and with it the sessions in the server.
    """
    if run.config.what.import_mode is ImportMode.IMPORT_INTO:
        return import_into.import_tables(run, share)
    if run.config.what.import_mode is ImportMode.PHYSICAL:
        return physical.import_all(run)
    dump = run.open_dump()
    with run.open_stored(dump) as (meta, load):
        if load.status in {"init", "paused"}:
            loads.set_status(meta, load.load_id, "running")
            meta.db.commit()
        forecast = forecast_comparison(run, meta, load, dump.plan)
        return import_share(run, share, dump, meta, load, forecast)
