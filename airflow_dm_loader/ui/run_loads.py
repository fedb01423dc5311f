"""What a DAG run loads, for its page: asked of Airflow's XComs, then of the target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow_dm_loader.operators.links import LOAD_KEY

if TYPE_CHECKING:
    from airflow_dm_loader.report import LoadProgress


@dataclass(frozen=True, slots=True)
class RunLoad:
    """A load task that the run's tasks worked at. ``problem``: why nobody can say how far it is; "": nothing."""

    task_name: str
    sources: tuple[LoadProgress, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class RunLoads:
    """All of a run. ``reported``: what its import tasks said themselves, a line each."""

    loads: tuple[RunLoad, ...] = ()
    reported: tuple[str, ...] = field(default=())


def loads_of_run(dag_id: str, run_id: str) -> RunLoads:
    """Ask for all of them; a target that can't be reached is a problem of its load alone."""
    known: dict[str, dict[str, Any]] = {}
    for _, found in _xcoms(dag_id, run_id, LOAD_KEY):
        known.setdefault(repr(sorted(found.items())), found)
    shares = [
        (task, found)
        for task, found in _xcoms(dag_id, run_id, "return_value")
        if {"share", "rows_sent"} <= found.keys()
    ]
    return RunLoads(tuple(_ask(found) for found in known.values()), tuple(_line(*each) for each in shares))


def _ask(found: dict[str, Any]) -> RunLoad:
    from airflow_dm_loader.errors import LoaderError
    from airflow_dm_loader.hooks.target_config import target_of
    from airflow_dm_loader.loader import load_progress

    task_name = str(found["task_name"])
    try:
        sources = load_progress(
            target_of(str(found["target_conn_id"])),
            task_name,
            meta_schema=str(found["meta_schema"]),
            hide_values=bool(found["hide_values"]),
        )
    except LoaderError as error:
        return RunLoad(task_name, problem=str(error))
    return RunLoad(task_name, sources)


def _line(task: str, found: dict[str, Any]) -> str:
    from airflow_dm_loader.progress.phase_words import describe_share

    return f"{task}: {describe_share(found)}"


def _xcoms(dag_id: str, run_id: str, key: str) -> list[tuple[str, dict[str, Any]]]:
    """Task, with its map index where it is mapped, and what it pushed, where that is a mapping."""
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    with create_session() as session:
        rows: Sequence[Any] = session.scalars(XComModel.get_many(run_id=run_id, dag_ids=dag_id, key=key)).all()
        found = [
            (row.task_id if row.map_index < 0 else f"{row.task_id}[{row.map_index}]", XComModel.deserialize_value(row))
            for row in rows
        ]
    return sorted((each for each in found if isinstance(each[1], dict)), key=lambda each: each[0])
