"""The errors that ask a person for a decision: what was found, where to look, what a clear will do."""

from __future__ import annotations

from airflow_dm_loader.config import LoadConfig, OnConflict
from airflow_dm_loader.errors import ChecksumMismatchError, HasDuplicatesError, PausedError
from airflow_dm_loader.hidden_values import hide_in_message
from airflow_dm_loader.state import conflicts
from airflow_dm_loader.state.conflicts import Conflict
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.state.outcomes import Outcome

_SHOWN = 3


def found_error(config: LoadConfig, meta: Meta, load_id: int, outcome: Outcome) -> PausedError:
    """34020 or 34021, with counts and examples."""
    remedy = (
        "Correct what was found and load again: on_conflict=fail accepts nothing."
        if config.verify.on_conflict is OnConflict.FAIL
        else "Look at it. Clearing resolve_conflicts (or on_conflict=accept) accepts it and finishes the load; "
        "clearing checksum compares again."
    )
    if outcome.verdict == "has_duplicates":
        examples = "; ".join(
            f"{row.schema}.{row.table}: {_error_of(row, config)} ({row.file} at byte {row.offset})"
            for row in conflicts.first(meta, load_id, _SHOWN)
        )
        return HasDuplicatesError(
            f"{outcome.conflicts} row(s) met a row with the same key and were kept aside in {meta['conflict']} "
            f"(load_id {load_id}): {examples}",
            remedy=remedy,
        )
    differing = [table for table in outcome.tables if "differs" in (table.row_count, table.checksum)]
    examples = "; ".join(f"{table.table}: {table.remark}" for table in differing[:_SHOWN])
    return ChecksumMismatchError(
        f"{len(differing)} of {len(outcome.tables)} tables differ from the dump: {examples}", remedy=remedy
    )


def _error_of(row: Conflict, config: LoadConfig) -> str:
    return hide_in_message(row.error, row.errno) if config.reporting.hide_values else row.error
