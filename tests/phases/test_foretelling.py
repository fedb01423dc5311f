"""How long a load will take, as the dry run says it by the pace of the last load of its tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump, loader
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.phases.foretelling import duration
from airflow_dm_loader.progress.table_clock import Pace
from airflow_dm_loader.progress.words import describe_plan
from airflow_dm_loader.report import TablePlan
from airflow_dm_loader.state.history import Brought
from airflow_dm_loader.state.pace import Step
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import load_config, numbered, write_dump
from tests.tables import query

A, B = TableName("s", "a"), TableName("s", "b")
NOTHING: dict[Step, Pace | None] = dict.fromkeys(Step)


def config(**changes: object) -> LoadConfig:
    return LoadConfig(task_name="t", dump_uri="/d", **changes)


def plan(table: TableName, file_bytes: int, indexes: int = 0) -> TablePlan:
    name = ".".join(table)
    return TablePlan(table=name, sources=(name,), files=1, file_bytes=file_bytes, indexes_after_rows=indexes)


def brought(file_bytes: int, seconds: float) -> Brought:
    return Brought(1, "last", "x", 10, "2026-11-30 01:00:00", file_bytes, seconds)


def test_rows_take_as_long_for_each_byte_as_the_last_time_over_all_connections() -> None:
    tables = {A: plan(A, 2000), B: plan(B, 500)}
    known = {A: brought(1000, 40.0), B: brought(500, 20.0)}

    found = duration(config(pool_size=5, checksum="off"), tables, known, NOTHING)

    assert (found.rows_s, found.indexes_s, found.comparison_s, found.unknown) == (20.0, 0.0, 0.0, ())
    assert str(found) == "by the pace of the last load it takes about 20 seconds (rows 20 seconds)"


def test_what_is_not_known_is_left_out_and_said() -> None:
    tables = {A: plan(A, 1000, indexes=2), B: plan(B, 500)}

    found = duration(config(pool_size=1), tables, {A: brought(1000, 120.0)}, NOTHING)

    assert str(found) == (
        "by the pace of the last load it takes about 2 minutes (rows 2 minutes); not known, and left out: "
        "indexes, comparison, the rows of s.b"
    )
    nobody = duration(config(), tables, {}, NOTHING)
    assert (nobody.seconds, str(nobody)) == (None, "")


def test_indexes_and_the_comparison_go_by_their_own_pace() -> None:
    paces = {**NOTHING, Step.INDEXES: Pace(1e6, 1.0), Step.COMPARISON: Pace(1e6, 2.0)}

    found = duration(config(pool_size=1), {A: plan(A, 500_000, indexes=1)}, {A: brought(500_000, 3.0)}, paces)

    assert (found.rows_s, found.indexes_s, found.comparison_s) == pytest.approx((3.0, 4.0, 2.0))
    assert found.seconds == pytest.approx(9.0)


def test_the_dry_run_of_another_task_name_knows_it(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    first = load_config(write_dump(tmp_path / "monday", numbered("a", 100)), task_name="monday")
    second = load_config(write_dump(tmp_path / "tuesday", numbered("a", 200)), task_name="tuesday", pool_size=1)
    assert loader.plan_dump(second, target).duration == ""
    load_dump(first, target)
    query(server, "UPDATE dm_meta.dm_loader_brought SET seconds = 60, file_bytes = file_bytes / 2")
    query(server, "UPDATE dm_meta.dm_loader_pace SET seconds = 0.001 WHERE step = 'comparison'")

    found = loader.plan_dump(second, target)

    assert found.duration_s is not None
    assert 200 < found.duration_s < 300  # about four times as many bytes as are written down for a minute
    assert found.duration.startswith("by the pace of the last load it takes about 4 minutes")
    assert found.duration in describe_plan(found)
