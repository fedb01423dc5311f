from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.loader import Worker, create_tables, prepare_checkpoint
from airflow_dm_loader.operators.airflow_exceptions import AirflowFailException
from airflow_dm_loader.operators.importing import RunImportOperator
from tests.airflow.task_runs import a_dag, run_task
from tests.bad_input.said import everything_said
from tests.dumps import run_of
from tests.faults import global_variable
from tests.waiting import wait_until

if TYPE_CHECKING:
    from dev.private_mariadb import PrivateMariaDB
    from tests.airflow.conftest import MakeDump, Query


def test_killing_the_task_ends_its_sessions_and_leaves_a_load_that_goes_on(
    server: PrivateMariaDB, target: TargetConfig, dm_target: str, query: Query, make_dump: MakeDump
) -> None:
    config = LoadConfig(task_name="t", dump_uri=str(make_dump({"t": [(1, "one"), (2, "two")]})))
    worker = Worker(host="here")
    prepare_checkpoint(run_of(config, target, worker))
    create_tables(run_of(config, target))
    with a_dag():
        task = RunImportOperator(task_id="run_import", share=0, config=config.model_dump(mode="json"), retries=1)

    # The import ends by the kill alone: the server would let it wait for the lock until after pytest's timeout.
    with (
        global_variable(server, "innodb_lock_wait_timeout", 3600),
        closing(server.connect()) as blocker,
        blocker.cursor() as cursor,
    ):
        cursor.execute("BEGIN")
        cursor.execute("INSERT INTO s.t VALUES (2, 'in the way')")  # the import waits for this row
        timer = threading.Timer(2.0, task.on_kill)
        timer.start()
        run = run_task(task, max_tries=1)
        timer.join()
        assert run.state == "up_for_retry"
        asking, blocking = "CONNECTION_ID()", blocker.thread_id()  # type: ignore[no-untyped-call]
        others = f"user = '{server.user}' AND id NOT IN ({asking}, {blocking})"
        left = f"SELECT COUNT(*) FROM information_schema.processlist WHERE {others}"
        wait_until(lambda: query(left) == ((0,),))
    assert query("SELECT COUNT(*) FROM s.t") == ((0,),)

    with a_dag():
        again = RunImportOperator(task_id="run_import", share=0, config=config.model_dump(mode="json"))
    run = run_task(again, try_number=2)
    assert run.state == "success"
    assert run.xcoms["return_value"]["rows_sent"] == 2


def test_a_task_that_hides_values_shows_none_in_its_error_or_its_log(
    target: TargetConfig, dm_target: str, make_dump: MakeDump, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = [(1, "canary-5b0d"), (1, "another canary-5b0d"), (2, "canary-5b0d" * 9)]
    config = LoadConfig(task_name="t", dump_uri=str(make_dump({"t": rows})), hide_values=True)
    prepare_checkpoint(run_of(config, target, Worker(host="here")))
    create_tables(run_of(config, target))
    with a_dag():
        task = RunImportOperator(task_id="run_import", share=0, config=config.model_dump(mode="json"))

    run = run_task(task)

    assert run.state == "failed"
    assert isinstance(run.error, AirflowFailException)
    assert "Data too long for column 'v' at row 1 | server error 1406 | table s.t | file s.t.sql at byte" in str(
        run.error
    )
    logged = capfd.readouterr()
    assert "Data too long" in logged.out + logged.err
    assert "canary-5b0d" not in logged.out + logged.err + everything_said(run.error)
