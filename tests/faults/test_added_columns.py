"""A load that adds columns to a table that exists, killed around the ALTER TABLE: it comes to the same end."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.report import LoadReport
from dev.private_server import PrivateServer
from tests.dumps import Table, load_config, write_dump
from tests.faults.attempts import Attempt
from tests.faults.points import COLUMN_POINTS
from tests.faults.tally import tried
from tests.tables import query

CREATE = "(`id` int NOT NULL, `v` varchar(20) DEFAULT 'none', PRIMARY KEY (`id`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"


KILLED = COLUMN_POINTS.keys() - {"columns looked at"}


@pytest.mark.parametrize("point", sorted(KILLED))
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


def source(tmp_path: Path, name: str, number: int, create: str, **changes: object) -> LoadConfig:
    row = f'({number},"{number}")'
    folder = write_dump(tmp_path / name, Table("t", create, [row]))
    settings = {"on_existing_rows": "append", "on_schema_change": "add_columns", **changes}
    return load_config(folder, task_name="merge", source_id=name, **settings)


def test_two_sources_that_add_one_column_at_once_both_find_it_there(
    server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    query(server, "CREATE DATABASE s")
    query(server, "CREATE TABLE s.t (id int NOT NULL PRIMARY KEY) ENGINE=InnoDB")
    both = {"sources": ["north", "south"]}
    configs = [source(tmp_path, name, number, CREATE, **both) for number, name in enumerate(both["sources"], 1)]

    with ExitStack() as stack:
        attempts = [
            stack.enter_context(Attempt(config, target, point="columns looked at", nth=2, signal_number=signal.SIGSTOP))
            for config in configs
        ]
        for attempt in attempts:
            attempt.wait_until_frozen()
        for attempt in attempts:
            attempt.thaw()
        reports = [attempt.result() for attempt in attempts]
    tried("two sources that add one column at once")

    assert query(server, "SELECT id, v FROM s.t ORDER BY id") == [(1, "1"), (2, "2")]
    assert [report.outcome for report in reports if isinstance(report, LoadReport)] == ["clean", "clean"], reports


def test_a_column_that_another_source_added_meanwhile_must_fit(
    server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    query(server, "CREATE DATABASE s")
    query(server, "CREATE TABLE s.t (id int NOT NULL PRIMARY KEY) ENGINE=InnoDB")
    slow = source(tmp_path, "slow", 1, CREATE)
    fast = source(tmp_path, "fast", 2, CREATE.replace("`v` varchar(20) DEFAULT 'none'", "`v` int DEFAULT NULL"))

    with Attempt(slow, target, point="columns looked at", nth=2, signal_number=signal.SIGSTOP) as attempt:
        attempt.wait_until_frozen()
        load_dump(fast, target)
        attempt.thaw()
        said = attempt.result()

    assert "s.t" in str(said)
    assert "v is int" in str(said)
    assert query(server, "SELECT id, v FROM s.t") == [(2, 2)]
