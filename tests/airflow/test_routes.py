"""Routes, filters and the dry run through the DAGs, as a person triggers them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.operators.base import DumpLoadOperator
from airflow_dm_loader.task_group import DumpLoadTaskGroup
from dev.airflow_names import DagBag
from dev.dag_runs import Run, register
from tests.dumps import Table, write_dump

if TYPE_CHECKING:
    from tests.airflow.conftest import MakeDump, Query

DAGS = Path(__file__).parents[2] / "dags"
ROUTE = {"schema-pattern": "s", "table-pattern": "t_*", "target-schema": "s", "target-table": "t"}


def conf(dump: Path, **settings: Any) -> dict[str, Any]:
    return {"task_name": "shop", "dump_uri": str(dump), **settings}


def test_a_dry_run_ends_green_with_the_plan_and_changes_nothing(
    dm_load: DAG, query: Query, make_dump: MakeDump
) -> None:
    dump = make_dump({"t_0": [(1, "a")], "t_1": [(2, "b")], "tmp": [(1, "x")]})
    rules = {"ignore-tables": [{"db-name": "s", "tbl-name": "tmp"}]}

    run = Run.start(dm_load, conf(dump, routes=[ROUTE], block_allow_list=rules, dry_run=True))

    assert run.state == "success"
    states = run.states()
    assert states.pop("fetch_dump_metadata") == "success"
    assert set(states.values()) == {"skipped"}
    assert run.xcom("fetch_dump_metadata")["tool"] == "dumpling, or mydumper until 0.10"
    plan = run.xcom("fetch_dump_metadata", "plan")
    assert [(table["table"], table["sources"]) for table in plan["tables"]] == [("s.t", ["s.t_0", "s.t_1"])]
    assert (plan["filtered"], plan["problems"]) == (["s.tmp"], [])
    assert query("SHOW DATABASES LIKE 's'") == query("SHOW DATABASES LIKE 'dm_meta'") == ()

    run.clear("prepare_checkpoint")  # also then it is a dry run
    assert query("SHOW DATABASES LIKE 'dm_meta'") == ()


def test_the_load_after_a_dry_run_merges_the_shards(dm_load: DAG, query: Query, make_dump: MakeDump) -> None:
    dump = make_dump({"t_0": [(1, "a"), (3, "same")], "t_1": [(2, "b"), (3, "same")], "tmp": [(1, "x")]})
    rules = {"ignore-tables": [{"db-name": "s", "tbl-name": "tmp"}]}

    run = Run.start(dm_load, conf(dump, routes=[ROUTE], block_allow_list=rules, import_tasks=2))

    assert run.state == "success"
    assert query("SELECT * FROM s.t ORDER BY id") == ((1, "a"), (2, "b"), (3, "same"))
    assert query("SHOW TABLES FROM s") == (("t",),)
    report = run.xcom("finish")
    assert report["not_loaded"] == {"filtered tables": 1, "filtered data files": 1}
    (table,) = report["tables"]
    assert (table["rows"], table["replaced"], table["row_count"]) == (4, 1, "passed")


def test_two_sources_of_a_task_are_merged_in_runs_of_their_own(
    airflow_db: None, dm_target: str, query: Query, make_dump: MakeDump
) -> None:
    """Each source is a load of its own, with the barrier between them, and says which source a row came from."""
    query("CREATE DATABASE s")
    query("CREATE TABLE s.t (id int NOT NULL, v varchar(20), src varchar(20) NOT NULL, PRIMARY KEY (id, src))")
    route = ROUTE | {"extract-source": {"target-column": "src", "source-regexp": "^mysql-(.*)$"}}
    sources = {
        "mysql-1": make_dump({"t_0": [(1, "a")], "t_1": [(2, "b")]}, name="one"),
        "mysql-2": make_dump({"t_0": [(1, "c")]}, name="two", compressed=True),
    }
    with DAG("merge_sources", schedule=None) as dag:
        for source_id, dump in sources.items():
            DumpLoadTaskGroup(
                group_id=source_id.replace("-", "_"),
                config=conf(dump, source_id=source_id, sources=list(sources), routes=[route]),
                default_args={"deferrable": False, "mode": "reschedule", "poke_interval": 0.1},
            )

    run = Run.start(register(dag))

    assert run.state == "success", run.states()
    assert query("SELECT * FROM s.t ORDER BY id, src") == ((1, "a", "1"), (1, "c", "2"), (2, "b", "1"))
    assert [run.xcom(f"mysql_{number}.finish")["rows"] for number in (1, 2)] == [2, 1]
    assert query("SELECT DISTINCT state FROM dm_meta.dm_loader_barrier") == (("finished",),)


def test_the_example_merges_shards_and_leaves_temporary_tables_out(
    query: Query, target: TargetConfig, tmp_path: Path
) -> None:
    dag = DagBag(dag_folder=str(DAGS / "example_dm_load_merge.py")).dags["example_dm_load_merge"]
    task = dag.get_task("shop.prepare_checkpoint")
    assert isinstance(task, DumpLoadOperator)
    assert isinstance(task.config, dict)
    dump = write_dump(
        tmp_path / "d",
        *(Table(f"sales_0{at}", rows=[f'({at},"a")'], schema="shop_eu") for at in range(2)),
        Table("customers", rows=['(1,"a")'], schema="shop_eu"),
        Table("tmp_x", rows=['(1,"a")'], schema="shop_eu"),
    )
    query("CREATE DATABASE shop")
    query("CREATE TABLE shop.sales (id int PRIMARY KEY, v varchar(40), shard varchar(9) NOT NULL)")

    load_dump(LoadConfig(**{**task.config, "dump_uri": str(dump), "dry_run": "False"}), target)

    assert query("SELECT id, shard FROM shop.sales ORDER BY id") == ((0, "00"), (1, "01"))
    assert query("SHOW TABLES FROM shop") == (("customers",), ("sales",))
