"""What a load tells OpenLineage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from openlineage.client.serde import Serde

from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.operators.lineage import FinishedLoad, dump_dataset
from airflow_dm_loader.operators.load_dump import LoadDumpOperator
from airflow_dm_loader.report import LoadReport
from tests.airflow.task_runs import TaskRun, a_dag, run_task

if TYPE_CHECKING:
    from dev.private_mariadb import PrivateMariaDB
    from tests.airflow.conftest import MakeDump


def load(config: dict[str, Any]) -> tuple[TaskRun, Any]:
    """The run, and what its operator tells when Airflow's OpenLineage asks it after a success; else None."""
    told: list[Any] = []

    def ask(context: Any, result: object) -> None:
        told.append(context["ti"].task.get_openlineage_facets_on_complete(context["ti"]))

    with a_dag():
        operator = LoadDumpOperator(task_id="load", config=config, post_execute=ask)
    run = run_task(operator)
    (answer,) = told or [None]
    return run, answer and Serde.to_dict(answer)


@pytest.mark.usefixtures("dm_target")
def test_a_dump_went_in_and_tables_came_out(make_dump: MakeDump, server: PrivateMariaDB) -> None:
    dump = make_dump({"t": [(1, "one"), (2, "two")], "u": [(1, "one")]})

    run, told = load({"task_name": "shop", "dump_uri": str(dump)})

    assert run.state == "success", run.error
    (went_in,) = told["inputs"]
    assert (went_in["namespace"], went_in["name"]) == ("file", str(dump))
    assert went_in["inputFacets"]["inputStatistics"]["rowCount"] == 3
    assert {table["namespace"] for table in told["outputs"]} == {f"mysql://{server.host}:{server.port}"}
    rows = {table["name"]: table["outputFacets"]["outputStatistics"]["rowCount"] for table in told["outputs"]}
    assert rows == {"s.t": 2, "s.u": 1}
    for table in told["outputs"]:
        (asserted,) = table["facets"]["dataQualityAssertions"]["assertions"]
        assert (asserted["assertion"], asserted["success"]) == ("row_count", True)


@pytest.mark.usefixtures("dm_target")
def test_a_load_that_was_not_accepted_tells_nothing(make_dump: MakeDump) -> None:
    paused = {"task_name": "shop", "dump_uri": str(make_dump({"t": [(1, "a"), (1, "b")]}, name="paused"))}
    run, told = load({**paused, "on_duplicate_logical": "manual"})
    assert (run.state, told) == ("failed", None)


@pytest.mark.parametrize("skipped", [True, False])
def test_a_load_that_an_earlier_run_had_finished_tells_nothing(skipped: bool) -> None:
    with a_dag():
        operator = LoadDumpOperator(task_id="load", config={})
    report = LoadReport(task_name="t", source_id="s", status="finished", skipped=skipped)
    operator.finished_load = FinishedLoad("/dumps/shop", TargetConfig(), report)
    assert (operator.get_openlineage_facets_on_complete(None) is None) is skipped


@pytest.mark.parametrize(
    ("uri", "dataset"),
    [
        ("/dumps/shop", ("file", "/dumps/shop")),
        ("file:///dumps/my%20shop", ("file", "/dumps/my shop")),
        ("s3://backups/nightly/shop/", ("s3://backups", "nightly/shop")),
        ("gcs://backups", ("gs://backups", "/")),
    ],
)
def test_a_dump_is_named_as_openlineage_names_it(uri: str, dataset: tuple[str, str]) -> None:
    assert dump_dataset(uri) == dataset
