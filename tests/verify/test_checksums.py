"""CHECKSUM TABLE raises no false alarm where it is not stable, or where two servers mean different numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import ChecksumMismatchError
from airflow_dm_loader.target.capabilities import Flavour
from airflow_dm_loader.verify.checksums import flavour_of_dump
from dev.private_server import PrivateServer
from tests.dumps import Table, load_config, write_dump

METADATA = """# Started dump at: 2026-01-01 00:00:00
[config]
quote-character = BACKTICK
[source]
# executed_gtid_set = "{gtid}"
# SOURCE_LOG_FILE = "b.000001"
# SOURCE_LOG_POS = 4
[`s`.`t`]
real_table_name=t
rows = {rows}
data_checksum = {checksum}
# Finished dump at: 2026-01-01 00:00:01
"""
MARIADB, MYSQL = "0-7-28", "bd08c702-ec6f-11f1-81d1-02fc00000001:1-1819"


@pytest.mark.parametrize(
    ("gtid", "flavour"), [(MARIADB, Flavour.MARIADB), (MYSQL, Flavour.MYSQL), ("", None), ("(null)", None)]
)
def test_the_kind_of_server_by_its_gtid(gtid: str, flavour: Flavour | None) -> None:
    assert flavour_of_dump(gtid) is flavour


@pytest.mark.servers
@pytest.mark.parametrize(
    ("create", "rows", "gtid", "alarm"),
    [
        ("(`id` int NOT NULL, `a` int)", ["(1,NULL)", "(2,5)"], "", False),
        ("(`id` int NOT NULL, `a` int)", ["(1,4)", "(2,5)"], "", True),
        ("(`id` int NOT NULL, `a` varchar(9))", ["(1,NULL)", "(2,'5')"], "", True),
        ("(`id` int NOT NULL, `a` int AS (`id` + 1) STORED)", ["(1)"], "same", "on MySQL"),
        ("(`id` int NOT NULL, `a` int)", ["(1,NULL)"], "same", True),
    ],
)
def test_a_checksum_that_says_nothing_is_not_compared(
    create: str,
    rows: list[str],
    gtid: str,
    alarm: bool | str,
    server: PrivateServer,
    server_kind: str,
    target: TargetConfig,
    tmp_path: Path,
) -> None:
    mysql = "mysql" in server_kind
    if gtid == "same":
        gtid = MYSQL if mysql else MARIADB
    insert = "INSERT INTO `{table}` (`id`) VALUES" if "AS (" in create else "INSERT INTO `{table}` VALUES"
    metadata = METADATA.format(gtid=gtid, rows=len(rows), checksum=12345)
    table = Table("t", f"{create} ENGINE=InnoDB", rows, insert=insert)
    config = load_config(write_dump(tmp_path / "dump", table, metadata=metadata))

    if alarm is True or (alarm == "on MySQL" and mysql):
        with pytest.raises(ChecksumMismatchError, match="the dump says 12345"):
            load_dump(config, target)
        return
    report = load_dump(config, target)
    assert (report.outcome, report.tables[0].row_count, report.tables[0].checksum) == (
        "clean",
        "passed",
        "not_compared",
    )
    assert "CHECKSUM TABLE" in report.tables[0].remark
