"""DM's load-task lock: which host works on a task's source, and so has its dump."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.state.events import Worker
from airflow_dm_loader.state.meta import Meta


@dataclass(frozen=True, slots=True)
class LoadTask:
    """Who put the lock."""

    host: str
    dag_id: str
    run_id: str


def put(meta: Meta, config: LoadConfig, worker: Worker) -> None:
    """DM's putLoadTask: the last one to put it has it."""
    meta.db.execute(
        f"REPLACE INTO {meta['load_task']} (task_name, source_id, host, dag_id, run_id, updated_at) "
        "VALUES (%s, %s, %s, %s, %s, UTC_TIMESTAMP(6))",
        (config.what.task_name, config.what.source_id, worker.host, worker.dag_id, worker.run_id),
    )


def get(meta: Meta, config: LoadConfig) -> LoadTask | None:
    row = meta.db.one(
        f"SELECT host, dag_id, run_id FROM {meta['load_task']} WHERE task_name = %s AND source_id = %s",
        (config.what.task_name, config.what.source_id),
    )
    return LoadTask(*row) if row else None


def delete(meta: Meta, config: LoadConfig) -> None:
    """DM's delLoadTask, at the end of a load that nothing follows (mode full)."""
    meta.db.execute(
        f"DELETE FROM {meta['load_task']} WHERE task_name = %s AND source_id = %s",
        (config.what.task_name, config.what.source_id),
    )
