"""How fast the last comparison of a task's source was, so that the next import knows what its own will take.

It is kept when a load starts afresh, as one does with each new dump: nothing but an ETA depends on it.
"""

from __future__ import annotations

from enum import StrEnum

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.forecast import Pace
from airflow_dm_loader.state.meta import Meta


class Compared(StrEnum):
    """What was read."""

    TARGET = "target"  # tables of the target: rows counted, checksums
    BOTH = "both"  # all values, at the target and at the source


def keep(meta: Meta, config: LoadConfig, compared: Compared, pace: Pace) -> None:
    """The last one counts."""
    meta.db.execute(
        f"REPLACE INTO {meta['pace']} (task_name, source_id, compared, work, seconds, updated_at) "
        "VALUES (%s, %s, %s, %s, %s, UTC_TIMESTAMP(6))",
        (config.task_name, config.source_id, compared.value, pace.work, pace.seconds),
    )


def last(meta: Meta, config: LoadConfig, compared: Compared) -> Pace | None:
    """None: there was no such comparison yet."""
    row = meta.db.one(
        f"SELECT work, seconds FROM {meta['pace']} WHERE task_name = %s AND source_id = %s AND compared = %s",
        (config.task_name, config.source_id, compared.value),
    )
    return Pace(float(row[0]), float(row[1])) if row else None
