"""Who did what, and when: starts, what was shown to people, and what they accepted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.answers import as_number, maybe


@dataclass(frozen=True, slots=True)
class Worker:
    """Who is at work: a host, and where Airflow runs it, the DAG, its run and the task's try."""

    host: str
    dag_id: str = ""
    run_id: str = ""
    try_number: int = 1


class EventKind(StrEnum):
    """What is recorded."""

    STARTED = "started"  # a run took the load up
    UPDATED = "updated"  # it brought other routes, filters or another chunk size
    COMPARES = "compares"  # an attempt that will compare, and the id of its outcome to be
    SLOWED = "slowed"  # it sends less, since somebody has too much to do; or no more, without detail
    SHOWN = "shown"  # an outcome was shown to people
    ACCEPTED = "accepted"  # somebody accepted it


def record(
    meta: Meta, load_id: int, kind: EventKind, worker: Worker, *, outcome_id: str | None = None, detail: str = ""
) -> None:
    """Write an event, with the server's time in UTC."""
    meta.db.execute(
        f"INSERT INTO {meta['event']} (load_id, kind, outcome_id, host, dag_id, run_id, try_number, detail, "
        "created_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, UTC_TIMESTAMP(6))",
        (
            load_id,
            kind.value,
            outcome_id,
            worker.host,
            worker.dag_id,
            worker.run_id,
            worker.try_number,
            detail,
        ),
    )


def happened(meta: Meta, load_id: int, kind: EventKind, outcome_id: str) -> bool:
    """Whether this was ever recorded of an outcome."""
    return bool(
        meta.db.query(
            f"SELECT 1 FROM {meta['event']} WHERE load_id = %s AND kind = %s AND outcome_id = %s LIMIT 1",
            (load_id, kind.value, outcome_id),
            shape=(as_number,),
        )
    )


def shown_before(meta: Meta, load_id: int, outcome_id: str, worker: Worker) -> bool:
    """Whether an earlier try of this very run showed this very outcome."""
    return bool(
        meta.db.query(
            f"SELECT 1 FROM {meta['event']} WHERE load_id = %s AND kind = %s AND outcome_id = %s "
            "AND dag_id = %s AND run_id = %s AND try_number < %s LIMIT 1",
            (load_id, EventKind.SHOWN.value, outcome_id, worker.dag_id, worker.run_id, worker.try_number),
            shape=(as_number,),
        )
    )


def seconds_since_start(meta: Meta, load_id: int, worker: Worker) -> float | None:
    """Seconds since this run first took the load up; None if it never did."""
    row = meta.db.one(
        f"SELECT TIMESTAMPDIFF(MICROSECOND, MIN(created_at), UTC_TIMESTAMP(6)) FROM {meta['event']} "
        "WHERE load_id = %s AND kind = %s AND dag_id = %s AND run_id = %s",
        (load_id, EventKind.STARTED.value, worker.dag_id, worker.run_id),
        shape=(maybe(as_number),),
    )
    return None if row is None or row[0] is None else int(row[0]) / 1e6
