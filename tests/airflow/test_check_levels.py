"""``checksum`` and ``analyze`` at each of their levels: what fails the load, what is told, what is not done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dev.dag_runs import Run

if TYPE_CHECKING:
    from airflow.sdk import DAG

    from tests.airflow.conftest import MakeDump, Query


def loaded(dag: DAG, make_dump: MakeDump, **levels: str) -> Run:
    dump = make_dump({"t": [(1, "one"), (2, "two")], "u": [(1, "one")]})
    run = Run.start(dag, {"task_name": "shop", "dump_uri": str(dump), **levels})
    assert run.state == "success"
    return run


def table(run: Run, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(table for table in run.xcom("finish")["tables"] if table["table"] == name)
    return found


def test_required_a_difference_pauses_the_load_and_a_failing_analyze_fails_it(
    dm_load: DAG, query: Query, make_dump: MakeDump
) -> None:
    run = loaded(dm_load, make_dump, checksum="required", analyze="required")
    assert table(run, "s.t")["row_count"] == "passed"
    assert run.xcom("analyze") == {"tables": 2, "problems": {}}

    query("DELETE FROM s.t WHERE id = 1")
    differs = run.clear("checksum")
    assert (differs.state, differs.states()["resolve_conflicts"]) == ("failed", "failed")

    query("INSERT INTO s.t VALUES (1, 'one')")
    assert differs.clear("checksum").state == "success"
    query("DROP TABLE s.t")
    failed = differs.clear("analyze")
    assert failed.state == "failed"
    assert failed.states()["analyze"] == "failed"
    assert failed.states()["finish"] == "upstream_failed"


def test_optional_a_difference_and_a_failing_analyze_are_told(dm_load: DAG, query: Query, make_dump: MakeDump) -> None:
    run = loaded(dm_load, make_dump, checksum="optional", analyze="optional")
    query("DELETE FROM s.t WHERE id = 1")
    differs = run.clear("checksum")
    assert differs.state == "success"
    assert table(differs, "s.t")["row_count"] == "differs"
    assert any("s.t" in warning for warning in differs.xcom("finish")["warnings"])

    query("DROP TABLE s.t")
    told = differs.clear("analyze")
    assert told.state == "success"
    assert set(told.xcom("analyze")["problems"]) == {"s.t"}


def test_off_nothing_is_compared_and_nothing_is_analyzed(dm_load: DAG, query: Query, make_dump: MakeDump) -> None:
    run = loaded(dm_load, make_dump, checksum="off", analyze="off")
    assert (table(run, "s.t")["row_count"], table(run, "s.t")["checksum"]) == ("off", "off")
    assert run.xcom("analyze") == {"tables": 0, "problems": {}}
    query("DROP TABLE s.t")
    assert run.clear("checksum").state == "success"
