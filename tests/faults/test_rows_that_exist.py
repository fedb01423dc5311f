"""kill -9 at each step of on_existing_rows=truncate and recreate: each happens once, and takes no row of the load."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import LoadConfig, TargetConfig
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import WITHOUT_KEY, Table, load_config, write_dump
from tests.faults.attempts import Attempt, short_timeouts
from tests.faults.points import CHUNK_POINTS, DROPPING_POINTS, EMPTYING_POINTS
from tests.faults.tally import tried
from tests.tables import ROWS_WRONG, count, one, query
from tests.waiting import PATIENCE_S

MERGE = [{"schema-pattern": "s*", "table-pattern": "k", "target-schema": "s", "target-table": "k"}]
ROWS = 400
STEPS = [("truncate", point) for point in EMPTYING_POINTS] + [("recreate", point) for point in DROPPING_POINTS]
COMMITTED = "after COMMIT, before the client knows"


def source(tmp_path: Path, number: int, action: str, **changes: object) -> LoadConfig:
    """One of two sources that fill s.k."""
    rows = [f'({at},"shard {number}, of which there are two")' for at in range(number * 1000, number * 1000 + ROWS)]
    table = Table("k", WITHOUT_KEY, rows, schema=f"s{number}", rows_per_statement=20)
    folder = write_dump(tmp_path / f"dump{number}", table)
    return load_config(
        folder, source_id=f"source-{number}", routes=MERGE, on_existing_rows=action, pool_size=1, **changes
    )


def hold_rows(server: PrivateMariaDB) -> None:
    query(server, "CREATE DATABASE s")
    query(server, "CREATE TABLE s.k (id int NOT NULL, v varchar(40), old int)")
    query(server, "INSERT INTO s.k VALUES " + ", ".join(f"({-at}, 'mine', 1)" for at in range(1, 51)))


def assert_each_row_once(server: PrivateMariaDB, rows: int, action: str) -> None:
    found = (count(server, "s.k"), one(server, "SELECT COUNT(DISTINCT id) FROM s.k WHERE id >= 0"))
    assert found == (rows, rows), ROWS_WRONG
    assert ("`old`" in str(query(server, "SHOW CREATE TABLE s.k")[0][1])) is (action == "truncate")
    assert query(server, "SELECT state FROM dm_meta.dm_loader_hold") in ([("done",)], [("",)])  # "": a later round's


@pytest.mark.parametrize(("action", "point"), STEPS)
@pytest.mark.parametrize("first", [0, 1], ids=["the killed one goes on first", "the other one goes on first"])
def test_two_sources_of_which_one_is_killed_at_a_step(
    first: int, action: str, point: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    hold_rows(server)
    configs = [source(tmp_path, number, action) for number in range(2)]
    with Attempt(configs[0], target, point=point) as attempt:
        assert attempt.dies()
    tried(f"kill -9 of the loader {point} ({action})")

    outcomes = [load_dump(configs[number], target).outcome for number in (first, 1 - first)]

    assert outcomes == ["clean", "clean"]
    assert_each_row_once(server, 2 * ROWS, action)


@pytest.mark.parametrize("action", ["truncate", "recreate"])
def test_once_a_chunk_is_committed_nothing_of_it_is_repeated(
    action: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    hold_rows(server)
    configs = [source(tmp_path, number, action) for number in range(2)]
    assert COMMITTED in CHUNK_POINTS
    with Attempt(configs[0], target, point=COMMITTED, nth=2) as attempt:
        assert attempt.dies()
    committed = count(server, "s.k")

    other, killed = load_dump(configs[1], target), load_dump(configs[0], target)

    assert 0 < committed < ROWS
    assert (other.outcome, killed.outcome, killed.rows_sent) == ("clean", "clean", ROWS - committed)
    assert_each_row_once(server, 2 * ROWS, action)


@pytest.mark.parametrize(
    ("action", "point"), [("truncate", "before rows are deleted"), ("recreate", "before the table is dropped")]
)
def test_one_that_is_frozen_before_it_acts_and_wakes_up_late_does_no_harm(
    action: str, point: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    hold_rows(server)
    configs = [source(tmp_path, number, action, session=short_timeouts(server)) for number in range(2)]
    with Attempt(configs[0], target, point=point, signal_number=signal.SIGSTOP) as attempt:
        attempt.wait_until_frozen()
        other = load_dump(configs[1], target)
        assert (other.outcome, count(server, "s.k")) == ("clean", ROWS)
        attempt.thaw()
        assert attempt.ends_within(PATIENCE_S)

    assert load_dump(configs[0], target).outcome == "clean"
    assert_each_row_once(server, 2 * ROWS, action)
