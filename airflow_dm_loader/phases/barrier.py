"""Where the sources of a load task wait for each other."""

from __future__ import annotations

from airflow_dm_loader.coordination.base import BarrierState
from airflow_dm_loader.run import LoadRun


def arrive(run: LoadRun, state: BarrierState) -> tuple[str, ...]:
    """Say that this source has come so far, and look who has not; nobody: it may go on.

    The beginning of DM's ``readyAndWait`` and ``finishAndWait``.
    """
    with run.coordination() as coordination:
        coordination.put(run.config.what.source_id, state)
        return coordination.missing(state)


def missing_sources(run: LoadRun, state: BarrierState) -> tuple[str, ...]:
    """Look again who has not come so far."""
    with run.coordination() as coordination:
        return coordination.missing(state)
