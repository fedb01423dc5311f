"""Routes, filters and extractors on whole loads: real dumps with shards, and small ones whose rows meet."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from airflow_dm_loader import load_dump, loader, plan_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import ConfigError, HasDuplicatesError, LoaderError, RowError, TargetError
from airflow_dm_loader.report import LoadReport, TableReport
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import SAMPLES, WITH_KEY, Table, expected, load_config, load_soon, numbered, run_of, write_dump
from tests.tables import count, load_by_client, query
from tests.waiting import wait_until

SALES = {"schema-pattern": "shop_*", "table-pattern": "sales_*", "target-schema": "all_shops", "target-table": "sales"}
ONE = {"schema-pattern": "s", "table-pattern": "t_*", "target-schema": "s", "target-table": "t"}
SHARD = {"extract-table": {"target-column": "shard", "table-regexp": "_(.*)$"}}
WITH_SHARD = "(`id` int NOT NULL, `v` varchar(40), `shard` varchar(20), PRIMARY KEY (`id`)) ENGINE=InnoDB"


def table_of(report: LoadReport, name: str) -> TableReport:
    (found,) = [table for table in report.tables if table.table == name]
    return found


def shards(folder: Path, **rows: list[str]) -> Path:
    """A dump of tables ``t_...`` in schema ``s``, by their names."""
    return write_dump(folder, *(Table(name, rows=of_it) for name, of_it in rows.items()))


# Real dumps


@pytest.mark.parametrize("sample", ["mydumper-0.10", "mydumper-1.0"])
def test_real_shards_are_merged_row_for_row(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path, sample: str
) -> None:
    source_rows = {name: rows for name, (rows, _) in expected().items() if ".sales_" in name}
    per_schema = [{**SALES, "schema-pattern": name, "target-table": name} for name in ("shop_eu", "shop_us")]
    config = load_config(SAMPLES / sample, routes=per_schema, block_allow_list={"do-dbs": ["shop_*"]})

    report = load_dump(config, target)

    assert {name: table_of(report, f"all_shops.{name}").rows for name in ("shop_eu", "shop_us")} == {
        schema: sum(rows for name, rows in source_rows.items() if name.startswith(schema))
        for schema in ("shop_eu", "shop_us")
    }
    assert query(server, "SHOW DATABASES LIKE 'shop%'") == []
    assert report.not_loaded["filtered tables"] == len(expected()) - len(source_rows)
    assert report.outcome == "clean"


def test_a_merged_table_has_the_sum_of_its_sources_checksums(server: PrivateMariaDB, target: TargetConfig) -> None:
    merged = [name for name in expected() if name.startswith("shop_eu.sales_")]
    route = {**SALES, "schema-pattern": "shop_eu"}
    report = load_dump(
        load_config(SAMPLES / "mydumper-1.0", routes=[route], block_allow_list={"do-dbs": ["shop_eu"]}), target
    )

    found = table_of(report, "all_shops.sales")
    assert (found.rows, found.row_count, found.checksum, found.remark) == (
        sum(expected()[name][0] for name in merged),
        "passed",
        "passed",
        "",
    )
    ((_, checksum),) = query(server, "CHECKSUM TABLE all_shops.sales")
    assert checksum == sum(expected()[name][1] for name in merged) % (1 << 32)


def test_a_merged_table_is_compared_with_the_tables_that_it_was_dumped_of(
    server: PrivateMariaDB, target: TargetConfig
) -> None:
    load_by_client(server, SAMPLES / "mydumper-0.10")
    config = load_config(SAMPLES / "mydumper-0.10", routes=[SALES], block_allow_list={"do-dbs": ["shop_eu"]})

    found = table_of(load_dump(config, target, compare_with=target), "all_shops.sales")

    assert (found.checksum, found.remark) == ("passed", "")

    query(server, "UPDATE all_shops.sales SET id = 999999 ORDER BY id LIMIT 1")
    again = next(
        table
        for table in loader.verify(loader.LoadRun.of(config, target, compare_with=target)).tables
        if table.table == "all_shops.sales"
    )
    assert again.checksum == "differs"
    assert "shop_eu.sales_00, shop_eu.sales_01" in again.remark


def test_a_merged_table_s_indexes_come_after_the_rows_of_all_its_sources(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    create = "(`id` int NOT NULL, `v` varchar(99), PRIMARY KEY (`id`), KEY `by_v` (`v`)) ENGINE=InnoDB"
    rows = [[f'({shard + 2 * at},"{"x" * 80}")' for at in range(7000)] for shard in range(2)]  # small alone
    tables = [Table(f"t_{shard}", create, of_it) for shard, of_it in enumerate(rows)]
    config = load_config(write_dump(tmp_path / "d", *tables), routes=[ONE], chunk_bytes=1 << 18)
    loader.prepare_checkpoint(run_of(config, target))
    loader.create_tables(run_of(config, target))
    index = "SELECT column_name FROM information_schema.statistics WHERE table_schema = 's' AND index_name = 'by_v'"
    assert query(server, index) == []

    report = load_dump(config, target)

    assert query(server, index) == [("v",)]
    assert (report.rows, count(server, "s.t"), report.outcome) == (14000, 14000, "clean")


# Rows that meet


MEETING = {"t_0": ['(1,"first")', '(2,"same")'], "t_1": ['(1,"second")', '(2,"same")', '(3,"only")']}


def meeting(folder: Path, **settings: Any) -> Any:
    """A load of two shards that have two keys in common, one after the other."""
    return load_config(shards(folder, **MEETING), **{"routes": [ONE], "pool_size": 1, **settings})


def test_replace_keeps_one_row_a_key_and_counts_exactly(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    report = load_dump(meeting(tmp_path / "d", on_duplicate_logical="replace"), target)

    found = table_of(report, "s.t")
    assert (found.rows, found.replaced, found.row_count, report.outcome) == (5, 2, "passed", "clean")
    rows = dict(query(server, "SELECT id, v FROM s.t"))
    assert (set(rows), rows[2], rows[3]) == ({1, 2, 3}, "same", "only")
    assert rows[1] in {"first", "second"}


def test_ignore_keeps_the_row_that_is_there_and_counts_exactly(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    report = load_dump(meeting(tmp_path / "d", on_duplicate_logical="ignore"), target)

    found = table_of(report, "s.t")
    assert (found.rows, found.ignored, found.row_count, report.outcome) == (5, 2, "passed", "clean")
    assert count(server, "s.t") == 3


def test_error_names_the_row_of_the_other_shard(target: TargetConfig, tmp_path: Path) -> None:
    with pytest.raises(RowError) as caught:
        load_dump(meeting(tmp_path / "d", on_duplicate_logical="error"), target)

    assert (caught.value.errno, caught.value.table) == (1062, "s.t")
    assert caught.value.file in {"s.t_0.sql", "s.t_1.sql"}


def test_manual_keeps_the_second_rows_aside_and_pauses(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    with pytest.raises(HasDuplicatesError) as caught:
        load_dump(meeting(tmp_path / "d", on_duplicate_logical="manual"), target)

    assert "2 row(s) met a row with the same key" in caught.value.message
    assert count(server, "s.t") == 3
    aside = query(server, "SELECT table_schema, table_name FROM dm_meta.dm_loader_conflict")
    assert aside == [("s", "t")] * 2


def test_many_shards_by_many_connections_lose_and_double_nothing(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    tables = [numbered(f"t_{shard}", 400) for shard in range(4)]  # the same keys in each
    config = load_config(write_dump(tmp_path / "d", *tables), routes=[ONE], pool_size=4)

    found = table_of(load_dump(config, target), "s.t")

    assert (found.rows, found.replaced, count(server, "s.t")) == (1600, 1200, 400)
    assert found.row_count == "passed"


# What does not fit together


def test_shards_whose_columns_differ_are_refused_by_name(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    dump = write_dump(
        tmp_path / "d",
        Table("t_0", rows=['(1,"a")']),
        Table("t_1", "(`id` bigint NOT NULL, `v` varchar(40), PRIMARY KEY (`id`))", rows=['(2,"b")']),
    )

    with pytest.raises(TargetError) as caught:
        load_dump(load_config(dump, routes=[ONE]), target)

    assert caught.value.message == (
        "s.t_0 and s.t_1 go into one table, but their columns differ: "
        "id is int NOT NULL in the first and bigint NOT NULL in the second"
    )
    assert not query(server, "SHOW DATABASES LIKE 's'")


def test_a_target_that_takes_both_is_used(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    dump = write_dump(
        tmp_path / "d",
        Table("t_0", rows=['(1,"a")']),
        Table("t_1", "(`v` varchar(40), `id` bigint NOT NULL, PRIMARY KEY (`id`))", rows=['("b",2)']),
    )
    query(server, "CREATE DATABASE s")
    query(server, "CREATE TABLE s.t (id bigint NOT NULL PRIMARY KEY, v varchar(40))")

    load_dump(load_config(dump, routes=[ONE]), target)

    assert query(server, "SELECT id, v FROM s.t ORDER BY id") == [(1, "a"), (2, "b")]


def test_columns_in_another_order_go_where_they_belong(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    other = "(`v` varchar(40), `id` int NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB"
    dump = write_dump(tmp_path / "d", Table("t_0", rows=['(1,"10")']), Table("t_1", other, rows=['("20",2)']))

    report = load_dump(load_config(dump, routes=[ONE]), target)

    assert query(server, "SELECT id, v FROM s.t ORDER BY id") == [(1, "10"), (2, "20")]
    assert table_of(report, "s.t").sent_as == "load data"


def test_other_keys_are_a_warning(target: TargetConfig, tmp_path: Path) -> None:
    other = "(`id` int NOT NULL, `v` varchar(40), PRIMARY KEY (`id`), KEY `v` (`v`)) ENGINE=InnoDB AUTO_INCREMENT=7"
    dump = write_dump(tmp_path / "d", Table("t_0", rows=['(1,"a")']), Table("t_1", other, rows=['(2,"b")']))
    config = load_config(dump, routes=[ONE])
    loader.prepare_checkpoint(run_of(config, target, loader.Worker("h")))

    summary = loader.create_tables(run_of(config, target))

    assert summary["warnings"] == ["s.t gets the keys and options of s.t_0; s.t_1 is defined in another way"]


def test_a_foreign_key_to_a_table_that_goes_elsewhere_is_refused(target: TargetConfig, tmp_path: Path) -> None:
    child = "(`id` int NOT NULL PRIMARY KEY, CONSTRAINT `f` FOREIGN KEY (`id`) REFERENCES `t_0` (`id`)) ENGINE=InnoDB"
    dump = write_dump(tmp_path / "d", Table("t_0", rows=['(1,"a")']), Table("child", child, rows=["(1)"]))

    with pytest.raises(TargetError, match=r"a foreign key refers to s\.t_0, which routes put into s\.t"):
        load_dump(load_config(dump, routes=[ONE]), target)


def test_a_foreign_key_within_a_schema_that_moves_as_a_whole_moves_along(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    child = "(`id` int NOT NULL PRIMARY KEY, CONSTRAINT `f` FOREIGN KEY (`id`) REFERENCES `p` (`id`)) ENGINE=InnoDB"
    dump = write_dump(tmp_path / "d", Table("p", rows=['(1,"a")']), Table("child", child, rows=["(1)"]))

    load_dump(load_config(dump, routes=[{"schema-pattern": "s", "target-schema": "moved"}]), target)

    sql = "SELECT unique_constraint_schema, referenced_table_name FROM information_schema.referential_constraints"
    assert query(server, f"{sql} WHERE constraint_schema = 'moved'") == [("moved", "p")]


def test_a_target_name_of_more_than_64_characters_is_refused(target: TargetConfig, tmp_path: Path) -> None:
    dump = shards(tmp_path / "d", t_0=['(1,"a")'])

    with pytest.raises(TargetError, match="has 65 characters"):
        load_dump(load_config(dump, routes=[ONE | {"target-table": "n" * 65}]), target)


# What rows take along


@pytest.mark.parametrize("load_data", [True, False])
def test_extractors_fill_their_column_on_both_ways(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path, load_data: bool
) -> None:
    query(server, "CREATE DATABASE s")
    query(server, f"CREATE TABLE s.t {WITH_SHARD.replace('PRIMARY', '`src` text, PRIMARY')}")
    dump = shards(tmp_path / "d", t_0=['(1,"a")', "(2,NULL)"], t_é=['(3,"),(")'])
    route = ONE | SHARD | {"extract-source": {"target-column": "src", "source-regexp": "(.*)-(.*)"}}

    report = load_dump(load_config(dump, routes=[route], load_data=load_data, source_id="a-b"), target)

    assert query(server, "SELECT * FROM s.t ORDER BY id") == [
        (1, "a", "0", "ab"),
        (2, None, "0", "ab"),
        (3, "),(", "é", "ab"),
    ]
    assert table_of(report, "s.t").sent_as == ("load data" if load_data else "statements")
    assert report.outcome == "clean"


def test_a_value_that_its_column_can_t_hold_is_an_error_on_both_ways(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    query(server, "CREATE DATABASE s")
    query(server, f"CREATE TABLE s.t {WITH_SHARD.replace('varchar(20)', 'varchar(2)')}")
    dump = shards(tmp_path / "d", t_long=['(1,"a")'])

    with pytest.raises(RowError) as caught:
        load_dump(load_config(dump, routes=[ONE | SHARD]), target)

    assert caught.value.errno == 1406
    assert count(server, "s.t") == 0


def test_a_row_that_is_kept_aside_has_what_it_took_along(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    query(server, "CREATE DATABASE s")
    query(server, f"CREATE TABLE s.t {WITH_SHARD}")
    config = load_config(shards(tmp_path / "d", **MEETING), routes=[ONE | SHARD], on_duplicate_logical="manual")

    with pytest.raises(HasDuplicatesError):
        load_dump(config, target)

    aside = query(server, "SELECT column_list, CONVERT(row_data USING utf8mb4) FROM dm_meta.dm_loader_conflict")
    query(server, "DELETE FROM s.t")
    for columns, row in aside:
        query(server, f"INSERT INTO s.t {columns} VALUES {row}")
    assert query(server, "SELECT COUNT(DISTINCT shard) FROM s.t") == [(1,)]


def test_a_column_that_nobody_creates_is_refused_before_anything_is(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    dump = shards(tmp_path / "d", t_0=['(1,"a")'])

    with pytest.raises(TargetError) as caught:
        load_dump(load_config(dump, routes=[ONE | SHARD]), target)
    assert caught.value.message == ("routes fill column 'shard', which the dump's CREATE TABLE of s.t_0 does not have")
    assert "Create s.t in the target" in caught.value.remedy

    query(server, "CREATE DATABASE s")
    query(server, f"CREATE TABLE s.t {WITH_KEY}")
    with pytest.raises(TargetError, match="lacks columns that routes fill"):
        load_dump(load_config(dump, routes=[ONE | SHARD]), target)


def test_a_column_that_the_rows_hold_is_refused(target: TargetConfig, tmp_path: Path) -> None:
    dump = write_dump(tmp_path / "d", Table("t_0", WITH_SHARD, rows=['(1,"a","x")']))

    with pytest.raises(TargetError, match=r"the rows of s\.t_0 hold it already"):
        load_dump(load_config(dump, routes=[ONE | SHARD]), target)


# What is left out


def test_what_is_filtered_is_not_created_not_loaded_and_counted(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    dump = write_dump(
        tmp_path / "d",
        Table("keep", rows=['(1,"a")']),
        Table("drop", rows=['(1,"b")']),
        Table("x", rows=['(1,"c")'], schema="other"),
        views={"v_keep": "SELECT `id` FROM `keep`", "v_drop": "SELECT `id` FROM `drop`"},
    )
    rules = {"ignore-dbs": ["other"], "ignore-tables": [{"db-name": "s", "tbl-name": "~drop$"}]}

    report = load_dump(load_config(dump, block_allow_list=rules), target)

    assert {name for (name,) in query(server, "SHOW TABLES FROM s")} == {"keep", "v_keep"}
    assert not query(server, "SHOW DATABASES LIKE 'other'")
    assert report.not_loaded == {
        "filtered databases": 1,
        "filtered tables": 2,
        "filtered views": 1,
        "filtered data files": 2,
    }
    assert (report.rows, [table.table for table in report.tables]) == (1, ["s.keep"])


def test_a_view_that_reads_from_a_filtered_table_says_what_to_do(target: TargetConfig, tmp_path: Path) -> None:
    views = {"a": "SELECT `id` FROM `v`", "v": "SELECT `id` FROM `t`", "w": "SELECT `id` FROM `u`"}
    dump = write_dump(tmp_path / "d", Table("t", rows=['(1,"a")']), Table("u"), views=views)
    config = load_config(dump, block_allow_list={"ignore-tables": [{"db-name": "s", "tbl-name": "t"}]})

    assert plan_dump(config, target).warnings == (
        "creating the view s.v fails if it reads from what is not loaded: s.t",
    )
    with pytest.raises(LoaderError) as caught:
        load_dump(config, target)

    assert (caught.value.errno, caught.value.table) == (1146, "s.v")
    assert "s.t'" in caught.value.message  # not that s.a waits for s.v
    assert "ignore-tables" in caught.value.remedy


def test_a_routed_view_is_left_out_and_reported(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    dump = write_dump(tmp_path / "d", Table("t", rows=['(1,"a")']), views={"v": "SELECT `id` FROM `t`"})

    report = load_dump(load_config(dump, routes=[{"schema-pattern": "s", "target-schema": "moved"}]), target)

    assert query(server, "SHOW TABLES FROM moved") == [("t",)]
    assert report.not_loaded == {"views that routes would move": 1}
    assert any("the view s.v is not created" in warning for warning in report.warnings)


def test_two_rules_for_a_table_are_refused_before_anything_is_stored(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    dump = shards(tmp_path / "d", t_0=['(1,"a")'])

    with pytest.raises(ConfigError, match="matches more than one rule") as caught:
        load_dump(load_config(dump, routes=[ONE, ONE | {"schema-pattern": "*"}]), target)

    assert caught.value.code == 20045
    assert not query(server, "SHOW DATABASES LIKE 'dm_meta'")


# Two sources of one task, each a load of its own, at the same time


def merge_two_sources(
    target: TargetConfig, tmp_path: Path, *, stands: Callable[[], bool] = lambda: False, **settings: Any
) -> list[LoadReport | BaseException]:
    """Both sources have the keys 1 to 300, by values of their own; the barrier is between them.

    ``stands``: one may have failed, and the other waits for it now, for as long as nobody stops it.
    """
    sources = ("one", "two")
    configs = [
        load_config(
            write_dump(tmp_path / source, *(_of_source(f"t_{shard}", source, shard) for shard in range(2))),
            source_id=source,
            sources=sources,
            routes=[ONE],
            **settings,
        )
        for source in sources
    ]
    stop = threading.Event()
    with ThreadPoolExecutor(len(configs)) as threads:
        futures = [threads.submit(load_soon, config, target, stop=stop) for config in configs]
        wait_until(lambda: all(each.done() for each in futures) or (any(each.done() for each in futures) and stands()))
        stop.set()
        return [future.exception() or future.result() for future in futures]


def _of_source(name: str, source: str, shard: int) -> Table:
    return Table(name, rows=[f'({key},"{source}")' for key in range(150 * shard, 150 * shard + 150)])


@pytest.mark.parametrize("policy", ["replace", "ignore", "manual"])
def test_two_sources_whose_keys_meet_leave_one_row_a_key(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path, policy: str
) -> None:
    reports = merge_two_sources(
        target, tmp_path, on_duplicate_logical=policy, on_conflict="accept", checksum="optional"
    )

    assert [report.status for report in reports if isinstance(report, LoadReport)] == ["finished"] * 2, reports
    tables = [table_of(report, "s.t") for report in reports if isinstance(report, LoadReport)]
    assert [table.rows for table in tables] == [300, 300]
    rows = query(server, "SELECT id, v FROM s.t")
    assert sorted(key for key, _ in rows) == list(range(300))
    assert {value for _, value in rows} <= {"one", "two"}
    met = {"replace": "replaced", "ignore": "ignored", "manual": "conflicts"}[policy]
    assert sum(getattr(table, met) for table in tables) == 300
    assert count(server, "dm_meta.dm_loader_conflict") == 300  # each that met another is kept


def test_two_sources_whose_keys_meet_fail_one_of_them_where_that_is_an_error(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    finished = "SELECT 1 FROM dm_meta.dm_loader_barrier WHERE state = 'finished'"
    found = merge_two_sources(
        target,
        tmp_path,
        stands=lambda: bool(query(server, finished)),
        on_duplicate_logical="error",
        wait_for_sources=True,
    )

    refused = [error for error in found if isinstance(error, RowError)]
    assert refused, found
    assert {(error.errno, error.table) for error in refused} == {(1062, "s.t")}
    assert not any(isinstance(report, LoadReport) for report in found)  # nobody goes on without the other
    assert count(server, "s.t") <= 300
