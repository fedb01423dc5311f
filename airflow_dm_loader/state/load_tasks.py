"""DM's load-task lock: which host works on a task's source, and so has its dump."""

from __future__ import annotations

from airflow_dm_loader.state.events import Worker
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.answers import as_text


def put(meta: Meta, task_name: str, source_id: str, worker: Worker) -> None:
    """DM's putLoadTask: the last one to put it has it."""
    meta.db.execute(
        f"REPLACE INTO {meta['load_task']} (task_name, source_id, host, dag_id, run_id, updated_at) "
        "VALUES (%s, %s, %s, %s, %s, UTC_TIMESTAMP(6))",
        (task_name, source_id, worker.host, worker.dag_id, worker.run_id),
    )


def get(meta: Meta, task_name: str, source_id: str) -> tuple[str, str, str] | None:
    """Host, DAG and run of who put it."""
    row = meta.db.one(
        f"SELECT host, dag_id, run_id FROM {meta['load_task']} WHERE task_name = %s AND source_id = %s",
        (task_name, source_id),
        shape=(as_text, as_text, as_text),
    )
    return (str(row[0]), str(row[1]), str(row[2])) if row else None


def delete(meta: Meta, task_name: str, source_id: str) -> None:
    """DM's delLoadTask, at the end of a load that nothing follows (mode full)."""
    meta.db.execute(
        f"DELETE FROM {meta['load_task']} WHERE task_name = %s AND source_id = %s",
        (task_name, source_id),
    )
