"""Removes what is stored of loads: of one that somebody gives up, and of those that finished long ago."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.errors import CheckpointError, LoaderError
from airflow_dm_loader.logs import visible_log
from airflow_dm_loader.phases import swapping
from airflow_dm_loader.report import some_of
from airflow_dm_loader.state import lightning, loads, retention, swaps
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.state.migrations import VERSION
from airflow_dm_loader.state.retention import OldLoad, Retention
from airflow_dm_loader.target.answers import as_number, as_text
from airflow_dm_loader.target.connection import Database

_log = visible_log(__name__)
_KEEP_ALL = 100  # former tables, should a swap turn out to have happened: the next one drops what is too much
_SHOWN = 8


def forget_load(
    target: TargetConfig,
    task_name: str,
    source_id: str | None = None,
    *,
    meta_schema: str = "dm_meta",
    unfinished_too: bool = False,
) -> tuple[tuple[str, str], ...]:
    """Remove what is stored of a load task's loads, or of one source's; rows stay in their tables.

    A chunk that is being committed is waited for, and none can commit any more: an attempt that is at work fails at its
    next one. Tables that were filled beside the live ones and are not swapped in yet are dropped. With ``barrier=etcd``
    the keys in etcd stay.

    Args:
        unfinished_too: also loads that have not finished; they can't resume then.

    Returns:
        Task and source of each load that was removed.

    Raises:
        CheckpointError: no such load is stored, one has not finished, or other sources fill the tables with it.
        LockedError: tidb-lightning is at work.
    """
    with open_state(target, meta_schema) as (meta, db):
        stored = stored_loads(meta, task_name, source_id)
        unfinished = [source for _, source, status in stored if status != "finished"]
        if unfinished and not unfinished_too:
            raise CheckpointError(
                f"the load task {task_name!r} has not finished: {some_of(unfinished, _SHOWN)}",
                remedy="Let it finish. Or say that unfinished loads are forgotten too (--yes), and empty their tables: "
                "nobody knows any more then which rows are in.",
            )
        for _, source, _ in stored:
            lightning.lock_source(meta, task_name, source)
        for load_id, _, _ in stored:
            loads.lock(meta, load_id)
        _give_up_round(meta, task_name, [source for _, source, _ in stored])
        for load_id, source, _ in stored:
            retention.forget(meta, OldLoad(load_id, task_name, source))
        meta.db.commit()
        swapping.clear_abandoned(meta, db, task_name=task_name, keep=_KEEP_ALL)
    return tuple((task_name, source) for _, source, _ in stored)


def prune(
    target: TargetConfig,
    *,
    keep_loads: int | None = None,
    keep_days: int | None = None,
    meta_schema: str = "dm_meta",
    dry_run: bool = False,
) -> tuple[tuple[str, str], ...]:
    """Remove what is stored of loads that finished long ago; see :func:`~airflow_dm_loader.state.retention.removable`.

    Args:
        keep_loads: the newest so many of each table, from 1 on.
        keep_days: those that finished, or that somebody accepted, within so many days. With both, what either keeps.

    Returns:
        Task and source of each load that was removed, or would be.

    Raises:
        CheckpointError: no loader has worked here.
    """
    wanted = Retention(keep_loads, keep_days)
    with open_state(target, meta_schema) as (meta, _):
        if dry_run:
            return tuple((one.task_name, one.source_id) for one in retention.removable(meta, wanted))
        return _prune(meta, wanted)


def prune_at_the_end(meta: Meta, config: LoadConfig) -> None:
    """The same as a load's last act, by its settings; what goes wrong is a warning."""
    wanted = Retention(config.state.keep_loads, config.state.keep_days)
    if not wanted.removes:
        return
    try:
        for task, source in _prune(meta, wanted):
            _log.info("Removed what was stored of the load %s / %s (keep_loads, keep_days)", task, source)
    except LoaderError as error:
        _log.warning("What is stored of old loads could not be removed, and the next load tries again: %s", error)


def _prune(meta: Meta, wanted: Retention) -> tuple[tuple[str, str], ...]:
    old = retention.removable(meta, wanted)
    removed = tuple((one.task_name, one.source_id) for one in old if retention.remove(meta, one))
    retention.shorten_history(meta, wanted)
    retention.remove_rounds(meta)
    return removed


@contextmanager
def open_state(target: TargetConfig, meta_schema: str) -> Iterator[tuple[Meta, Database]]:
    with Database.open(target) as state_db, Database.open(target) as db:
        meta = Meta(state_db, meta_schema)
        version = meta.version
        if version is None:
            raise CheckpointError(
                f"no loader has worked here: there is no state in {meta_schema}",
                remedy="Say --meta-schema, if it is another.",
            )
        if version < VERSION:
            meta.create()
        yield meta, db


def stored_loads(meta: Meta, task_name: str, source_id: str | None) -> list[tuple[int, str, str]]:
    """Number, source and status of each load."""
    of_source, args = ("", ()) if source_id is None else (" AND source_id = %s", (source_id,))
    found = [
        (int(load_id), str(source), str(status))
        for load_id, source, status in meta.db.query(
            f"SELECT load_id, source_id, status FROM {meta['load']} WHERE task_name = %s{of_source} ORDER BY load_id",
            (task_name, *args),
            shape=(as_number, as_text, as_text),
        )
    ]
    meta.db.rollback()  # what is read once the rows are locked is of then
    if not found:
        of = f" of source {source_id!r}" if source_id is not None else ""
        known = [
            str(name)
            for (name,) in meta.db.query(f"SELECT DISTINCT task_name FROM {meta['load']} ORDER BY 1", shape=(as_text,))
        ]
        raise CheckpointError(
            f"no load {task_name!r}{of} is stored in {meta.schema}",
            remedy=f"Stored are: {some_of(known, _SHOWN) or 'none'}.",
        )
    return found


def _give_up_round(meta: Meta, task_name: str, sources: Sequence[str]) -> None:
    for found in swaps.rounds(meta, task_name=task_name, states=[swaps.OPEN]):
        if others := sorted(set(swaps.sources(meta, found.token)) - set(sources)):
            raise CheckpointError(
                "other sources fill the tables that are to be swapped in: " + some_of(others, _SHOWN),
                remedy="Forget all sources of the load task together.",
            )
        swaps.set_state(meta, found.token, swaps.ABANDONED)
