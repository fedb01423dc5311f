"""What files are by the rules of ``files``."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.dump.data_formats import CSV, PARQUET, SQL, Compression
from airflow_dm_loader.dump.file_routing import route_files
from airflow_dm_loader.dump.filenames import DumpFileName, FileKind
from airflow_dm_loader.errors import ConfigError, DumpFormatError, DuplicateFileError
from airflow_dm_loader.rules.file_rules import FileRule


def rules_of(*rules: dict[str, Any]) -> tuple[FileRule, ...]:
    return LoadConfig(task_name="t", dump_uri="/dump", files=list(rules)).where.files


SPARK = {"pattern": r"^(\w+)/(\w+)/part-.*\.(csv|parquet)", "schema": "$1", "table": "$2", "type": "$3"}


def test_folders_of_spark_are_tables() -> None:
    names = ["shop/users/part-00010-x.csv.gz", "shop/users/part-00002-x.csv.gz", "shop/users/_SUCCESS",
             "shop/orders/part-0.snappy.parquet", "shop/users/.part-00002-x.csv.gz.crc"]  # fmt: skip
    assert route_files(names, rules_of(SPARK)).readings == {
        "shop/users/part-00002-x.csv.gz": DumpFileName(CSV, "shop", "users", (0,), Compression.GZIP),
        "shop/users/part-00010-x.csv.gz": DumpFileName(CSV, "shop", "users", (1,), Compression.GZIP),
        "shop/orders/part-0.snappy.parquet": DumpFileName(PARQUET, "shop", "orders", (0,), Compression.NONE),
    }


def test_the_first_rule_that_matches_counts() -> None:
    found = route_files(
        ["a/old.csv", "a/b.csv", "a/c.sql", "metadata", "s.t.sql", "d.sql"],
        rules_of(
            {"pattern": "old", "type": "ignore"},
            {"path": "a/b.csv", "schema": "s", "table": "b", "type": "CSV"},
            {"pattern": r"^a/(?P<name>.*)\.sql", "schema": "s", "table": "${name}_x", "type": "sql"},
            {"pattern": r"^d\.sql", "type": "mysqldump"},
            {"pattern": r"\.sql", "schema": "s", "type": "schema-schema"},
        ),
    )
    assert found.ignored == {"a/old.csv"}
    assert found.readings == {
        "a/b.csv": DumpFileName(CSV, "s", "b", (0,)),
        "a/c.sql": DumpFileName(SQL, "s", "c_x", (0,)),
        "s.t.sql": DumpFileName(FileKind.DATABASE_SCHEMA, "s"),
    }
    assert [(script.name, script.schema) for script in found.scripts] == [("d.sql", None)]


def test_a_key_orders_the_files_of_a_table_and_tells_them_apart() -> None:
    rule = {"pattern": r"(\d+)-(\w)\.csv", "schema": "s", "table": "t", "type": "csv", "key": "$1"}
    found = route_files(["10-a.csv", "9-b.csv", "100-c.csv"], rules_of(rule)).readings
    assert sorted(found, key=lambda name: found[name].part) == ["9-b.csv", "10-a.csv", "100-c.csv"]
    with pytest.raises(DuplicateFileError, match=r"are both the piece '10' of s\.t"):
        route_files(["10-a.csv", "10-b.csv"], rules_of(rule))


@pytest.mark.parametrize("name", ["x.csv", "a/b.sql.gz", "a/s.t-schema.sql", "a/metadata", "x.parquet", "x.TSV"])
def test_a_file_that_no_rule_matches_and_that_seems_to_hold_rows_is_refused(name: str) -> None:
    with pytest.raises(DumpFormatError, match="no rule of files matches it") as caught:
        route_files([name], rules_of(SPARK))
    assert "ignore" in caught.value.remedy


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"type": "csv", "schema": "s", "table": "t"}, "either a pattern or a path"),
        ({"pattern": "a", "path": "b", "type": "ignore"}, "either a pattern or a path"),
        ({"pattern": "(a", "type": "ignore"}, "no regular expression of RE2"),
        ({"pattern": "a", "type": "xml"}, "is no type of file"),
        ({"pattern": "a", "type": "csv", "schema": "s"}, "need a table"),
        ({"pattern": "a", "type": "csv", "table": "t"}, "need a schema"),
        ({"pattern": "a", "type": "sql", "schema": "s"}, "mysqldump"),
        ({"pattern": "a", "type": "table-schema", "schema": "s"}, "need a table"),
        ({"pattern": "a", "type": "schema-schema"}, "need a schema"),
        ({"pattern": "a", "type": "csv", "schema": "$1", "table": "t"}, r"names the group \$1"),
        ({"pattern": "(a)", "type": "csv", "schema": "$1", "table": "$2"}, r"names the group \$2"),
        ({"pattern": "(a)", "type": "csv", "schema": "s", "table": "$1_x"}, r"Write \$\{1\}_x"),
        ({"pattern": "(a)", "type": "csv", "schema": "s", "table": "$"}, r"write \$\$"),
        ({"path": "a", "type": "csv", "schema": "s", "table": "$1"}, "a path has no groups"),
        ({"pattern": "a", "type": "ignore", "compression": "rar"}, "is no compression"),
        ({"pattern": "a", "type": "ignore", "colour": "red"}, "no such key"),
    ],
)
def test_a_rule_that_can_not_be_used_is_refused_by_what_is_wrong(rule: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        rules_of(rule)


@pytest.mark.parametrize(
    ("rule", "name", "says"),
    [
        ({"pattern": r"(.*)\.(\w+)", "schema": "s", "table": "$1", "type": "$2"}, "a.xml", "the type 'xml'"),
        ({"pattern": r"(.*)\.csv", "schema": "s", "table": "$1", "type": "csv"}, ".csv", "makes no table"),
        ({"pattern": r"(x?)(.*)\.csv", "schema": "$1", "table": "$2", "type": "csv"}, "a.csv", "makes no schema"),
        ({"pattern": r"\.(\w+)", "schema": "s", "table": "t", "type": "csv", "compression": "$1"}, "a.rar", "'rar'"),
    ],
)
def test_what_a_rule_makes_of_a_path_must_be_something(rule: dict[str, Any], name: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        route_files([name], rules_of(rule))
    assert name in caught.value.message


@given(names=st.sets(st.from_regex(r"\A[a-c]{1,2}/(part-)?[0-9]{1,3}\.csv(\.gz)?\Z"), max_size=12), seed=st.randoms())
def test_the_order_of_the_listing_makes_no_difference(names: set[str], seed: Any) -> None:
    rules = rules_of({"pattern": r"^(\w+)/", "schema": "s", "table": "$1", "type": "csv"})
    shuffled = sorted(names)
    seed.shuffle(shuffled)
    found = route_files(shuffled, rules).readings
    assert found == route_files(sorted(names), rules).readings
    assert found.keys() == names
    parts = sorted((reading.table, reading.part) for reading in found.values())
    assert len(set(parts)) == len(parts)


def test_rules_are_stored_and_read_again() -> None:
    config = LoadConfig(task_name="t", dump_uri="/dump", files=[SPARK])
    assert LoadConfig.from_json(config.to_json()) == config


def test_a_checksum_of_hadoop_is_no_file_of_its_own() -> None:
    rules = [FileRule(pattern="part-", schema_="s", table="t", type="parquet")]
    routing = route_files(["s/part-0.parquet", "s/.part-0.parquet.crc", "s/.part-1.parquet.crc"], rules)
    assert routing.ignored == {"s/.part-0.parquet.crc"}
    assert set(routing.readings) == {"s/part-0.parquet", "s/.part-1.parquet.crc"}
