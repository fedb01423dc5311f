"""What a dump does not carry is said by name, with the rows that it concerns."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import ChecksumMismatchError, DumpFormatError
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import Table, load_config, write_dump
from tests.faults import global_variable
from tests.tables import one, query

NO_ZONE = "/*!40101 SET NAMES binary*/;\n/*!40014 SET FOREIGN_KEY_CHECKS=0*/;\n"
TIMES = "(`id` int NOT NULL, `ts` timestamp NULL DEFAULT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB"


@pytest.mark.parametrize(
    ("columns", "insert", "rows", "missing"),
    [
        ("`a` int, `größe` int DEFAULT 7", "(`a`)", ["(1)", "(2)"], ["größe"]),
        ("`a` int, `b` int INVISIBLE DEFAULT 7", "", ["(1)"], ["b"]),
        ("`a` int, `b` timestamp DEFAULT CURRENT_TIMESTAMP", "(`A`)", ["(1)"], ["b"]),
        ("`a` int, `k` bigint AUTO_INCREMENT KEY INVISIBLE", "(`a`)", ["(1)", "(2)", "(3)"], ["k"]),
        ("`a` int, `g` int AS (`a` + 1) STORED, `v` int AS (`a`) VIRTUAL", "(`a`)", ["(1)"], []),
        ("`a` int, `b` int", "(`b`,`a`)", ["(1,2)"], []),
    ],
)
@pytest.mark.parametrize("load_data", [True, False])
def test_columns_that_no_row_has_a_value_for(
    load_data: bool,
    columns: str,
    insert: str,
    rows: list[str],
    missing: list[str],
    server: PrivateMariaDB,
    target: TargetConfig,
    tmp_path: Path,
) -> None:
    table = Table("t", f"({columns}) ENGINE=InnoDB", rows, insert=f"INSERT INTO `{{table}}` {insert} VALUES")
    folder = write_dump(tmp_path / "dump", table)

    report = load_dump(load_config(folder, load_data=load_data), target)

    found = [(one.kind, one.table, one.rows) for one in report.findings]
    assert found == [("missing_column", "s.t", len(rows)) for _ in missing]
    assert all(f"`{name}`" in str(found) for name, found in zip(missing, report.warnings, strict=False))
    assert report.outcome == "clean"


def test_they_may_pause_the_load(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    table = Table("t", "(`a` int, `b` int DEFAULT 7)", ["(1)"], insert="INSERT INTO `{table}` (`a`) VALUES")
    folder = write_dump(tmp_path / "dump", table)

    with pytest.raises(ChecksumMismatchError, match="column `b`"):
        load_dump(load_config(folder, on_missing_columns="pause"), target)
    report = load_dump(load_config(folder, on_missing_columns="pause", on_conflict="accept"), target)

    assert report.accepted


def test_moments_of_a_file_without_a_zone_are_read_by_the_rule_of_the_targets(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    """Not by today's offset: a zone has summer and winter."""
    server.client(
        "INSERT IGNORE INTO mysql.time_zone (time_zone_id, use_leap_seconds) VALUES (7777, 'N');"
        "INSERT IGNORE INTO mysql.time_zone_name VALUES ('Test/Summer', 7777);"
        "INSERT IGNORE INTO mysql.time_zone_transition_type VALUES (7777, 0, 3600, 0, 'W'), (7777, 1, 7200, 1, 'S');"
        "INSERT IGNORE INTO mysql.time_zone_transition VALUES (7777, 1585443600, 1), (7777, 1603587600, 0);"
        "FLUSH TABLES;"
    )
    rows = ['(1,"2020-06-01 12:00:00")', '(2,"2020-12-01 12:00:00")']
    folder = write_dump(tmp_path / "dump", Table("t", TIMES, rows, head=NO_ZONE))

    with global_variable(server, "time_zone", "Test/Summer"):
        report = load_dump(load_config(folder), target)

    assert query(server, "SELECT id, UNIX_TIMESTAMP(ts) FROM s.t ORDER BY id") == [(1, 1591005600), (2, 1606820400)]
    assert [(found.kind, found.rows) for found in report.findings] == [("assumed_time_zone", 2)]
    assert "read in Test/Summer" in report.findings[0].text


def test_the_settings_zone_is_named_too(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", TIMES, ['(1,"2020-06-01 12:00:00")'], head=NO_ZONE))

    report = load_dump(load_config(folder, time_zone="+02:00"), target)

    assert one(server, "SELECT UNIX_TIMESTAMP(ts) FROM s.t") == 1591005600
    assert ["read in +02:00" in found.text for found in report.findings] == [True]


def test_a_zone_may_be_required(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    zone = "/*!40103 SET TIME_ZONE='+02:00' */;\n"
    times = Table("t", TIMES, ['(1,"2020-06-01 12:00:00")'], head=NO_ZONE + zone)
    folder = write_dump(tmp_path / "dump", times, Table("plain", rows=['(1,"a")'], head=NO_ZONE))

    report = load_dump(load_config(folder, time_zone="required"), target)
    assert (report.findings, one(server, "SELECT UNIX_TIMESTAMP(ts) FROM s.t")) == ((), 1591005600)

    bare = write_dump(tmp_path / "bare", Table("u", TIMES, ['(1,"2020-06-01 12:00:00")'], head=NO_ZONE))
    with pytest.raises(DumpFormatError, match="time_zone is required"):
        load_dump(load_config(bare, task_name="u", time_zone="required"), target)
