"""The dry run: what it tells, and that it changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump, loader, plan_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import ConfigError, ConnectionLostError, DumpNotFoundError, RowError
from airflow_dm_loader.progress.words import describe_plan
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import SAMPLES, Table, expected, load_config, prepare, run_of, write_dump
from tests.tables import query

SALES = {"schema-pattern": "shop_*", "table-pattern": "sales_*", "target-schema": "all_shops", "target-table": "sales"}
EVERYTHING = (
    "SELECT table_schema, table_name, table_rows, create_time, update_time FROM information_schema.tables "
    "WHERE table_schema NOT IN ('information_schema', 'performance_schema', 'sys') ORDER BY 1, 2"
)


def test_it_tells_what_would_go_where_and_changes_nothing(server: PrivateMariaDB, target: TargetConfig) -> None:
    config = load_config(
        SAMPLES / "mydumper-1.0",
        routes=[SALES],
        block_allow_list={"ignore-tables": [{"db-name": "shop", "tbl-name": "*"}]},
        dry_run=True,
    )
    before = query(server, EVERYTHING)

    plan = plan_dump(config, target)

    assert query(server, EVERYTHING) == before
    assert not query(server, "SHOW DATABASES LIKE 'dm_meta'")
    sales = sorted(name for name in expected() if ".sales_" in name)
    (table,) = plan.tables
    assert (table.table, list(table.sources), table.exists) == ("all_shops.sales", sales, False)
    assert (table.files, table.rows) == (len(sales), sum(expected()[name][0] for name in sales))
    assert (plan.databases, plan.problems) == (("all_shops",), ())
    assert plan.filtered_files > 0
    assert {name for name in expected() if name.startswith("shop.")} <= set(plan.filtered)
    assert plan.stored == "nothing is stored: the load would start"
    assert plan.binlog_name


def test_it_is_what_the_load_then_does(server: PrivateMariaDB, target: TargetConfig) -> None:
    config = load_config(SAMPLES / "mydumper-0.10", routes=[SALES])

    plan = plan_dump(config, target)
    report = load_dump(config, target)

    assert [table.table for table in plan.tables] == [table.table for table in report.tables]
    assert (plan.file_bytes, plan.not_loaded) == (report.file_bytes, report.not_loaded)
    there = query(server, EVERYTHING.replace("'sys'", "'sys', 'mysql', 'dm_meta'"))
    assert {f"{row[0]}.{row[1]}" for row in there} == {*(table.table for table in plan.tables), *plan.views}
    assert all(table.exists for table in plan_dump(config, target).tables)


def test_what_the_load_would_stop_at_is_a_problem_and_no_error(target: TargetConfig, tmp_path: Path) -> None:
    dump = write_dump(
        tmp_path / "d",
        Table("t_0", rows=['(1,"a")']),
        Table("t_1", "(`id` int NOT NULL, PRIMARY KEY (`id`))", rows=["(2)"]),
    )
    route = {"schema-pattern": "s", "table-pattern": "t_*", "target-schema": "s", "target-table": "t"}

    plan = plan_dump(load_config(dump, routes=[route]), target)

    (problem,) = plan.problems
    assert "their columns differ: v is only in the first" in problem
    assert "What to do: " in problem
    assert [(table.table, table.exists) for table in plan.tables] == [("s.t", None)]


def test_it_tells_what_is_stored(target: TargetConfig, tmp_path: Path) -> None:
    dump = write_dump(tmp_path / "d", Table("a", rows=['(1,"a")']), Table("b", rows=['("x","b")']))
    config = load_config(dump)
    prepare(config, target)
    assert plan_dump(config, target).stored == "stored as init: the load would go on, 0 data files are in"
    assert "chunk_bytes is now 8192" in plan_dump(load_config(dump, chunk_bytes=8192), target).stored

    with pytest.raises(RowError):
        load_dump(config, target)
    assert plan_dump(config, target).stored == "stored as running: the load would go on, 1 data files are in"
    refused = plan_dump(load_config(dump, routes=[{"schema-pattern": "s", "target-schema": "x"}]), target)
    assert refused.stored == "stored as running, and the load would be refused"
    assert "'s.a.sql'" in refused.problems[0]
    assert "would be forgotten" in plan_dump(load_config(dump, remove_meta=True), target).stored


def test_it_knows_a_finished_load(target: TargetConfig, tmp_path: Path) -> None:
    dump = write_dump(tmp_path / "d", Table("a", rows=['(1,"a")']))
    load_dump(load_config(dump), target)

    assert plan_dump(load_config(dump), target).stored == "stored as finished: nothing would be sent"
    with (dump / "s.a.sql").open("a") as file:
        file.write('INSERT INTO `a` VALUES (2,"b");\n')
    assert plan_dump(load_config(dump), target).stored == (
        "another dump is stored as finished: the load would start afresh"
    )


def test_what_can_not_be_read_or_reached_is_an_error(target: TargetConfig, tmp_path: Path) -> None:
    with pytest.raises(DumpNotFoundError):
        plan_dump(load_config(tmp_path / "nothing"), target)
    dump = write_dump(tmp_path / "d", Table("a"))
    with pytest.raises(ConnectionLostError):
        plan_dump(load_config(dump), target.model_copy(update={"port": 1}))


def test_phases_that_change_something_refuse_a_dry_run(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    config = load_config(write_dump(tmp_path / "d", Table("a", rows=['(1,"a")'])), dry_run=True)

    with pytest.raises(ConfigError, match="dry_run"):
        load_dump(config, target)
    with pytest.raises(ConfigError, match="dry_run"):
        loader.prepare_checkpoint(run_of(config, target))
    assert not query(server, "SHOW DATABASES LIKE 'dm_meta'")


def test_a_plan_reads_well(target: TargetConfig, tmp_path: Path) -> None:
    dump = write_dump(
        tmp_path / "d",
        *(Table(f"t_{at}", rows=[f'({at},"a")']) for at in range(10)),
        Table("tmp", rows=['(1,"a")']),
        views={"v": "SELECT `id` FROM `t`"},
    )
    route = {"schema-pattern": "s", "table-pattern": "t_*", "target-schema": "s", "target-table": "t"}
    ignored = {"ignore-tables": [{"db-name": "s", "tbl-name": "tmp"}]}

    lines = describe_plan(plan_dump(load_config(dump, routes=[route], block_allow_list=ignored), target))

    assert lines[:-1] == [
        "s.t would be created | from s.t_0, s.t_1, s.t_2, s.t_3, s.t_4, s.t_5, s.t_6, s.t_7 and 2 more | "
        "10 data files, 1.4 kB",
        "create the database s",
        "create the view s.v",
        "left out by block_allow_list: s.tmp",
    ]
    assert "10 data files of 1.4 kB into 1 table | nothing is stored: the load would start" in lines[-1]
    assert lines[-1].endswith("not loaded: filtered tables (1), filtered data files (1)")
