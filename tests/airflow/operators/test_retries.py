from __future__ import annotations

import pytest

from airflow_dm_loader import errors
from airflow_dm_loader.operators.retries import retry_defaults
from tests.airflow.operators.failing import Failing
from tests.airflow.task_runs import a_dag, run_task
from tests.clocks import FAST


@pytest.fixture(autouse=True)
def connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_DM_TARGET", "mysql://u@db.example/")


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (errors.ConnectionLostError("gone"), "up_for_retry"),
        (OSError("no route to host"), "up_for_retry"),
        (errors.RowError("too long"), "failed"),
        (TypeError("a mistake"), "failed"),
        (KeyError("a mistake"), "failed"),
    ],
)
def test_a_mistake_in_the_code_is_not_retried_but_bad_luck_is(error: Exception, state: str) -> None:
    with a_dag(default_args=retry_defaults()):
        task = Failing(task_id="x", config={"task_name": "t", "dump_uri": "/d"}, error=error)
        task.clock = FAST  # the retries of Airflow are looked at here
    assert task.retries == 3
    assert run_task(task, max_tries=3).state == state
