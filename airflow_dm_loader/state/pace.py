"""How fast the last steps after the rows of a task's source were, so that the next import knows how long they take.

It is kept when a load starts afresh, as one does with each new dump: nothing but an ETA depends on it.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.progress.table_clock import Pace
from airflow_dm_loader.state import history
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.answers import as_real


class Step(StrEnum):
    """What was done."""

    INDEXES = "indexes"
    COMPARISON = "comparison"  # of the target with what was sent and what the dump says
    COMPARISON_WITH_SOURCE = "with source"  # and with the source's tables, value by value


def keep(meta: Meta, config: LoadConfig, step: Step, pace: Pace) -> None:
    """The last one counts."""
    meta.db.execute(
        f"REPLACE INTO {meta['pace']} (task_name, source_id, step, work, seconds, updated_at) "
        "VALUES (%s, %s, %s, %s, %s, UTC_TIMESTAMP(6))",
        (config.what.task_name, config.what.source_id, step.value, pace.work, pace.seconds),
    )


def last(
    meta: Meta, config: LoadConfig, step: Step, tables: Collection[TableName], *, load_id: int | None
) -> Pace | None:
    """How fast this load's step was the last time, or that of the last load of its tables, whatever that is called.

    Args:
        tables: by the names that readers know.
        load_id: this load; None: it is not registered.

    Returns:
        None: it was not done yet.
    """
    mine = of(meta, config.what.task_name, config.what.source_id, step)
    if mine is not None:
        return mine
    known = history.last(meta, config, tables, load_id=load_id)
    newest = max(known.values(), key=lambda one: one.of_load, default=None)
    return of(meta, newest.task_name, newest.source_id, step) if newest is not None else None


def of(meta: Meta, task_name: str, source_id: str, step: Step) -> Pace | None:
    """That of any load; None: it is not known."""
    row = meta.db.one(
        f"SELECT work, seconds FROM {meta['pace']} WHERE task_name = %s AND source_id = %s AND step = %s",
        (task_name, source_id, step.value),
        shape=(as_real, as_real),
    )
    return Pace(float(row[0]), float(row[1])) if row else None
