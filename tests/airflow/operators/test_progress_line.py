"""The line of progress in Airflow's state store for tasks."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time.comms import ErrorResponse

from airflow_dm_loader.operators.load_dump import LoadDumpOperator
from airflow_dm_loader.operators.progress_line import KEY, line_keeper
from tests.airflow.task_runs import a_dag, run_task

if TYPE_CHECKING:
    import pytest

    from tests.airflow.conftest import MakeDump

log = logging.getLogger(__name__)


def test_how_far_a_load_is_stands_with_its_task(dm_target: str, make_dump: MakeDump) -> None:
    with a_dag():
        task = LoadDumpOperator(
            task_id="load", config={"task_name": "t", "dump_uri": str(make_dump({"t": [(1, "a")]}))}
        )
    run = run_task(task)
    assert run.state == "success", run.error
    [line] = [body["value"] for path, body in run.requests.items() if path.endswith(KEY)]
    assert "100.00 %" in line


def test_an_airflow_without_the_store_is_told_nothing(caplog: pytest.LogCaptureFixture) -> None:
    line_keeper({}, log)("50 %")
    assert caplog.records == []


def test_a_store_that_refuses_a_line_is_warned_of_once_and_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    class Full:
        asked = 0

        def set(self, key: str, value: str) -> None:
            self.asked += 1
            raise AirflowRuntimeError(ErrorResponse(error=ErrorType.API_SERVER_ERROR, detail={"status_code": 507}))

    store = Full()
    keep = line_keeper({"task_state_store": store}, log)  # type: ignore[typeddict-item]
    keep("50 %")
    keep("60 %")
    assert store.asked == 1
    assert len(caplog.records) == 1
