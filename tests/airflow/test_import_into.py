"""The DAG ``dm_load`` with TiDB's IMPORT INTO, run and cleared as in the UI; TiDB is the stand-in of the tests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from dev.dag_runs import Run
from tests.airflow.task_runs import a_dag, run_task
from tests.buckets import KEY, KEY_ID
from tests.clocks import FAST
from tests.tidb_stand_in.fixtures import SECRETS, STANDS_BEFORE_MARIADB, rows_of, stand_in
from tests.tidb_stand_in.jobs import Script
from tests.tidb_stand_in.server import Dropped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow.sdk import DAG

    from dev.private_mariadb import PrivateMariaDB
    from tests.airflow.conftest import MakeDump
    from tests.buckets import S3Server
    from tests.tidb_stand_in.server import TiDBStandIn

pytestmark = STANDS_BEFORE_MARIADB

POLL_S = 0.05


@pytest.fixture
def tidb(server: PrivateMariaDB, s3: S3Server) -> Iterator[TiDBStandIn]:
    with stand_in(server, s3) as running:
        yield running


@pytest.fixture
def connections(server: PrivateMariaDB, s3: S3Server, tidb: TiDBStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """``dm_target`` leads to the stand-in, ``dump_store`` to the bucket."""
    target = {"conn_type": "mysql", "host": "127.0.0.1", "port": tidb.port}
    target |= {"login": server.user, "password": server.password}
    store = {"conn_type": "aws", "login": KEY_ID, "password": KEY}
    extra = {"endpoint_url": s3.endpoint, "region_name": "us-east-1"}
    monkeypatch.setenv("AIRFLOW_CONN_DM_TARGET", json.dumps(target))
    monkeypatch.setenv("AIRFLOW_CONN_DUMP_STORE", json.dumps({**store, "extra": extra}))


@pytest.fixture
def dag(dm_load: DAG, connections: None) -> DAG:
    dm_load.get_task("run_import").partial_kwargs["poll_interval_s"] = POLL_S  # type: ignore[union-attr]
    return dm_load


def conf(s3: S3Server, make_dump: MakeDump, **tables: list[tuple[int, str]]) -> dict[str, Any]:
    return {
        "task_name": "shop",
        "dump_uri": s3.upload(make_dump(tables)),
        "import_mode": "import-into",
        "dump_conn_id": "dump_store",
    }


def config_of(settings: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name != "dump_conn_id"}


def import_task(settings: dict[str, Any], **arguments: Any) -> Any:
    from airflow_dm_loader.operators.importing import RunImportOperator

    return RunImportOperator(
        task_id="run_import",
        dag=a_dag(),
        config=config_of(settings),
        dump_conn_id="dump_store",
        share=0,
        poll_interval_s=POLL_S,
        **arguments,
    )


def prepared(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings of a load whose tables are there."""
    from airflow_dm_loader.operators.importing import CreateTablesOperator
    from airflow_dm_loader.operators.state import PrepareCheckpointOperator

    for operator in (PrepareCheckpointOperator, CreateTablesOperator):
        task = operator(task_id="before", dag=a_dag(), config=config_of(settings), dump_conn_id="dump_store")
        assert run_task(task).state == "success"
    return settings


def test_the_dag_imports_by_jobs_and_waits_for_them_in_the_triggerer(
    dag: DAG, s3: S3Server, make_dump: MakeDump, server: PrivateMariaDB, tidb: TiDBStandIn
) -> None:
    settings = {**conf(s3, make_dump, a=[(1, "one"), (2, "two")], b=[(3, "three")]), "import_tasks": 2}
    run = Run.start(dag, settings)
    assert run.state == "success"
    assert [run.xcom("run_import", map_index=share)["rows_sent"] for share in range(2)] == [2, 1]  # each has a table
    report = run.xcom("finish")
    assert (report["status"], report["outcome"], report["rows"]) == ("finished", "clean", 3)
    jobs = {table["table"]: table["import_job"] for table in report["tables"]}
    assert jobs in ({"s.a": 1, "s.b": 2}, {"s.a": 2, "s.b": 1})  # either task may come first
    assert rows_of(server, "SELECT * FROM s.a ORDER BY id") == [(1, "one"), (2, "two")]

    again = Run.start(dag, settings)
    assert (again.state, again.xcom("finish")["skipped"], len(tidb.jobs.all)) == ("success", True, 2)


def test_a_failed_job_fails_the_task_without_a_retry_and_a_clear_imports_that_table_again(
    dag: DAG, s3: S3Server, make_dump: MakeDump, server: PrivateMariaDB, tidb: TiDBStandIn
) -> None:
    tidb.jobs.scripts["a"] = Script(fails="Duplicate entry '1' for key 'PRIMARY'")
    failed = Run.start(dag, conf(s3, make_dump, a=[(1, "one")], b=[(3, "three")]))
    assert failed.state == "failed"
    assert failed.states()["run_import[0]"] == "failed"
    assert rows_of(server, "SELECT COUNT(*) FROM s.b") == [(1,)]

    done = failed.clear("run_import")
    assert done.state == "success"
    tables = {table["table"]: table["import_job"] for table in done.xcom("finish")["tables"]}
    assert tables == {"s.a": 3, "s.b": 2}


def test_a_task_that_may_not_defer_waits_in_the_worker(
    connections: None, s3: S3Server, make_dump: MakeDump, tidb: TiDBStandIn
) -> None:
    settings = prepared(conf(s3, make_dump, a=[(1, "one")]))
    run = run_task(import_task(settings, deferrable=False))
    assert (run.state, run.xcoms["return_value"]["rows_sent"]) == ("success", 1)


def test_a_deferred_task_carries_neither_password_nor_key_and_a_retry_takes_its_jobs_up(
    connections: None, s3: S3Server, make_dump: MakeDump, server: PrivateMariaDB, tidb: TiDBStandIn
) -> None:
    tidb.jobs.scripts["a"] = Script(steps=100)
    settings = prepared(conf(s3, make_dump, a=[(1, "one")]))
    parked = run_task(import_task(settings))
    assert parked.state == "deferred"
    said = json.dumps(parked.requests)
    assert "ImportJobsTrigger" in said
    assert [secret for secret in (*SECRETS, server.password) if secret in said] == []

    lost = run_task(import_task(settings), next_method="execute_complete", next_kwargs=event("error", message="gone"))
    assert lost.state in {"failed", "up_for_retry"}
    tidb.jobs.all[0].script.steps = 1
    again = run_task(import_task(settings), try_number=2)
    assert (again.state, len(tidb.jobs.all)) == ("success", 1)


def test_a_connection_that_is_cut_once_the_task_is_back_costs_no_try(
    connections: None,
    s3: S3Server,
    make_dump: MakeDump,
    tidb: TiDBStandIn,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings = prepared(conf(s3, make_dump, a=[(1, "one")]))
    assert run_task(import_task(settings)).state == "deferred"
    tidb.jobs.all[0].script.steps = 1
    cuts = [Dropped(), Dropped()]

    def cut(moment: str, _sql: str) -> None:
        if moment == "before" and cuts:
            raise cuts.pop()

    tidb.on_statement = cut
    task = import_task(settings)
    task.clock = FAST
    run = run_task(task, next_method="execute_complete", next_kwargs=event("done"))

    assert (run.state, run.xcoms["return_value"]["rows_sent"]) == ("success", 1), run.error
    assert cuts == []
    assert [message[:32] for message in caplog.messages if "again in" in message] == [
        "try 1 of run_import failed, agai",
        "try 2 of run_import failed, agai",
    ]


def event(status: str, **more: str) -> dict[str, Any]:
    return {"event": {"status": status, **more}}


def test_killing_the_task_in_the_worker_cancels_its_jobs_and_the_next_try_makes_new_ones(
    connections: None, s3: S3Server, make_dump: MakeDump, tidb: TiDBStandIn
) -> None:
    tidb.jobs.scripts["a"] = Script(steps=10_000)
    settings = prepared(conf(s3, make_dump, a=[(1, "one")]))
    task = import_task(settings, deferrable=False)

    def kill_at_first_look(moment: str, sql: str) -> None:
        if moment == "after" and "IMPORT JOB" in sql and tidb.jobs.all and tidb.jobs.all[0].status == "running":
            task._stop.set()

    tidb.on_statement = kill_at_first_look
    killed = run_task(task)
    assert killed.state in {"failed", "up_for_retry"}
    assert "1 jobs of IMPORT INTO were cancelled" in str(killed.error)
    assert tidb.jobs.all[0].status == "cancelled"

    tidb.on_statement = lambda _moment, _sql: None
    again = run_task(import_task(settings, deferrable=False), try_number=2)
    assert (again.state, [job.status for job in tidb.jobs.all]) == ("success", ["cancelled", "finished"])
