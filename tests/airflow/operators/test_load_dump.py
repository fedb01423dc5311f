"""A whole load in one task, against a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk import DAG

from airflow_dm_loader.errors import ConnectionLostError
from airflow_dm_loader.operators.load_dump import LoadDumpOperator
from airflow_dm_loader.triggers.events import error_event
from tests.airflow.task_runs import TaskRun, a_dag, run_task

if TYPE_CHECKING:
    from pathlib import Path

    from tests.airflow.conftest import MakeDump, Query

TWICE = [(1, "first"), (2, "two"), (1, "second")]


def box(dump: Path, *, deferrable: bool = True, **settings: Any) -> LoadDumpOperator:
    with a_dag():
        return LoadDumpOperator(
            task_id="load",
            config={"task_name": "shop", "dump_uri": str(dump), **settings},
            deferrable=deferrable,
            poll_interval_s=0.05,
        )


def deferred_to(run: TaskRun) -> tuple[str, dict[str, Any]]:
    """The method that the task comes back at, and what its trigger is made of."""
    (body,) = [body for body in run.requests.values() if isinstance(body, dict) and body.get("state") == "deferred"]
    return body["next_method"], body


@pytest.mark.usefixtures("dm_target")
def test_the_whole_story_is_one_task_and_a_second_run_sends_nothing(make_dump: MakeDump, query: Query) -> None:
    dump = make_dump({"t": [(1, "one"), (2, "two")], "u": [(1, "one")]})
    run = run_task(box(dump))
    assert run.state == "success", run.error
    report = run.xcoms["return_value"]
    assert (report["status"], report["outcome"], report["rows_sent"]) == ("finished", "clean", 3)
    assert query("SELECT * FROM s.t ORDER BY id") == ((1, "one"), (2, "two"))
    query("DELETE FROM s.t")  # so that rows that were sent again would show
    again = run_task(box(dump))
    assert again.state == "success", again.error
    assert again.xcoms["return_value"]["rows"] == 3
    assert query("SELECT COUNT(*) FROM s.t") == ((0,),)


@pytest.mark.usefixtures("dm_target")
def test_a_clear_never_accepts_what_was_found_and_a_setting_does(make_dump: MakeDump, query: Query) -> None:
    dump = make_dump({"t": TWICE})
    for number in (1, 2):
        run = run_task(box(dump, on_duplicate_logical="manual"), try_number=number, max_tries=number)
        assert run.state == "failed", run.error
        assert "[34020]" in str(run.error)
    assert query("SELECT status FROM dm_meta.dm_loader_load") == (("paused",),)
    accepted = run_task(box(dump, on_duplicate_logical="manual", on_conflict="accept"), try_number=3, max_tries=3)
    assert accepted.state == "success", accepted.error
    assert accepted.xcoms["return_value"]["accepted"] is True
    assert query("SELECT * FROM s.t ORDER BY id") == ((1, "first"), (2, "two"))


@pytest.mark.usefixtures("dm_target")
def test_it_waits_for_other_sources_in_the_triggerer_and_comes_back_where_it_left(
    make_dump: MakeDump, query: Query
) -> None:
    def source(name: str, number: int) -> LoadDumpOperator:
        dump = make_dump({name: [(number, name)]}, name=name) if number else dumps[name]
        dumps[name] = dump
        return box(dump, sources=["north", "south"], source_id=name, wait_for_sources=True)

    dumps: dict[str, Path] = {}
    early = run_task(source("north", 1))
    assert early.state == "deferred", early.error
    assert deferred_to(early)[0] == "all_are_ready"
    late = run_task(source("south", 2))  # everybody is ready: it loads, and waits for north to finish
    assert late.state == "deferred", late.error
    assert deferred_to(late)[0] == "all_have_finished"
    arrived = {"event": {"status": "arrived"}}
    early = run_task(source("north", 0), next_method="all_are_ready", next_kwargs=arrived)
    assert early.state == "success", early.error
    late = run_task(source("south", 0), next_method="all_have_finished", next_kwargs=arrived)
    assert late.state == "success", late.error
    assert query("SELECT (SELECT v FROM s.north), (SELECT v FROM s.south)") == (("north", "south"),)
    assert late.xcoms["return_value"]["rows_sent"] == 1


@pytest.mark.usefixtures("dm_target")
def test_without_the_triggerer_it_waits_in_the_worker_and_says_who_is_missing(make_dump: MakeDump) -> None:
    dump = make_dump({"t": [(1, "one")]})
    run = run_task(
        box(dump, deferrable=False, sources=["a", "b"], source_id="a", barrier_timeout_s=1, wait_for_sources=True)
    )
    assert run.state == "failed"
    assert "after 1 s these sources of 'shop' are not ready yet: b" in str(run.error)


@pytest.mark.usefixtures("dm_target")
@pytest.mark.parametrize(
    ("event", "state", "says"),
    [
        ({"status": "timeout", "missing": ["b"]}, "failed", "are not finished yet: b"),
        (error_event(ConnectionLostError("gone")), "up_for_retry", "gone"),
    ],
)
def test_what_the_trigger_met_is_told(make_dump: MakeDump, event: dict[str, Any], state: str, says: str) -> None:
    task = box(make_dump({"t": [(1, "one")]}), sources=["a", "b"], source_id="a")
    run = run_task(task, max_tries=1, next_method="all_have_finished", next_kwargs={"event": event})
    assert run.state == state
    assert says in str(run.error)


@pytest.mark.usefixtures("dm_target")
def test_a_form_that_asks_is_refused_before_anything_is_done(make_dump: MakeDump, query: Query) -> None:
    run = run_task(box(make_dump({"t": [(1, "one")]}), on_conflict="ask"))
    assert run.state == "failed"
    assert "Use DumpLoadTaskGroup" in str(run.error)
    assert query("SHOW DATABASES LIKE 'dm_meta'") == ()


def test_it_can_be_mapped_over_dumps_that_are_found_at_run_time() -> None:
    with DAG("unit", schedule=None) as dag:
        found = LoadDumpOperator.partial(task_id="load").expand(config=[{"task_name": "a"}, {"task_name": "b"}])
    assert dag.get_task("load") is found
    mapped = found.unmap({"config": {"task_name": "b"}})
    assert isinstance(mapped, LoadDumpOperator)
    assert mapped.config == {"task_name": "b"}
    assert "Clearing it never accepts" in str(LoadDumpOperator(task_id="x", config={}).doc_md)
