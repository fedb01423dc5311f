"""The page of a DAG run's loads: what it shows, of whom it asks, and who may see it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from airflow_dm_loader import loader
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.loader import Worker
from airflow_dm_loader.operators.links import LOAD_KEY, PREFIX, LoadProgressLink
from airflow_dm_loader.operators.links import run_page as link_to
from airflow_dm_loader.operators.load_dump import LoadDumpOperator
from airflow_dm_loader.report import LoadProgress, StoredConflict, StoredLoad, TableProgress
from airflow_dm_loader.ui import run_loads
from airflow_dm_loader.ui.run_loads import RunLoad, RunLoads
from airflow_dm_loader.ui.run_page import run_page
from tests.airflow.task_runs import a_dag, run_task
from tests.airflow.ui.mounted import get
from tests.dumps import run_of

if TYPE_CHECKING:
    from tests.airflow.conftest import MakeDump

LOAD = StoredLoad(
    task_name="shop",
    source_id="one",
    status="running",
    begun_at="2026-01-01 00:00:00",
    changed_at="2026-01-01 00:01:00",
    by="here (DAG 'd', run 'r')",
    finished_bytes=25,
    total_bytes=100,
    progress="25.00 %",
    rows=1_234,
)


def test_a_running_load_shows_its_tables_and_asks_again() -> None:
    table = TableProgress(
        table="s.t",
        finished_bytes=25,
        total_bytes=100,
        rows=1_234,
        conflicts=5_678,
        indexes_waiting=True,
        chunks=2_345,
        seconds=3_456.78,
    )
    html = run_page(RunLoads((RunLoad("shop", (LoadProgress(load=LOAD, tables=(table,), more_tables=1_000),)),)))
    assert '<meta http-equiv="refresh"' in html
    for shown in ("s.t", "width: 25.0%", "25 of 100 bytes", "1,234", "2,345", "3,456.8", "5,678", "to be built"):
        assert shown in html
    assert "and 1,000 tables more" in html
    finished = LOAD.model_copy(update={"status": "finished"})
    assert "refresh" not in run_page(RunLoads((RunLoad("shop", (LoadProgress(load=finished),)),)))


def test_nothing_of_a_dump_acts_in_the_page() -> None:
    evil = "<script>x()</script>\x1b[2J"
    conflict = StoredConflict(table=evil, file=evil, offset=1, came=evil, error=evil)
    load = LOAD.model_copy(update={"source_id": evil, "by": evil})
    table = TableProgress(table=evil, finished_bytes=0, total_bytes=0, rows=0, conflicts=0, indexes_waiting=False)
    html = run_page(
        RunLoads((RunLoad(evil, (LoadProgress(load=load, tables=(table,), conflicts=(conflict,)),)),), (evil,))
    )
    assert "<script" not in html
    assert all(line.isprintable() for line in html.splitlines())
    assert html.count("&lt;script&gt;") >= 8


def test_a_target_out_of_reach_is_told_with_what_the_tasks_reported() -> None:
    html = run_page(RunLoads((RunLoad("shop", problem="[34019] no route"),), ("run_import[0]: 5 rows",)))
    assert "does not say how far it is: [34019] no route" in html
    assert "run_import[0]: 5 rows" in html


def xcoms(monkeypatch: pytest.MonkeyPatch, found: dict[str, list[tuple[str, dict[str, Any]]]]) -> None:
    """What the run's tasks pushed, by key."""
    monkeypatch.setattr(run_loads, "_xcoms", lambda _dag, _run, key: found.get(key, []))


@pytest.fixture
def half_done(target: TargetConfig, dm_target: str, make_dump: MakeDump) -> LoadConfig:
    """One of two tables is in, with a row in conflict."""
    config = LoadConfig(
        task_name="shop",
        dump_uri=str(make_dump({"a": [(1, "one"), (1, "again")], "b": [(1, "one")]})),
        on_duplicate_logical="manual",
        import_tasks=2,
    )
    worker = Worker(host="here", dag_id="unit", run_id="run")
    loader.prepare_checkpoint(run_of(config, target, worker))
    loader.create_tables(run_of(config, target))
    loader.run_import(run_of(config, target, worker), 0)
    return config


@pytest.mark.parametrize("hide_values", [False, True])
def test_the_target_is_asked_for_what_the_tasks_said_they_load(
    half_done: LoadConfig, dm_target: str, monkeypatch: pytest.MonkeyPatch, hide_values: bool
) -> None:
    said = {"task_name": "shop", "meta_schema": "dm_meta", "hide_values": hide_values, "target_conn_id": dm_target}
    xcoms(monkeypatch, {LOAD_KEY: [("prepare_checkpoint", said), ("other_try", said)]})

    (load,) = run_loads.loads_of_run("d", "r").loads

    assert load.problem == ""
    (source,) = load.sources
    assert source.load.status == "running"
    by_table = {table.table: table for table in source.tables}
    assert set(by_table) == {"s.a", "s.b"}
    (done,) = [table for table in source.tables if table.finished_bytes]
    assert done.finished_bytes == done.total_bytes
    assert done.chunks == 1
    assert done.seconds is not None
    assert sum(table.conflicts for table in source.tables) == (1 if by_table["s.a"].finished_bytes else 0)
    assert ("again" in str(source.conflicts)) is (by_table["s.a"].conflicts == 1 and not hide_values)
    assert source.load.finished_bytes == sum(table.finished_bytes for table in source.tables)


def test_a_connection_that_leads_nowhere_is_a_problem_of_its_load_alone(
    half_done: LoadConfig, dm_target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {"task_name": "shop", "meta_schema": "dm_meta", "hide_values": False, "target_conn_id": dm_target}
    share = {
        "share": 0, "rows_sent": 5, "chunks_sent": 1, "chunks_skipped": 0, "files_done": 1, "file_bytes": 9,
        "seconds": 1.0, "rows_sent_known": True,
    }  # fmt: skip
    monkeypatch.setenv("AIRFLOW_CONN_GONE", "mysql://u:canary@127.0.0.1:1/")
    xcoms(
        monkeypatch,
        {
            LOAD_KEY: [("a", said), ("b", {**said, "target_conn_id": "gone"})],
            "return_value": [("run_import[0]", share)],
        },
    )
    found = run_loads.loads_of_run("d", "r")
    assert [bool(load.problem) for load in found.loads] == [False, True]
    assert "canary" not in str(found)
    assert re.match(r"run_import\[0\]: .*5 rows", found.reported[0])


def test_a_task_says_what_it_loads_and_links_to_the_page(
    dm_target: str, make_dump: MakeDump, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "http://airflow/")
    with a_dag():
        task = LoadDumpOperator(
            task_id="load", config={"task_name": "shop", "dump_uri": str(make_dump({"t": [(1, "one")]}))}
        )
    run = run_task(task)
    assert run.state == "success", run.error
    assert run.xcoms[LOAD_KEY] == {
        "task_name": "shop",
        "meta_schema": "dm_meta",
        "hide_values": False,
        "target_conn_id": dm_target,
    }
    assert run.xcoms[LoadProgressLink().xcom_key] == f"http://airflow{PREFIX}/runs/unit/run"
    assert link_to("d/1", "manual__2026-01-01T00:00:00+00:00").endswith(
        "/runs/d%2F1/manual__2026-01-01T00%3A00%3A00%2B00%3A00"
    )


def test_nobody_sees_it_who_is_not_logged_in() -> None:
    assert get(f"{PREFIX}/runs/dm_load/some-run").status_code == 401


@pytest.mark.usefixtures("airflow_db")
def test_xcoms_are_found_by_run_and_key_with_their_map_index() -> None:
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    from dev.dag_runs import Run, register

    with a_dag(start_date=datetime(2026, 1, 1, tzinfo=UTC)) as dag:
        from airflow.sdk import task

        @task(task_id="one")
        def one() -> dict[str, int]:
            return {"rows": 1}

        @task(task_id="text")
        def text() -> str:
            return "no mapping"

        one()
        text()
    register(dag)
    run = Run.start(dag)
    with create_session() as session:
        assert session.query(XComModel).count() >= 2
    assert run_loads._xcoms(dag.dag_id, run.run_id, "return_value") == [("one", {"rows": 1})]
    assert run_loads._xcoms(dag.dag_id, "another", "return_value") == []
