"""What the heads of data files say becomes Lightning's one session, or the load is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.dump.inventory import read_inventory
from airflow_dm_loader.dump.storage import DumpStorage, open_storage
from airflow_dm_loader.engines.physical.configuration import table_filter
from airflow_dm_loader.engines.physical.data_files import RowSession, check_files, row_session
from airflow_dm_loader.errors import DumpFormatError
from airflow_dm_loader.plan.load_plan import LoadPlan
from airflow_dm_loader.plan.planner import make_plan
from tests.dumps import HEAD, Table, numbered, write_dump

LATIN1 = HEAD.replace("binary", "latin1")
TOKYO = HEAD.replace("+00:00", "+09:00")


def planned(folder: Path, *tables: Table, **settings: Any) -> tuple[LoadConfig, DumpStorage, LoadPlan]:
    write_dump(folder, *tables)
    config = LoadConfig(task_name="t", dump_uri=str(folder), import_mode="physical", **settings)
    storage = open_storage(config.what.dump_uri)
    return config, storage, make_plan(read_inventory(storage, require_finished=True), config)


def session(folder: Path, *tables: Table, **settings: Any) -> RowSession:
    config, storage, plan = planned(folder, *tables, **settings)
    return row_session(config, storage, plan.files, "+05:00")


def test_the_heads_time_zone_counts_and_the_users_counts_more(tmp_path: Path) -> None:
    rows = ('(1,"a")',)
    assert session(tmp_path / "a", Table("a", rows=rows)).time_zone == "+00:00"
    assert session(tmp_path / "b", Table("a", rows=rows, head=TOKYO), time_zone="UTC").time_zone == "UTC"
    assert session(tmp_path / "c", Table("a")).time_zone == "+05:00"


def test_strictness_is_always_on(tmp_path: Path) -> None:
    found = session(tmp_path / "a", Table("a", rows=('(1,"a")',)), sql_mode="ANSI").sql_mode
    assert {"ANSI", "STRICT_ALL_TABLES", "STRICT_TRANS_TABLES"} <= set(found.split(","))


def test_heads_that_differ_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DumpFormatError, match=r"than that of 's\.a\.sql'"):
        session(tmp_path / "a", Table("a", rows=('(1,"a")',)), Table("b", rows=('(1,"a")',), head=TOKYO))


def test_a_charset_other_than_utf8_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DumpFormatError, match="in latin1, and tidb-lightning reads UTF-8 alone"):
        session(tmp_path / "a", Table("a", rows=('(1,"a")',), head=LATIN1))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("s.a.sql.lz4", "compressed with lz4"),
        ("s.a.dat", "of this kind"),
        ("s.a.000000000.snappy.parquet", r"one of s\.a, by its name"),
        ("s.a.parquet.gz", "with gzip"),
        ("s.a.00000.00003.sql", r"one of s\.a, by its name"),
    ],
)
def test_a_file_that_lightning_would_leave_out_or_misread_is_refused(name: str, text: str, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "a", numbered("a", 3))
    (folder / "s.a.sql").rename(folder / name)
    config = LoadConfig(task_name="t", dump_uri=str(folder), import_mode="physical")
    plan = make_plan(read_inventory(open_storage(str(folder)), require_finished=True), config)
    with pytest.raises(DumpFormatError, match=text):
        check_files(plan.files)


def test_what_the_block_allow_list_leaves_is_named_and_nothing_where_it_leaves_all(tmp_path: Path) -> None:
    tables = (numbered("a", 3), numbered("b", 3))
    _, _, everything = planned(tmp_path / "a", *tables)
    assert table_filter(everything) == ()
    ignored = {"ignore-tables": [{"db-name": "s", "tbl-name": "b"}]}
    _, _, some = planned(tmp_path / "b", *tables, block_allow_list=ignored)
    assert table_filter(some) == ('"s"."a"',)
