"""``@task.load_dump``, through Airflow's own decorators and its task runner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk import DAG, task

from airflow_dm_loader.decorators.load_dump import load_dump_task
from tests.airflow.task_runs import a_dag, run_task

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airflow.sdk import BaseOperator

    from tests.airflow.conftest import MakeDump, Query


def decorated(says: Callable[..., Any], *arguments: object, **kwargs: Any) -> BaseOperator:
    with a_dag():
        made: Any = load_dump_task(**kwargs)(says)(*arguments)
    operator: BaseOperator = made.operator
    return operator


def test_airflow_knows_the_decorator_by_the_provider_s_name() -> None:
    assert task.load_dump(target_conn_id="x") is not None
    with DAG("many", schedule=None) as dag:

        @task.load_dump(target_conn_id="dm_target")
        def tenant(name: str) -> dict[str, Any]:
            return {"task_name": name, "dump_uri": f"/dumps/{name}"}

        tenant.expand(name=["a", "b"])
    assert dag.get_task("tenant").task_type == "LoadDumpDecoratedOperator"


@pytest.mark.usefixtures("dm_target")
def test_the_function_says_what_is_loaded_with_what_airflow_knows(make_dump: MakeDump, query: Query) -> None:
    dump = make_dump({"t": [(1, "one"), (2, "two")]})

    def shop(folder: str, run_id: str | None = None) -> dict[str, Any]:
        return {"task_name": f"shop-{run_id}", "dump_uri": folder, "source_id": "{{ dag.dag_id }}"}

    run = run_task(decorated(shop, str(dump)))

    assert run.state == "success", run.error
    report = run.xcoms["return_value"]
    assert (report["task_name"], report["source_id"], report["rows"]) == ("shop-run", "unit", 2)
    assert query("SELECT COUNT(*) FROM s.t") == ((2,),)
    assert {"return_value", "config"} <= set(run.xcoms)


@pytest.mark.usefixtures("dm_target")
@pytest.mark.parametrize("wrong", [{"task_name": "t"}, ["no settings"], "no json", None])
def test_what_is_no_setting_is_refused_as_elsewhere(wrong: object) -> None:
    def shop() -> object:
        return wrong

    run = run_task(decorated(shop))
    assert run.state == "failed"
    assert type(run.error).__name__ == "AirflowFailException"


@pytest.mark.usefixtures("dm_target")
def test_a_task_that_comes_back_goes_by_what_was_said_and_asks_nobody_again(make_dump: MakeDump) -> None:
    config = both_sources(make_dump({"t": [(1, "one")]}))
    asked: list[str] = []

    def shop() -> dict[str, Any]:
        asked.append("asked")
        return config

    made = decorated(shop)
    first = run_task(made)
    (body,) = [body for body in first.requests.values() if isinstance(body, dict) and body.get("state") == "deferred"]
    assert body["next_method"] == "all_are_ready"

    for event, says in (
        ({"status": "timeout", "missing": ["b"]}, "these sources of 'shop' are not ready yet: b"),
        ({"status": "error", "message": "it went wrong"}, "it went wrong"),
    ):
        back = run_task(made, next_method="all_are_ready", next_kwargs={"event": event}, xcoms=first.xcoms)
        assert back.state == "failed"
        assert says in str(back.error)
    assert asked == ["asked"]


def both_sources(dump: Path) -> dict[str, Any]:
    """A load that waits for a source that never comes."""
    return {
        "task_name": "shop",
        "dump_uri": str(dump),
        "source_id": "a",
        "sources": ["a", "b"],
        "wait_for_sources": True,
        "barrier_timeout_s": 60,
    }
