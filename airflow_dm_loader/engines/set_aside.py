"""The rows that met a row with the same key and were kept, in words."""

from __future__ import annotations

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.hidden_values import hide_in_message
from airflow_dm_loader.state import conflicts
from airflow_dm_loader.state.conflicts import Conflict
from airflow_dm_loader.state.meta import Meta

_SHOWN = 3


def describe_conflicts(config: LoadConfig, meta: Meta, load_id: int, count: int) -> str:
    """How many there are, in which table they are, and the first of them."""
    examples = "; ".join(
        f"{row.schema}.{row.table}: {_error_of(row, config)} ({row.file} at byte {row.offset})"
        for row in conflicts.first(meta, load_id, _SHOWN)
    )
    return (
        f"{count} row(s) met a row with the same key and were kept aside in {meta['conflict']} "
        f"(load_id {load_id}): {examples}"
    )


def _error_of(row: Conflict, config: LoadConfig) -> str:
    return hide_in_message(row.error, row.errno) if config.reporting.hide_values else row.error
