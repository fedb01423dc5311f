"""Whose outcome counts: of several attempts at one load, that of the one that began last.

An attempt that was taken for dead and wakes up has an early turn. Once an attempt with a later one has stored its
outcome, and somebody has perhaps accepted it, the early one stores nothing any more.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from airflow_dm_loader.state import events
from airflow_dm_loader.state.events import EventKind, Worker
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.answers import as_number, as_text


@dataclass(frozen=True, slots=True)
class Turn:
    """An attempt's place among all that compare, and the id that its outcome will have."""

    place: int
    outcome_id: str


def take(meta: Meta, load_id: int, worker: Worker, *, anew: bool = False) -> Turn:
    """The turn of this try of this run; the first call takes it, and the caller commits.

    Args:
        anew: take another one: the tables have been changed since.
    """
    turn = None if anew else _of(meta, load_id, worker)
    if turn is None:
        events.record(meta, load_id, EventKind.COMPARES, worker, outcome_id=str(uuid.uuid4()))
        turn = _of(meta, load_id, worker)
        assert turn is not None
    return turn


def is_over(meta: Meta, load_id: int, turn: Turn) -> bool:
    """Whether an outcome of this turn, or of a later one, is stored."""
    return bool(
        meta.db.query(
            f"SELECT 1 FROM {meta['event']} e JOIN {meta['outcome']} o ON o.outcome_id = e.outcome_id "
            "WHERE e.load_id = %s AND e.kind = %s AND e.event_id >= %s AND o.load_id = %s LIMIT 1",
            (load_id, EventKind.COMPARES.value, turn.place, load_id),
            shape=(as_number,),
        )
    )


def _of(meta: Meta, load_id: int, worker: Worker) -> Turn | None:
    row = meta.db.one(
        f"SELECT event_id, outcome_id FROM {meta['event']} WHERE load_id = %s AND kind = %s AND dag_id = %s "
        "AND run_id = %s AND try_number = %s ORDER BY event_id DESC LIMIT 1",
        (load_id, EventKind.COMPARES.value, worker.dag_id, worker.run_id, worker.try_number),
        shape=(as_number, as_text),
    )
    return None if row is None else Turn(int(row[0]), str(row[1]))
