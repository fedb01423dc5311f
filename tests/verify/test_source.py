"""Two servers' tables by their aggregates: equal where their values are, whatever the servers make of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from airflow_dm_loader import load_dump, loader
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import ChecksumMismatchError, ConnectionLostError
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.target.capabilities import Flavour
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.verify.aggregate import READING_SESSION, ask_aggregate
from airflow_dm_loader.verify.column_forms import TableColumn, ask_columns, compared_columns
from airflow_dm_loader.verify.source import Source
from airflow_dm_loader.verify.tables import Compared
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import SAMPLES, WITH_KEY, Table, import_all, load_config, run_of, write_dump
from tests.engines.logical.random_tables import MODES, random_table
from tests.faults import global_variable
from tests.tables import load_by_client, query

Compare = Callable[..., Compared]
SCHEMA = "s"
JSON_LEFT_OUT = "not compared with the source: v: the servers write JSON differently"


def fill(server: PrivateMariaDB, create: str, rows: Sequence[str], *, table: str = "t") -> None:
    """``rows`` are ``(1,'a')``; the text is in utf8mb4."""
    script = (
        f"SET NAMES utf8mb4, time_zone='+03:00', sql_mode='{MODES}'; CREATE DATABASE IF NOT EXISTS {SCHEMA}; "
        f"USE {SCHEMA}; CREATE TABLE {table} {create};"
    )
    if rows:
        script += f"INSERT INTO {table} VALUES {','.join(rows)};"
    server.client(script.encode("utf-8", "surrogateescape"))


def config_of(server: PrivateMariaDB) -> TargetConfig:
    return TargetConfig(host=server.host, port=server.port, user=server.user, password=server.password)


@pytest.fixture
def compare(source: PrivateMariaDB, target: TargetConfig) -> Compare:
    """Compare the target's ``s.t`` with these tables of the source."""

    def run(*tables: str) -> Compared:
        sources = {TableName(SCHEMA, "t"): tuple(TableName(SCHEMA, table) for table in tables or ("t",))}
        with Source(config_of(source), sources).comparer(target, {}) as comparer:
            return comparer.compare(SCHEMA, "t")

    return run


ROWS = ["(1,'a'),(2,'Zo\u00eb'),(3,NULL),(4,''),(5,'b  ')"]


@pytest.mark.parametrize(
    ("there", "here"),
    [
        ("(id int, v varchar(40))", "(id int, v varchar(40)) ROW_FORMAT=COMPRESSED"),
        ("(id int, v varchar(40)) ENGINE=MyISAM", "(id int, v varchar(40))"),
        ("(id int, v varchar(40)) ENGINE=Aria", "(id int, v varchar(40)) ROW_FORMAT=DYNAMIC"),
        ("(id int, v varchar(40)) CHARSET latin1", "(id int, v varchar(40)) CHARSET utf8mb4 COLLATE utf8mb4_bin"),
        ("(id int, v varchar(40)) CHARSET ucs2", "(id int, v text) CHARSET utf8mb3"),
        ("(id int, v varchar(40))", "(id int, v varchar(40), KEY (v)) PARTITION BY HASH (id) PARTITIONS 3"),
        ("(id int, v varchar(40))", "(id bigint(20) unsigned zerofill, v mediumtext)"),
        ("(id int, v varchar(40))", "(id int, v varchar(40), g int AS (id + 1), more int DEFAULT 7 INVISIBLE)"),
        ("(id int, v varchar(40), g int AS (id + 1) STORED INVISIBLE)", "(id int, v varchar(40))"),
        ("(ID int, `V` varchar(40))", "(id int, v varchar(40))"),
    ],
)  # fmt: skip
def test_equal_values_are_equal_however_they_are_stored(
    there: str, here: str, source: PrivateMariaDB, server: PrivateMariaDB, compare: Compare
) -> None:
    fill(source, there, [])
    fill(server, here, [])
    for each in (source, server):
        each.client(f"SET NAMES utf8mb4; INSERT INTO s.t (id, v) VALUES {ROWS[0]}".encode())
    assert compare() == ("passed", "")


def test_the_order_of_rows_and_columns_does_not_matter(
    source: PrivateMariaDB, server: PrivateMariaDB, compare: Compare
) -> None:
    fill(source, "(a int, b int)", ["(1,2)", "(3,4)"])
    fill(server, "(b int, a int)", ["(4,3)", "(2,1)"])
    assert compare() == ("passed", "")


UUID = pytest.mark.only_on("mariadb", because="it alone has the type UUID")
DIFFERENT = [
    ("int", "1", "2"),
    ("int", "NULL", "0"),
    ("bigint unsigned", "18446744073709551615", "18446744073709551614"),
    ("decimal(65,30)", "0.000000000000000000000000000001", "0"),
    ("double", "0.1", "0.10000000000000002"),
    ("double", "1e300", "1.0000000000000002e300"),
    ("float", "0.1", "0.100001"),
    ("varchar(20)", "'a'", "'b'"),
    ("varchar(20)", "'a'", "'A'"),
    ("varchar(20)", "'a'", "'a '"),
    ("varchar(20)", "'e'", "'\u00e9'"),
    ("varchar(20)", "''", "NULL"),
    ("varchar(20)", "'NULL'", "NULL"),
    ("varchar(20)", "'0'", "''"),
    ("varchar(300)", "'a\\0'", "'a'"),
    ("char(5)", "'a'", "'b'"),
    ("text", "'a'", "'a\n'"),
    ("text", "''", "NULL"),
    ("binary(4)", "x'00'", "x'0001'"),
    ("varbinary(9)", "x'20'", "x'2020'"),
    ("blob", "x'ff'", "x'fe'"),
    ("bit(9)", "b'100000000'", "b'000000001'"),
    ("enum('a','b')", "'a'", "'b'"),
    ("set('a','b')", "'a'", "'a,b'"),
    ("date", "'2026-01-01'", "'0000-00-00'"),
    ("datetime(6)", "'2026-01-01 00:00:00.000001'", "'2026-01-01 00:00:00.000002'"),
    ("timestamp NULL", "'2026-01-01 00:00:00'", "'2026-01-01 00:00:01'"),
    ("time(3)", "'-00:00:00.001'", "'00:00:00.001'"),
    ("year", "2026", "1926"),
    ("json", "'{\"a\":1}'", "'{\"a\":2}'"),
    ("point", "POINT(1,2)", "POINT(2,1)"),
    ("uuid", "'00000000-0000-0000-0000-000000000001'", "'00000000-0000-0000-0000-000000000010'"),
    ("int INVISIBLE DEFAULT 1", "1", "2"),
]


@pytest.mark.parametrize(
    ("kind", "value", "other"),
    [pytest.param(*row, id=f"{row[0]} {row[2]}", marks=[UUID] if row[0] == "uuid" else []) for row in DIFFERENT],
)
def test_one_value_that_differs_is_found(
    kind: str, value: str, other: str, source: PrivateMariaDB, server: PrivateMariaDB, compare: Compare
) -> None:
    for each, here in ((source, value), (server, value), (server, other)):
        query(each, "DROP DATABASE IF EXISTS s")
        fill(each, f"(id int, v {kind}) CHARSET utf8mb4", [])
        each.client(f"SET NAMES utf8mb4, sql_mode='{MODES}'; INSERT INTO s.t (id, v) VALUES (1, {here})".encode())
        if each is server:
            left_out = kind == "json" and server.flavour != source.flavour
            assert (
                compare() == ("passed", JSON_LEFT_OUT)
                if left_out
                else compare()[0] == ("passed" if here is value else "differs")
            )


@pytest.mark.parametrize(
    ("rows", "others"),
    [
        (["(1,'a')", "(1,'a')"], ["(2,'b')", "(2,'b')"]),  # pairs, which cancel each other under XOR
        (["(1,'a')"], ["(1,'a')", "(1,'a')", "(1,'a')"]),
        (["(NULL,'1')"], ["(1,NULL)"]),
        (["(1,'a,b')"], ["(1,'a')"]),
        (["(1,'2')", "(3,'4')"], ["(1,'4')", "(3,'2')"]),
        ([], ["(NULL,NULL)"]),
        (["(1,NULL)", "(1,NULL)"], ["(NULL,'1')", "(NULL,'1')"]),
    ],
)
def test_rows_that_could_pass_for_others_are_told_apart(
    rows: list[str], others: list[str], source: PrivateMariaDB, server: PrivateMariaDB, compare: Compare
) -> None:
    fill(source, "(a int, b varchar(9))", rows)
    fill(server, "(a int, b varchar(9))", others)
    kind, remark = compare()
    assert kind == "differs"
    assert f"the table ({len(others)} rows, " in remark
    assert f"differs from the source's s.t ({len(rows)} rows, " in remark


def test_empty_tables_are_equal(source: PrivateMariaDB, server: PrivateMariaDB, compare: Compare) -> None:
    for each in (source, server):
        fill(each, "(a int, b text)", [])
    assert compare() == ("passed", "")


def test_a_table_is_compared_with_all_tables_that_went_there(
    source: PrivateMariaDB, server: PrivateMariaDB, compare: Compare
) -> None:
    fill(source, "(a int, b text)", ["(1,'a')", "(2,'b')"], table="t_1")
    fill(source, "(a int, b text)", ["(1,'a')"], table="t_2")
    fill(server, "(a int, b text)", ["(1,'a')", "(1,'a')", "(2,'b')"])
    assert compare("t_1", "t_2") == ("passed", "")
    kind, remark = compare("t_1")
    assert (kind, remark.count("2 rows")) == ("differs", 1)


@pytest.mark.parametrize(
    ("there", "here", "tables", "why"),
    [
        ("(a int)", "(a int)", ("t", "absent"), "it has no table s.absent"),
        ("(a int, b int)", "(a int)", ("t",), "the target lacks columns of it: b"),
        ("(a json)", "(a longtext)", ("t",), ""),
    ],
)
def test_what_can_t_be_compared_is_said(
    there: str,
    here: str,
    tables: tuple[str, ...],
    why: str,
    source: PrivateMariaDB,
    server: PrivateMariaDB,
    compare: Compare,
) -> None:
    fill(source, there, [])
    fill(server, here, [])
    kind, remark = compare(*tables)
    assert kind == ("not_compared" if why else "passed")
    assert why in remark


def test_rows_that_the_server_can_t_put_into_words_are_not_passed_over(
    source: PrivateMariaDB, server: PrivateMariaDB, compare: Compare
) -> None:
    columns = ",".join(f"c{at} varchar(64)" for at in range(40))
    row = ",".join(["'" + "\U0001f642" * 64 + "'"] * 40)
    for each in (source, server):
        fill(each, f"({columns}) CHARSET utf8mb4 ROW_FORMAT=DYNAMIC", [f"({row})"])
    assert compare() == ("passed", "")
    with global_variable(source, "max_allowed_packet", 16384):
        kind, remark = compare()
    assert (kind, "1 rows of s.t are longer than max_allowed_packet" in remark) == ("not_compared", True)


# -- servers that write values differently


def test_json_is_left_out_between_servers_that_write_it_differently() -> None:
    columns = (TableColumn("a", "int", "int"), TableColumn("j", "json", "json"))
    for flavours in [(Flavour.MYSQL, Flavour.TIDB), (Flavour.TIDB, Flavour.MYSQL)]:
        compared = compared_columns(columns, columns, flavours)
        assert [name for name, _ in compared.source] == ["a"]
        assert compared.left_out == ("j: the servers write JSON differently",)
    assert compared_columns(columns, columns, (Flavour.TIDB, Flavour.TIDB)).left_out == ()


FLOATS = (
    "0",
    "-0e0",
    "1",
    "-1.5",
    "0.1",
    "123456.789e-9",
    "1e15",
    "1e22",
    "-9.87654321e29",
    "1e-14",
    "3e-310",
    "1e300",
)


def test_floats_are_compared_with_tidb_by_their_digits(server: PrivateMariaDB, target: TargetConfig) -> None:
    rows = [f"({at},{value},{value if 'e-310' not in value and 'e300' not in value else 0})"
            for at, value in enumerate(FLOATS)]  # fmt: skip
    fill(server, "(id int, d double, f float)", rows)
    with Database.open(target, session=READING_SESSION) as db:
        columns = ask_columns(db, SCHEMA, "t")
        compared = compared_columns(columns, columns, (Flavour.MYSQL, Flavour.TIDB))
        before = ask_aggregate(db, SCHEMA, "t", compared.target)
        db.rollback()
        for at, value in enumerate(FLOATS[2:10], 2):
            query(server, "UPDATE s.t SET d = d * 1.00000000000001 WHERE id = %s", at)
            assert ask_aggregate(db, SCHEMA, "t", compared.target) != before, value
            db.rollback()
            query(server, f"UPDATE s.t SET d = {value} WHERE id = %s", at)
        query(server, "UPDATE s.t SET d = -d WHERE id >= 10")
        assert ask_aggregate(db, SCHEMA, "t", compared.target) != before


# -- random tables


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32))
def test_random_tables_are_equal_until_something_changes(
    seed: int, source: PrivateMariaDB, server: PrivateMariaDB, compare: Compare
) -> None:
    chance = random.Random(seed)
    differently_written = () if server.flavour == source.flavour else ("json",)
    table = random_table(chance, "t", server.flavour, without=differently_written)
    for each in (source, server):
        query(each, "DROP DATABASE IF EXISTS s")
        script = f"CREATE DATABASE s; USE s; SET NAMES utf8mb4; CREATE TABLE t {table.create};\n{table.data()}"
        each.client(script.encode("utf-8", "surrogateescape"))
    assert compare() == ("passed", "")
    query(server, "DELETE FROM s.t LIMIT 1")
    assert compare()[0] == "differs"


# -- a whole load


def test_a_load_is_compared_with_the_server_that_its_dump_was_made_of(
    source: PrivateMariaDB, server: PrivateMariaDB, target: TargetConfig
) -> None:
    folder = SAMPLES / "mydumper-0.10"
    load_by_client(source, folder)
    config = load_config(folder)

    report = load_dump(config, target, compare_with=config_of(source))

    assert {table.checksum for table in report.tables} == {"passed"}
    assert {table.remark for table in report.tables} == {""}
    assert len(report.tables) > 3
    query(server, "UPDATE shop.customers SET name = CONCAT(name, ' ') WHERE id = 7")

    outcome = loader.verify(loader.LoadRun.of(config, target, compare_with=config_of(source)))

    assert (outcome.verdict, outcome.code) == ("checksum_differs", 34021)
    (table,) = [table for table in outcome.tables if table.checksum == "differs"]
    assert (table.table, table.row_count) == ("shop.customers", "passed")
    assert table.remark.startswith("the table (")
    assert "differs from the source's shop.customers (" in table.remark
    with pytest.raises(ChecksumMismatchError, match=r"the source's shop\.customers"):
        loader.resolve_conflicts(run_of(config, target), by_hand=False)


@pytest.mark.parametrize(
    ("policy", "before", "why"),
    [
        ("replace", [], "1 of its rows met a row with the same key"),
        ("ignore", [], "1 of its rows met a row with the same key"),
        ("ignore", ["(7,'there before')"], "the table had rows before"),
    ],
)
def test_a_table_that_can_t_equal_its_source_is_not_compared_with_it(
    policy: str,
    before: list[str],
    why: str,
    source: PrivateMariaDB,
    server: PrivateMariaDB,
    target: TargetConfig,
    tmp_path: Path,
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")', '(1,"b")']))
    fill(source, "(id int, v varchar(40))", ["(1,'a')", "(1,'b')"])
    if before:
        fill(server, WITH_KEY, before)

    config = load_config(folder, on_duplicate_logical=policy, duplicates_within_dump="accept")
    report = load_dump(config, target, compare_with=config_of(source))

    assert (report.tables[0].checksum, report.outcome) == ("not_compared", "clean")
    assert report.tables[0].remark.endswith(f"not compared with the source: {why}")


def test_shards_that_routes_merge_are_compared_with_the_table_that_they_went_to(
    source: PrivateMariaDB, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    shards = [Table(f"t_{at}", rows=[f'({at},"of shard {at}")'], schema=f"s_{at}") for at in (1, 2)]
    folder = write_dump(tmp_path / "dump", *shards)
    load_by_client(source, folder)
    route = {
        "schema_pattern": "s_*",
        "table_pattern": "t_*",
        "target_schema": "s",
        "target_table": "t",
        "extract_table": {"table_regexp": "t_(.*)", "target_column": "shard"},
    }
    config = load_config(folder, routes=[route])
    fill(server, "(id int PRIMARY KEY, v varchar(40), shard varchar(9))", [])

    report = load_dump(config, target, compare_with=config_of(source))

    assert [(table.table, table.rows, table.checksum) for table in report.tables] == [("s.t", 2, "passed")]
    assert set(query(server, "SELECT id, shard FROM s.t")) == {(1, "1"), (2, "2")}
    query(source, "UPDATE s_2.t_2 SET v = 'other'")
    (table,) = loader.verify(loader.LoadRun.of(config, target, compare_with=config_of(source))).tables
    assert table.checksum == "differs"
    assert "differs from the source's s_1.t_1, s_2.t_2 (2 rows, " in table.remark


def test_a_source_that_is_away_is_tried_again_later(target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']))
    import_all(load_config(folder), target)
    nobody = TargetConfig(host="127.0.0.1", port=1, user="reader", password=SecretStr("s3cret"))
    with pytest.raises(ConnectionLostError) as caught:
        loader.verify(loader.LoadRun.of(load_config(folder), target, compare_with=nobody))
    assert "s3cret" not in str(caught.value)
