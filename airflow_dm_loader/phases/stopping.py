"""A load that goes one step at a time: the setting ``only`` says after which it stops."""

from __future__ import annotations

from airflow_dm_loader.logs import visible_log
from airflow_dm_loader.report import LoadReport
from airflow_dm_loader.run import LoadRun
from airflow_dm_loader.state import findings, loads

_log = visible_log(__name__)


def is_stopped(run: LoadRun) -> bool:
    """Whether the load has stopped, and this run goes no further."""
    if run.config.what.only not in {"schema", "data"}:
        return False
    with run.open_stored() as (_, load):
        return load.status == "stopped"


def stop_after(run: LoadRun, step: str) -> LoadReport | None:
    """Stop the load here, where this run goes no further; None: it does.

    Args:
        step: what has been done, ``schema`` or ``data``.

    Returns:
        The report of a load that is neither finished nor clean; a run that goes further resumes it.
    """
    what = run.config.what
    if what.only != step:
        return None
    with run.open_stored() as (meta, load):
        if load.status != "finished":
            loads.set_status(meta, load.load_id, "stopped")
            meta.db.commit()
        load = loads.get(meta, run.config)
        found = findings.stored(meta, load.load_id)
        warnings = tuple(map(str, load.notes["warnings"]))  # type: ignore[call-overload]
        _log.info("Stopped after %s: a run with another only, or without, resumes the load", step)
        return LoadReport(
            task_name=what.task_name,
            source_id=what.source_id,
            status=load.status,
            stopped_after=step,
            load_id=load.load_id,
            binlog_name=load.binlog_name,
            binlog_pos=load.binlog_pos,
            binlog_gtid=load.binlog_gtid,
            findings=found,
            warnings=(*warnings, *map(str, found)),
        )
