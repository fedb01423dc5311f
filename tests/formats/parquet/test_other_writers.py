"""Parquet files that DuckDB and Spark wrote, in the names and folders that they give: each value as it was written."""

from __future__ import annotations

import datetime as dt
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import DumpFormatError
from tests.buckets import S3Server
from tests.dumps import load_config
from tests.faults.attempts import Attempt
from tests.servers import AnyServer
from tests.tables import query

FILES = Path(__file__).parents[2] / "data" / "parquet"
RULE = {"pattern": r"^(\w+)/(\w+)/(?:\w+=\w+/)?part-.*\.parquet$", "schema": "$1", "table": "$2", "type": "parquet"}
START = dt.datetime.fromisoformat("2024-07-01T12:00:00.250")
ROWS = 250
COLUMNS = (
    "(id int NOT NULL PRIMARY KEY, name varchar(60) CHARACTER SET utf8mb4, price decimal(12,2), ratio double, "
    "flag tinyint(1), day date, {moments} `raw` blob, {more} big bigint)"
)
SPARK = COLUMNS.format(moments="moment {kind} NULL,", more="")
DUCKDB = COLUMNS.format(
    moments="seen datetime(6), moment timestamp NULL,", more="small tinyint unsigned, kind varchar(1),"
)


def row(at: int) -> list[Any]:
    """What both have, but for the moments: DuckDB's moment has no fraction."""
    return [
        at,
        f'row {at} it\'s "x" é🙂' if at % 7 else None,
        Decimal(at * 125) / 100,
        at * 0.5,
        at % 2 == 0,
        dt.date(2024, 2, 29) + dt.timedelta(days=at),
        b"\0\xff\\" if at % 5 else None,
        at * 1000000007,
    ]


PLAIN = "SELECT id, name, price, ratio, flag, day, `raw`, big FROM {} ORDER BY id"


def check_rows(server: AnyServer, table: str) -> None:
    stored = [list(each) for each in query(server, PLAIN.format(table))]
    assert stored == [row(at) for at in range(ROWS)]


def moments(server: AnyServer, column: str, table: str) -> list[dt.datetime]:
    """As UTC's clock shows them."""
    return [value for (value,) in query(server, f"SELECT {column} FROM {table} ORDER BY id")]


@pytest.mark.servers
@pytest.mark.parametrize("load_data", [True, False], ids=["load data", "statements"])
def test_files_of_duckdb(load_data: bool, server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(FILES / "duckdb", tmp_path / "dump"))
    server.client(f"CREATE DATABASE s; CREATE TABLE s.t {DUCKDB}; CREATE TABLE s.z {DUCKDB}")

    report = load_dump(load_config(folder, require_finished_dump=False, load_data=load_data, files=[
        {"pattern": r"^(\w+)\.(\w+)\.\d+\.parquet$", "schema": "$1", "table": "$2", "type": "parquet"}
    ]), target)  # fmt: skip

    assert report.outcome == "clean"
    for table in ("s.t", "s.z"):
        check_rows(server, table)
        assert moments(server, "seen", table) == [START + dt.timedelta(seconds=at) for at in range(ROWS)]
        assert query(server, f"SELECT small, kind FROM {table} ORDER BY id") == [
            (at, "abc"[at % 3]) for at in range(ROWS)
        ]
        utc = "CONVERT_TZ(moment, @@session.time_zone, '+00:00')"
        assert moments(server, utc, table) == [
            START.replace(microsecond=0) + dt.timedelta(seconds=at) for at in range(ROWS)
        ]


@pytest.mark.servers
@pytest.mark.parametrize(("folder", "kind"), [("spark", "timestamp(6)"), ("spark-int96", "datetime(6)")])
def test_a_folder_that_spark_wrote(
    folder: str, kind: str, server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    dump = Path(shutil.copytree(FILES / folder / "shop" / "t", tmp_path / "dump" / "shop" / "t")).parents[1]
    server.client("CREATE DATABASE shop; CREATE TABLE shop.t " + SPARK.format(kind=kind))
    config = load_config(dump, require_finished_dump=False, files=[RULE], time_zone="+00:00")
    with Attempt(config, target, point="after the rows") as attempt:
        assert attempt.dies(), attempt.result()

    report = load_dump(config, target)

    assert report.outcome == "clean"
    check_rows(server, "shop.t")
    utc = "CONVERT_TZ(moment, @@session.time_zone, '+00:00')" if "timestamp" in kind else "moment"
    assert moments(server, utc, "shop.t") == [START + dt.timedelta(seconds=at) for at in range(ROWS)]


def test_a_folder_of_spark_in_a_bucket(s3: S3Server, server: AnyServer, target: TargetConfig) -> None:
    server.client("CREATE DATABASE shop; CREATE TABLE shop.t " + SPARK.format(kind="timestamp(6)"))
    for path in sorted((FILES / "spark" / "shop" / "t").iterdir()):
        s3.put(f"export/shop/t/{path.name}", path.read_bytes())
    config = load_config(Path("x"), require_finished_dump=False, files=[RULE]).changed(
        dump_uri=f"s3://{s3.bucket}/export"
    )

    report = load_dump(config, target, access=s3.access())

    assert report.outcome == "clean"
    check_rows(server, "shop.t")


def test_a_column_that_stands_in_the_names_of_folders_alone_is_told(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    dump = Path(shutil.copytree(FILES / "spark" / "shop" / "p", tmp_path / "dump" / "shop" / "p")).parents[1]
    server.client("CREATE DATABASE shop; CREATE TABLE shop.p " + SPARK.format(kind="timestamp(6)"))

    report = load_dump(load_config(dump, require_finished_dump=False, files=[RULE]), target)

    told = [finding.text for finding in report.findings if finding.kind == "missing_column"]
    assert any("`flag`" in text for text in told)
    assert query(server, "SELECT COUNT(*), COUNT(flag) FROM shop.p") == [(ROWS, 0)]


@pytest.mark.parametrize("kind", ["datetime(3)", "timestamp NULL"])
def test_a_moment_that_is_too_fine_for_its_column_is_refused_by_its_row(
    kind: str, server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    dump = Path(shutil.copytree(FILES / "spark-int96" / "shop" / "t", tmp_path / "dump" / "shop" / "t")).parents[1]
    server.client("CREATE DATABASE shop; CREATE TABLE shop.t " + SPARK.format(kind=kind))
    config = load_config(dump, require_finished_dump=False, files=[RULE], time_zone="+00:00")
    if kind == "timestamp NULL":
        with pytest.raises(DumpFormatError, match="row 1 of the file"):
            load_dump(config, target)
    else:
        assert load_dump(config, target).outcome == "clean"


def test_the_folders_of_an_export_of_aurora(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    """In the layout of a snapshot export; the files are Spark's, which that export is made by."""
    folder = tmp_path / "dump" / "shop" / "shop.t" / "1"
    folder.mkdir(parents=True)
    for at, path in enumerate(sorted((FILES / "spark" / "shop" / "t").glob("part-*"))):
        shutil.copyfile(path, folder / f"part-{at:05}-4a9c30c1-4219-414c-a414-7ddf1a1990b6.c000.gz.parquet")
    (folder / "_SUCCESS").touch()
    (tmp_path / "dump" / "export_info_shop.json").write_text("{}")
    (tmp_path / "dump" / "export_tables_info_shop_from_1_to_1.json").write_text("{}")
    server.client("CREATE DATABASE shop; CREATE TABLE shop.t " + SPARK.format(kind="timestamp(6)"))
    rule = {"pattern": r"^\w+/(\w+)\.(\w+)/\d+/part-.*\.parquet$", "schema": "$1", "table": "$2", "type": "parquet"}

    report = load_dump(load_config(tmp_path / "dump", require_finished_dump=False, files=[rule]), target)

    assert report.outcome == "clean"
    check_rows(server, "shop.t")
