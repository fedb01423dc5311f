"""Which loads' state is old enough to be removed: never one that could still be resumed, or the last one of a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from airflow_dm_loader.errors import CheckpointError
from airflow_dm_loader.state import loads, swaps
from airflow_dm_loader.state.batches import batches
from airflow_dm_loader.state.events import EventKind
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.answers import as_number, as_text

_BARRIER_DONE = "finished"


@dataclass(frozen=True, slots=True)
class Retention:
    """What is kept: the newest loads of each table, those of the last days; None: that keeps none."""

    keep_loads: int | None = None
    keep_days: int | None = None

    @property
    def removes(self) -> bool:
        return self.keep_loads is not None or self.keep_days is not None


@dataclass(frozen=True, slots=True)
class OldLoad:
    """A load that may be removed."""

    load_id: int
    task_name: str
    source_id: str


def removable(meta: Meta, retention: Retention) -> tuple[OldLoad, ...]:
    """Finished loads beyond all that is kept, the oldest first.

    A load stays where a source of its task has not finished, where its tables wait to be swapped in, where somebody
    accepted what it found within the days, and where it is among the newest of any table that it filled.
    """
    days = retention.keep_days
    rows = meta.db.query(
        f"SELECT l.load_id, l.task_name, l.source_id FROM {meta['load']} l WHERE l.status = 'finished' "
        f"AND NOT EXISTS (SELECT 1 FROM {meta['load']} o WHERE o.task_name = l.task_name AND o.status <> 'finished') "
        f"AND NOT EXISTS (SELECT 1 FROM {meta['barrier']} b WHERE b.task_name = l.task_name AND b.state <> %s) "
        f"AND NOT EXISTS (SELECT 1 FROM {meta['swap']} s WHERE s.open_task = l.task_name) "
        "AND (%s IS NULL OR l.updated_at < UTC_TIMESTAMP(6) - INTERVAL %s DAY) "
        f"AND NOT EXISTS (SELECT 1 FROM {meta['event']} e WHERE e.load_id = l.load_id AND e.kind = %s "
        "AND %s IS NOT NULL AND e.created_at >= UTC_TIMESTAMP(6) - INTERVAL %s DAY) ORDER BY l.load_id",
        (_BARRIER_DONE, days, days or 0, EventKind.ACCEPTED.value, days, days or 0),
        shape=(as_number, as_text, as_text),
    )
    found = [OldLoad(int(load_id), str(task), str(source)) for load_id, task, source in rows]
    kept = _newest(meta, retention.keep_loads or 1)
    known = {
        int(load_id)
        for (load_id,) in meta.db.query(f"SELECT DISTINCT of_load FROM {meta['brought']}", shape=(as_number,))
    }
    # One of before there was a history has no rank: only its age tells.
    return tuple(
        one for one in found if one.load_id not in kept and (one.load_id in known or retention.keep_loads is None)
    )


def remove(meta: Meta, old: OldLoad) -> bool:
    """Remove all that is stored of a load, in a transaction of its own; False: it was taken up again, and stays."""
    meta.db.rollback()
    try:
        loads.lock(meta, old.load_id)
    except CheckpointError:
        return False
    still = meta.db.query(
        f"SELECT 1 FROM {meta['load']} WHERE load_id = %s AND status = 'finished'", (old.load_id,), shape=(as_number,)
    )
    if still:
        forget(meta, old)
    meta.db.commit()
    return bool(still)


def forget(meta: Meta, load: OldLoad) -> None:
    """Remove a load, its lock and its word at the barrier; its row is locked, and the caller commits."""
    meta.forget(load.load_id)
    for name in ("load_task", "barrier"):
        meta.db.execute(
            f"DELETE FROM {meta[name]} WHERE task_name = %s AND source_id = %s", (load.task_name, load.source_id)
        )


def shorten_history(meta: Meta, retention: Retention) -> None:
    """Remove what older loads brought, but for the last one of each table and source; it commits."""
    days = retention.keep_days
    older = [one for one, place, _ in _ranked(meta) if place >= (retention.keep_loads or 1)]
    for some in batches(older):
        meta.db.execute(
            f"DELETE FROM {meta['brought']} WHERE history_id IN ({', '.join(['%s'] * len(some))}) "
            "AND (%s IS NULL OR finished_at < UTC_TIMESTAMP(6) - INTERVAL %s DAY)",
            (*some, days, days or 0),
        )
        meta.db.commit()
    known = {
        (str(task), str(source))
        for table in ("brought", "load")
        for task, source in meta.db.query(
            f"SELECT DISTINCT task_name, source_id FROM {meta[table]}", shape=(as_text, as_text)
        )
    }
    for task, source in meta.db.query(
        f"SELECT DISTINCT task_name, source_id FROM {meta['pace']}", shape=(as_text, as_text)
    ):
        if (str(task), str(source)) not in known:  # how fast a load was that nobody knows of any more
            meta.db.execute(f"DELETE FROM {meta['pace']} WHERE task_name = %s AND source_id = %s", (task, source))
    meta.db.commit()


def remove_rounds(meta: Meta) -> None:
    """Remove what is stored of swaps that nothing can be put back of, once their loads are removed; it commits."""
    loads_of = {
        str(task) for (task,) in meta.db.query(f"SELECT DISTINCT task_name FROM {meta['load']}", shape=(as_text,))
    }
    for found in swaps.rounds(meta, states=[swaps.GONE, swaps.SWAPPED]):
        tables = swaps.tables(meta, found.token)
        over = found.state == swaps.GONE or all(table.former_state == swaps.DROPPED for table in tables)
        if over and found.task_name not in loads_of:
            swaps.forget(meta, found.token)
    meta.db.commit()


def _newest(meta: Meta, number: int) -> set[int]:
    """The newest loads of each table that was filled, of each source."""
    return {load_id for _, place, load_id in _ranked(meta) if place < number}


def _ranked(meta: Meta) -> Iterator[tuple[int, int, int]]:
    """Each row of the history: its number, its place among its table and source, 0 the newest, and its load."""
    before, place = None, 0
    for history_id, load_id, *key in meta.db.query(
        f"SELECT history_id, of_load, table_schema, table_name, source_id FROM {meta['brought']} WHERE undone = 0 "
        "ORDER BY table_schema, table_name, source_id, history_id DESC",
        shape=(as_number, as_number, as_text, as_text, as_text),
    ):
        place = place + 1 if key == before else 0
        before = key
        yield int(history_id), place, int(load_id)
