"""Whole loads of Parquet files: both ways store the same, exactly once, and what is wrong is told by its row."""

from __future__ import annotations

import datetime as dt
import hmac
import json
import signal
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.dump.inventory import read_inventory
from airflow_dm_loader.dump.storage import open_storage
from airflow_dm_loader.errors import ConfigError, DumpFormatError, RowError
from airflow_dm_loader.plan.planner import make_plan
from dev.private_mariadb import PrivateMariaDB
from tests.buckets import S3Server
from tests.dumps import WITH_KEY, WITHOUT_KEY, load_config
from tests.formats.json_lines.test_a_format_of_ones_own import run
from tests.parquet_dumps import ROWS, numbered, write_parquet
from tests.servers import AnyServer
from tests.tables import chunks, count, query

NOON = dt.datetime.fromisoformat("2024-07-01T12:00:00.250")
LEAP_DAY = dt.date(2024, 2, 29)
TEXT = "it's \\ a\ttab,\na line \0 and ü𝄞"
# column -> its type, the values in the file, and how the server shows them
COLUMNS: dict[str, tuple[str, pa.Array, list[Any]]] = {
    "a": ("int NOT NULL AUTO_INCREMENT PRIMARY KEY", pa.array([0, 1, 2]), [0, 1, 2]),
    "b": ("tinyint unsigned", pa.array([255, None, 0], pa.uint8()), [255, None, 0]),
    "c": ("bigint unsigned", pa.array([2**64 - 1, 0, None], pa.uint64()), [2**64 - 1, 0, None]),
    "d": ("tinyint(1)", pa.array([True, False, None]), [1, 0, None]),
    "e": ("bit(9)", pa.array([511, 0, None]), [b"\x01\xff", b"\0\0", None]),
    "f": (
        "decimal(38,10)",
        pa.array([Decimal("1E-10"), Decimal("-12345.5"), None], pa.decimal128(30, 10)),
        [Decimal("1E-10"), Decimal("-12345.5"), None],
    ),
    "g": ("double", pa.array([0.1, -1.5e-300, None]), [0.1, -1.5e-300, None]),
    "h": ("float", pa.array([0.5, 16.5, None], pa.float32()), [0.5, 16.5, None]),
    "i": ("varchar(60) CHARACTER SET utf8mb4", pa.array([TEXT, "", None]), [TEXT, "", None]),
    "j": ("varchar(20) CHARACTER SET latin1", pa.array(["ü\\N", "NULL", None]), ["ü\\N", "NULL", None]),
    "k": ("longblob", pa.array([bytes(range(256)), b"", None]), [bytes(range(256)), b"", None]),
    "l": ("date", pa.array([LEAP_DAY, dt.date(1000, 1, 1), None]), [LEAP_DAY, dt.date(1000, 1, 1), None]),
    "m": ("datetime(3)", pa.array([NOON, None, NOON], pa.timestamp("ns")), [NOON, None, NOON]),
    "n": ("timestamp(3) NULL", pa.array([NOON, None, NOON], pa.timestamp("us", "UTC")), [NOON, None, NOON]),
    "o": ("time(6)", pa.array([dt.time(23, 59, 59, 1), None, None]), [dt.timedelta(0, 86399, 1), None, None]),
    "p": ("enum('x','y')", pa.array(["y", None, "y"]).dictionary_encode(), ["y", None, "y"]),
    "q": ("json", pa.array(['{"k": "a\\nb"}', None, "[1]"]), ['{"k": "a\\nb"}', None, "[1]"]),
    "r": ("year", pa.array([1999, 0, None], pa.int16()), [1999, 0, None]),
    "s": ("int DEFAULT 7", pa.nulls(3), [None, None, None]),
}  # fmt: skip


def plan(folder: Path) -> None:
    make_plan(read_inventory(open_storage(str(folder)), require_finished=True), load_config(folder))


@pytest.mark.servers
@pytest.mark.parametrize("load_data", [True, False], ids=["load data", "statements"])
def test_each_type_is_stored_as_it_stands_in_the_file(
    load_data: bool, server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    create = "(" + ", ".join(f"`{name}` {kind}" for name, (kind, _, _) in COLUMNS.items()) + ", `u` int DEFAULT 9)"
    rows = pa.table({name: array for name, (_, array, _) in COLUMNS.items()})
    folder = write_parquet(tmp_path / "dump", {"t": (create, rows)}, row_group_size=2)

    # A zone that is not that of the file's instants: these do not depend on it.
    report = load_dump(load_config(folder, load_data=load_data, time_zone="+05:00"), target)

    assert report.outcome == "clean"
    assert "float_digits" not in {finding.kind for finding in report.findings}
    stored = query(server, "SELECT *, u FROM s.t ORDER BY a")
    zone = query(server, "SELECT TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), NOW())")[0][0]
    shown = {name: values for name, (_, _, values) in COLUMNS.items()}
    shown["n"] = [value and value + dt.timedelta(seconds=round(zone, -2)) for value in shown["n"]]
    for at, name in enumerate(COLUMNS):
        assert [row[at] for row in stored] == shown[name], name
    assert [row[-1] for row in stored] == [9, 9, 9]
    assert {table.sent_as for table in report.tables} == {"load data" if load_data else "statements"}


def test_each_row_is_loaded_once_though_the_loader_is_killed_between_row_groups_and_within(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    tables = {"plain": (WITHOUT_KEY, numbered(ROWS)), "keyed": (WITH_KEY, numbered(ROWS))}
    folder = write_parquet(tmp_path / "dump", tables)
    killed = run(folder, target, dies_at=5)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert chunks(server) > 0

    done = run(folder, target)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"outcome": "clean", "rows": 2 * ROWS}
    wanted = [(at, f"the row of number {at}") for at in range(ROWS)]
    for table in tables:
        assert query(server, f"SELECT id, v FROM s.{table} ORDER BY id") == wanted
    positions = query(server, "SELECT start_offset, end_offset FROM dm_meta.dm_loader_chunk")
    assert max(end for _, end in positions) == ROWS  # they are rows


def test_the_row_that_the_server_refuses_is_named_by_its_number(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    rows = pa.table({"id": pa.array([*range(150), 2**40]), "v": ["x"] * 151})
    folder = write_parquet(tmp_path / "dump", {"t": (WITH_KEY, rows)})

    with pytest.raises(RowError, match="row 151 of the file, in its row group 2") as caught:
        load_dump(load_config(folder), target)

    assert caught.value.file == "s.t.000000000.parquet"
    assert count(server, "s.t") <= 100  # its chunk was undone


def test_files_in_a_bucket_are_read_by_their_parts(
    s3: S3Server, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_parquet(tmp_path / "dump", {"t": (WITHOUT_KEY, numbered())}, compression="zstd")
    config = load_config(folder).model_copy(update={"dump_uri": s3.upload(folder)})

    report = load_dump(config, target, access=s3.access())

    assert (count(server, "s.t"), report.outcome) == (ROWS, "clean")


def test_several_files_of_a_table_in_the_names_that_spark_and_lightning_give(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_parquet(tmp_path / "dump", {"t": (WITH_KEY, numbered())})
    (folder / "s.t.000000000.parquet").unlink()
    for at, name in enumerate(("s.t.000000000.snappy.parquet", "s.t.000000001.parquet", "s.t.2.zstd.parquet")):
        pq.write_table(
            numbered().slice(at * 100, 100), folder / name, compression="zstd" if "zstd" in name else "snappy"
        )

    report = load_dump(load_config(folder), target)

    assert (count(server, "s.t"), report.outcome) == (ROWS, "clean")


def test_without_pyarrow_the_plan_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_parquet(tmp_path / "dump", {"t": (WITH_KEY, numbered(1))})
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigError, match="pyarrow, which is not installed") as caught:
        plan(folder)
    assert "pip install airflow-dm-loader[parquet]" in caught.value.remedy


def test_a_file_that_is_compressed_as_a_whole_is_refused_by_its_name(tmp_path: Path) -> None:
    folder = write_parquet(tmp_path / "dump", {"t": (WITH_KEY, numbered(1))})
    (folder / "s.t.000000000.parquet").rename(folder / "s.t.000000000.parquet.gz")
    with pytest.raises(DumpFormatError, match="compressed as a whole, with gzip"):
        plan(folder)


@pytest.mark.parametrize("load_data", [True, False], ids=["load data", "statements"])
def test_columns_are_masked_and_left_out_as_those_of_other_files_are(
    load_data: bool, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    rows = pa.table({"id": [1, 2], "a": ["x\ty", None], "b": ["it's", "me"], "c": pa.array([b"\xff", b"1"])})
    create = "(`id` int PRIMARY KEY, `a` char(64), `b` varchar(9), `c` blob)"
    folder = write_parquet(tmp_path / "dump", {"t": (create, rows)})
    key = "a key of 16 bytes"
    mask = [{"table": "t", "column": "a", "value": "sha2"}, {"table": "t", "column": "b", "value": "null"}]
    ignored = [{"table": "t", "columns": ["c"]}]

    config = load_config(folder, load_data=load_data, mask=mask, ignore_columns=ignored)
    load_dump(config, target, mask_key=key)

    digest = hmac.digest(key.encode(), b"x\ty", "sha256").hex()
    assert query(server, "SELECT * FROM s.t ORDER BY id") == [(1, digest, None, None), (2, None, None, None)]
