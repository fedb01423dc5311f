"""The DAGs that come with the package: they parse, and their graph is the one that the documentation draws."""

from __future__ import annotations

from pathlib import Path

import pytest
from airflow.sdk import DAG

from airflow_dm_loader.operators.base import DumpLoadOperator
from airflow_dm_loader.operators.verify import AnalyzeOperator
from dev.airflow_names import DagBag, DagSerialization

DAGS = Path(__file__).parents[2] / "dags"

EDGES = {
    "fetch_dump_metadata": {"prepare_checkpoint"},
    "prepare_checkpoint": {"wait_until_all_ready", "create_tables", "checksum", "resolve_conflicts", "finish"},
    "wait_until_all_ready": {"create_tables"},
    "create_tables": {"run_import"},
    "run_import": {"checksum", "analyze"},
    "checksum": {"finish", "resolve_conflicts"},
    "analyze": {"finish"},
    "resolve_conflicts": {"finish"},
    "finish": {"wait_until_all_finished", "clean_dump_files"},
    "wait_until_all_finished": {"clean_dump_files"},
    "clean_dump_files": set(),
}
ALONE = EDGES.keys() - {"wait_until_all_ready", "wait_until_all_finished"}


@pytest.fixture(scope="module")
def bag() -> DagBag:
    return DagBag(dag_folder=str(DAGS))


def dag(bag: DagBag, dag_id: str) -> DAG:
    found: DAG = bag.dags[dag_id]
    return found


def test_every_dag_parses_and_serialises(bag: DagBag) -> None:
    assert bag.import_errors == {}
    assert set(bag.dags) == {path.stem for path in DAGS.glob("*.py")}
    for found in bag.dags.values():
        assert found.doc_md, f"{found.dag_id} says nothing of itself in the UI"
        DagSerialization.deserialize_dag(DagSerialization.serialize_dag(found))


def test_the_main_job_has_the_phases_under_their_plain_names(bag: DagBag) -> None:
    found = dag(bag, "dm_load")
    assert {task.task_id: task.downstream_task_ids for task in found.tasks} == EDGES


def test_a_task_group_s_branches_stay_inside_it(bag: DagBag) -> None:
    found = dag(bag, "example_dm_load_shards")
    assert {task.task_id for task in found.tasks} == {
        f"{group}.{name}" for group in ("shard_1", "shard_2") for name in EDGES
    }
    for group in ("shard_1", "shard_2"):
        for branch in ("prepare_checkpoint", "checksum", "finish"):
            task = found.get_task(f"{group}.{branch}")
            targets = {value for name, value in vars(task).items() if name.endswith("_task_id")}
            assert targets == task.downstream_task_ids == {f"{group}.{name}" for name in EDGES[branch]}
        assert found.get_task(f"{group}.run_import").task_display_name == f"{group}.run_import"
    labels = {group.group_display_name for group in found.task_group.get_task_group_dict().values() if group.group_id}
    assert {"shard_1.import", "shard_2.import", "shard_1.verify", "shard_2.verify"} <= labels


def test_a_single_source_has_no_tasks_that_wait_for_others(bag: DagBag) -> None:
    found = dag(bag, "example_dm_load_daily")
    prepare, finish = found.get_task("shop.prepare_checkpoint"), found.get_task("shop.finish")
    assert prepare.downstream_task_ids == {
        f"shop.{name}" for name in ("create_tables", "checksum", "resolve_conflicts", "finish")
    }
    assert finish.downstream_task_ids == {"shop.clean_dump_files"}
    assert (vars(prepare)["wait_task_id"], vars(finish)["wait_task_id"]) == (None, None)


def test_every_task_tells_what_it_is_and_what_clearing_it_does(bag: DagBag) -> None:
    for task in dag(bag, "dm_load").tasks:
        assert task.doc_md, task.task_id
        assert "lear" in task.doc_md, task.task_id
        assert ":param" not in task.doc_md
    assert dag(bag, "dm_load").doc_md


def test_the_form_s_params_are_the_dag_s_and_not_once_more_each_task_s(bag: DagBag) -> None:
    found = dag(bag, "dm_load")
    assert "task_name" in found.params
    assert {task.task_id for task in found.tasks if task.params} <= {"run_import"}  # Airflow adds them to a mapped one


def test_a_task_keeps_params_of_its_own() -> None:
    with DAG("own", schedule=None, params={"of_the_dag": 1}):
        task = AnalyzeOperator(task_id="analyze", config={}, params={"of_the_task": 2})
    assert dict(task.params) == {"of_the_task": 2}


def test_phases_can_be_told_apart_by_colour(bag: DagBag) -> None:
    colours = {task.task_id: task.ui_color for task in dag(bag, "dm_load").tasks}
    phases = (
        "fetch_dump_metadata",
        "prepare_checkpoint",
        "run_import",
        "checksum",
        "resolve_conflicts",
        "clean_dump_files",
    )
    assert len({colours[name] for name in phases}) == len(phases)


def test_everything_is_retried_but_the_decision_of_a_person(bag: DagBag) -> None:
    for dag_id in ("dm_load", "example_dm_load_daily"):
        for task in dag(bag, dag_id).tasks:
            assert task.retries == (0 if task.task_id.endswith("resolve_conflicts") else 3), task.task_id


def test_a_scheduled_dag_names_its_dump_by_a_template(bag: DagBag) -> None:
    task = dag(bag, "example_dm_load_daily").get_task("shop.fetch_dump_metadata")
    assert isinstance(task, DumpLoadOperator)
    assert isinstance(task.config, dict)
    assert task.config["dump_uri"] == "/dumps/shop/{{ ds }}/"


def test_a_load_that_waits_for_its_dump_has_one_task_more_at_its_beginning(bag: DagBag) -> None:
    for dag_id in ("example_dm_load_daily", "example_dm_load_refresh", "example_dm_load_s3"):
        found = dag(bag, dag_id)
        assert {task.task_id for task in found.tasks} == {"shop.wait_for_dump", *(f"shop.{name}" for name in ALONE)}
        assert [task.task_id for task in found.roots] == ["shop.wait_for_dump"]
        assert found.get_task("shop.wait_for_dump").downstream_task_ids == {"shop.fetch_dump_metadata"}
        assert "lear" in str(found.get_task("shop.wait_for_dump").doc_md)
