"""Columns of tables that existed, which are computed or compared otherwise than in the dump, are findings by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.verify.definitions import _expression
from tests.dumps import Table, load_config, write_dump
from tests.servers import AnyServer
from tests.tables import query

DUMPED = (
    "(`id` int(11) NOT NULL, `v` varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, "
    "`n` int(11) GENERATED ALWAYS AS (`id` * 2 + 1) STORED, PRIMARY KEY (`id`)) ENGINE=InnoDB"
)
INSERT = "INSERT INTO `{table}` (`id`,`v`) VALUES"


@pytest.mark.servers
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("", "", ""),
        ("STORED", "VIRTUAL", ""),
        ("`id` * 2 + 1", "`id` * 3 + 1", "column n is computed as"),
        ("utf8mb4_bin", "utf8mb4_unicode_ci", "column v is compared by utf8mb4_unicode_ci, in the dump by utf8mb4_bin"),
    ],
)
def test_a_table_that_existed(
    old: str, new: str, said: str, server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    query(server, "CREATE DATABASE s")
    query(server, f"CREATE TABLE s.t {DUMPED.replace(old, new)}")
    folder = write_dump(tmp_path / "dump", Table("t", DUMPED, ['(1,"a")', '(2,"b")'], insert=INSERT))

    report = load_dump(load_config(folder), target)

    found = [str(finding) for finding in report.findings if finding.kind == "other_definition"]
    assert len(found) == (1 if said else 0)
    assert said in "".join(found)
    assert any(said in warning for warning in report.warnings) or not said


@pytest.mark.servers
def test_a_table_that_the_load_makes_is_the_dumps_own(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", DUMPED, ['(1,"a")', '(2,"b")'], insert=INSERT))

    report = load_dump(load_config(folder), target)

    assert (report.outcome, [found for found in report.findings if found.kind == "other_definition"]) == ("clean", [])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("int(11) GENERATED ALWAYS AS (`a` + 1) STORED", "int GENERATED ALWAYS AS ((`a` + 1)) VIRTUAL NOT NULL"),
        ("text AS (concat(`a`,_utf8mb4'x'))", "text GENERATED ALWAYS AS (CONCAT(`a`,'x')) VIRTUAL"),
    ],
)
def test_what_only_servers_write_otherwise_is_the_same(one: str, other: str) -> None:
    assert _expression(one) == _expression(other)
