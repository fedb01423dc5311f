"""A load that adds columns to a table that exists, killed around the ALTER TABLE: it comes to the same end."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from dev.private_server import PrivateServer
from tests.dumps import Table, load_config, write_dump
from tests.faults.attempts import Attempt
from tests.faults.points import COLUMN_POINTS
from tests.faults.tally import tried
from tests.tables import query

CREATE = "(`id` int NOT NULL, `v` varchar(20) DEFAULT 'none', PRIMARY KEY (`id`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"


@pytest.mark.parametrize("point", COLUMN_POINTS)
def test_a_load_killed_around_an_alter_table_adds_each_column_once(
    point: str, server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    query(server, "CREATE DATABASE s")
    query(server, "CREATE TABLE s.t (id int NOT NULL PRIMARY KEY) ENGINE=InnoDB")
    query(server, "INSERT INTO s.t VALUES (100)")
    folder = write_dump(tmp_path / "dump", Table("t", CREATE, ['(1,"one")', '(2,"two")']))
    config = load_config(folder, on_existing_rows="append", on_schema_change="add_columns")

    with Attempt(config, target, point=point) as attempt:
        assert attempt.dies()
    tried(f"kill -9 {point}")
    report = load_dump(config, target)

    assert query(server, "SELECT id, v FROM s.t ORDER BY id") == [(1, "one"), (2, "two"), (100, "none")]
    (found,) = [one for one in report.findings if one.kind == "added_columns"]
    assert "ADD COLUMN `v` varchar(20)" in found.text
    assert report.outcome == "clean"
