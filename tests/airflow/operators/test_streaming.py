"""A dump that is loaded while it is being made, through Airflow's tasks, against a real server."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk import DAG

from airflow_dm_loader.operators.load_dump import LoadDumpOperator
from airflow_dm_loader.operators.metadata import FetchDumpMetadataOperator
from airflow_dm_loader.operators.streaming import StreamDumpOperator
from airflow_dm_loader.task_group import DumpLoadTaskGroup
from dev.dag_runs import Run, register
from tests.airflow.task_runs import a_dag, run_task
from tests.phases.arriving import LIST, ArrivingDump
from tests.waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.airflow.conftest import MakeDump, Query

TABLES = {"t": [(1, "one"), (2, "two")], "u": [(3, "three")]}


@pytest.fixture
def arriving(make_dump: MakeDump, tmp_path: Path) -> ArrivingDump:
    return ArrivingDump(make_dump(TABLES), tmp_path / "arriving")


def settings(dump: ArrivingDump, **more: Any) -> dict[str, Any]:
    return {"task_name": "shop", "dump_uri": str(dump.folder), "finished_files": LIST, **more}


def bring_rest_once_rows_are_in(dump: ArrivingDump, query: Query, rows: int) -> threading.Thread:
    """The dump tool: it goes on as soon as what it made was loaded."""

    def rows_in() -> int:
        there = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 's' AND table_name = 't'"
        return int(query("SELECT COUNT(*) FROM s.t")[0][0]) if query(there)[0][0] else 0

    def go_on() -> None:
        wait_until(lambda: rows_in() == rows)
        dump.bring_rest()

    thread = threading.Thread(target=go_on)
    thread.start()
    return thread


@pytest.mark.usefixtures("dm_target")
@pytest.mark.parametrize("operator", [StreamDumpOperator, FetchDumpMetadataOperator, LoadDumpOperator])
def test_a_task_loads_what_is_finished_until_the_dump_is_whole(
    operator: type[Any], arriving: ArrivingDump, query: Query
) -> None:
    with a_dag():
        task = operator(task_id="load", config=settings(arriving, wait_for_dump="stream"))
    arriving.bring_schemas()
    arriving.bring("s.t.sql")
    tool = bring_rest_once_rows_are_in(arriving, query, 2)

    run = run_task(task)

    tool.join()
    assert run.state == "success", run.error
    assert query("SELECT * FROM s.t ORDER BY id") == ((1, "one"), (2, "two"))
    if operator is StreamDumpOperator:
        assert run.xcoms["return_value"] == {"files": 1, "rows": 2}
    if operator is LoadDumpOperator:
        assert (run.xcoms["return_value"]["outcome"], run.xcoms["return_value"]["rows"]) == ("clean", 3)


@pytest.mark.usefixtures("dm_target")
def test_a_task_that_is_cleared_resumes(arriving: ArrivingDump, query: Query) -> None:
    with a_dag():
        task = StreamDumpOperator(
            task_id="stream", config=settings(arriving, wait_for_dump="stream", dump_timeout_s=1), retries=0
        )
    arriving.bring_schemas()
    arriving.bring("s.t.sql")
    run = run_task(task)
    assert run.state == "failed"
    assert "no file of the dump was finished for 1 s" in str(run.error)
    arriving.bring_rest()
    again = run_task(task, try_number=2)
    assert again.state == "success", again.error
    assert again.xcoms["return_value"] == {"files": 1, "rows": 2}
    assert query("SELECT COUNT(*) FROM s.t") == ((2,),)


@pytest.mark.usefixtures("dm_target")
def test_a_task_that_streams_is_refused_without_the_setting(arriving: ArrivingDump) -> None:
    with a_dag():
        task = StreamDumpOperator(task_id="stream", config={"task_name": "shop", "dump_uri": str(arriving.folder)})
    run = run_task(task)
    assert run.state == "failed"
    assert "Set wait_for_dump to stream" in str(run.error)


@pytest.mark.usefixtures("dm_target", "airflow_db")
def test_a_group_that_streams_begins_with_a_task_for_it(arriving: ArrivingDump, query: Query) -> None:
    with DAG("streamed", schedule=None) as dag:
        DumpLoadTaskGroup("shop", settings(arriving), wait_for_dump="stream")
    assert [task.task_id for task in dag.roots] == ["shop.stream_dump"]
    assert dag.get_task("shop.stream_dump").downstream_task_ids == {"shop.fetch_dump_metadata"}
    arriving.bring_schemas()
    arriving.bring("s.t.sql")
    tool = bring_rest_once_rows_are_in(arriving, query, 2)

    run = Run.start(register(dag))

    tool.join()
    assert run.state == "success"
    assert run.xcom("shop.stream_dump") == {"files": 1, "rows": 2}
    assert run.xcom("shop.finish")["outcome"] == "clean"
    assert query("SELECT COUNT(*) FROM s.u") == ((1,),)
