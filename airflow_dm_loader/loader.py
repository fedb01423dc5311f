"""The story of a load: its phases in a row.

Airflow's operators call the same phases one by one, so that each can be retried or cleared by itself; here they are
all to be found under one name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Concatenate, ParamSpec, TypeVar

from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.coordination.backends import backend_of
from airflow_dm_loader.coordination.base import BarrierState
from airflow_dm_loader.coordination.etcd.settings import EtcdConfig
from airflow_dm_loader.dump.access import DumpAccess
from airflow_dm_loader.engines.base import JobsLook, ShareReport
from airflow_dm_loader.engines.shown_conflicts import ConflictsShown
from airflow_dm_loader.errors import BarrierTimeoutError, LoaderError, LoadInterruptedError
from airflow_dm_loader.hidden_values import without_values
from airflow_dm_loader.phases.asking import load_status
from airflow_dm_loader.phases.beginning import LoadPath, choose_path, fetch_dump_metadata, prepare_checkpoint
from airflow_dm_loader.phases.ending import analyze, clean_dump_files, finish
from airflow_dm_loader.phases.objects import create_objects
from airflow_dm_loader.phases.outcome import (
    accept_outcome,
    current_outcome,
    replay_and_verify,
    resolve_conflicts,
    show_conflicts,
    take_turn,
    verify,
)
from airflow_dm_loader.phases.planning import plan_load, refuse_dry_run
from airflow_dm_loader.phases.replaying import Replayed, replay_conflicts
from airflow_dm_loader.phases.restoring import restore_previous
from airflow_dm_loader.phases.rows import (
    cancel_jobs,
    import_shares,
    look_at_jobs,
    run_import,
    settle_jobs,
    submit_jobs,
    waits_for_jobs,
)
from airflow_dm_loader.phases.stopping import is_stopped, stop_after
from airflow_dm_loader.phases.streaming import Streamed, stream_dump
from airflow_dm_loader.phases.table_progress import load_progress
from airflow_dm_loader.phases.tables import build_indexes, create_tables
from airflow_dm_loader.phases.tidying import forget_load, prune
from airflow_dm_loader.phases.waiting import DumpLook, arrive, look_for_dump, missing_sources
from airflow_dm_loader.report import DumpPlan, LoadReport, LoadStatus
from airflow_dm_loader.rules.mask_key import MaskKey
from airflow_dm_loader.run import LoadRun
from airflow_dm_loader.settings.choices import ReplayConflicts
from airflow_dm_loader.state.events import Worker
from airflow_dm_loader.state.outcomes import Outcome

__all__ = [
    "BarrierState",
    "ConflictsShown",
    "DumpLook",
    "JobsLook",
    "LoadPath",
    "LoadRun",
    "Outcome",
    "ReplayConflicts",
    "Replayed",
    "ShareReport",
    "Streamed",
    "Worker",
    "accept_outcome",
    "analyze",
    "arrive",
    "build_indexes",
    "cancel_jobs",
    "choose_path",
    "clean_dump_files",
    "create_objects",
    "create_tables",
    "current_outcome",
    "fetch_dump_metadata",
    "finish",
    "forget_load",
    "import_shares",
    "is_stopped",
    "load",
    "load_dump",
    "load_progress",
    "load_status",
    "look_at_jobs",
    "look_for_dump",
    "missing_sources",
    "plan_dump",
    "plan_load",
    "prepare_checkpoint",
    "prune",
    "replay_and_verify",
    "replay_conflicts",
    "resolve_conflicts",
    "restore_previous",
    "run_import",
    "settle_jobs",
    "show_conflicts",
    "stop_after",
    "stream_dump",
    "submit_jobs",
    "take_turn",
    "verify",
    "waits_for_jobs",
]

_BARRIER_POLL_S = 5.0  # as DM polls
_P = ParamSpec("_P")
_T = TypeVar("_T")


def load_dump(
    config: LoadConfig,
    target: TargetConfig,
    on_progress: Callable[[LoadStatus], None] | None = None,
    *,
    progress_interval_s: float = 5.0,
    access: DumpAccess | None = None,
    compare_with: TargetConfig | None = None,
    etcd: EtcdConfig | None = None,
    replicas: Sequence[TargetConfig] = (),
    mask_key: str | bytes | None = None,
) -> LoadReport:
    """Load a dump in this process: all phases in a row.

    The same task and source again goes on where an earlier call stopped, and sends nothing twice. A load that
    is paused raises again until it is called with ``on_conflict="accept"``.

    Args:
        on_progress: called in this thread, about every ``progress_interval_s`` seconds of the import and the
            comparison; for example :func:`~airflow_dm_loader.progress.live_bar.live_bar`'s.
        access: how the dump's storage is reached; None: as its client library finds out from the environment.
        compare_with: the server that the dump was made of, to compare all values with; see :func:`verify`.
        etcd: where the barrier is, with ``barrier="etcd"``.
        replicas: of the target, whose lag is asked for with ``max_replica_lag_s``.
        mask_key: a secret of 16 bytes or more, with which values are hashed (``mask``).

    Raises:
        LoaderError: see :mod:`airflow_dm_loader.errors` for the whole tree.
    """
    return load(
        LoadRun.of(
            config,
            target,
            access=access,
            coordination=backend_of(config.coordination.barrier, etcd),
            compare_with=compare_with,
            replicas=replicas,
            mask_key=None if mask_key is None else MaskKey.of(mask_key),
            on_progress=on_progress,
            progress_interval_s=progress_interval_s,
        )
    )


def load(run: LoadRun) -> LoadReport:
    """:func:`load_dump`, for a run that says more: how it is stopped, and what its waits go by."""
    refuse_dry_run(run.config)
    _repeat(stream_dump, run)
    _repeat(fetch_dump_metadata, run)
    _repeat(prepare_checkpoint, run)
    _repeat(take_turn, run)
    path = _repeat(choose_path, run)
    if path is LoadPath.LOAD:
        _wait(run, BarrierState.READY)
        _repeat(create_tables, run)
        if (stopped := _repeat(stop_after, run, "schema")) is not None:
            return stopped
        for share in _repeat(import_shares, run):
            _repeat(run_import, run, share)
        if (stopped := _repeat(stop_after, run, "data")) is not None:
            return stopped
        _repeat(build_indexes, run)
        _repeat(create_objects, run)
        _repeat(verify, run)
    if path is not LoadPath.FINISHED:
        _repeat(resolve_conflicts, run, by_hand=False)
    if path is LoadPath.LOAD:
        _repeat(analyze, run)
    report = _repeat(finish, run)
    _wait(run, BarrierState.FINISHED)
    _repeat(clean_dump_files, run)
    return report


def plan_dump(
    config: LoadConfig,
    target: TargetConfig,
    *,
    access: DumpAccess | None = None,
    mask_key: str | bytes | None = None,
) -> DumpPlan:
    """What goes where, how many bytes, what would be created, and what stands in the way.

    Nothing is changed at the target: no table, no state, no lock, no barrier. What would stop the load is told in
    ``problems``, as far as it can be known before it starts.

    Raises:
        LoaderError: the dump can't be read, the settings contradict each other, or the target can't be reached.
    """
    key = None if mask_key is None else MaskKey.of(mask_key)
    return plan_load(LoadRun.of(config, target, access=access, mask_key=key))


def _repeat(phase: Callable[Concatenate[LoadRun, _P], _T], run: LoadRun, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Run a phase, again and again where that can mend it: each is safe to repeat whole."""
    hide_values = run.config.hides_values
    try:
        return run.attempts.run(phase.__name__, lambda: phase(run, *args, **kwargs))
    except LoaderError as error:
        if not hide_values:
            raise
        hidden = without_values(error)
    raise hidden  # out here, what caused it does not hang on to it


def _wait(run: LoadRun, state: BarrierState) -> None:
    """DM's ``readyAndWait`` and ``finishAndWait``."""
    deadline_s = run.clock.now_s() + run.config.coordination.barrier_timeout_s
    missing = _repeat(arrive, run, state)
    while missing:
        if run.clock.now_s() > deadline_s:
            raise BarrierTimeoutError(f"these sources did not become {state.value} in time: {', '.join(missing)}")
        if run.attempts.pause(_BARRIER_POLL_S):
            raise LoadInterruptedError("asked to stop while waiting for other sources")
        missing = _repeat(missing_sources, run, state)
