"""Of several attempts at one load, the outcome of the one that began last counts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_dm_loader import loader
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.loader import Worker
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import Table, import_all, load_config, run_of, write_dump
from tests.tables import one, query

EARLY, LATE = Worker("here", "dm_load", "run", 1), Worker("here", "dm_load", "run", 2)


@pytest.fixture
def config(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> Iterator[LoadConfig]:
    """A load whose rows are in."""
    loaded = load_config(write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")', '(2,"b")'])))
    import_all(loaded, target)
    loader.build_indexes(run_of(loaded, target))
    yield loaded
    assert one(server, "SELECT COUNT(DISTINCT outcome_id) = MAX(sequence) FROM dm_meta.dm_loader_outcome") == 1


def test_a_try_that_is_repeated_makes_one_outcome(
    server: PrivateMariaDB, target: TargetConfig, config: LoadConfig
) -> None:
    first = loader.verify(run_of(config, target, EARLY))
    query(server, "DELETE FROM s.t WHERE id = 1")  # it would find this, if it looked again

    assert loader.verify(run_of(config, target, EARLY)) == first


def test_the_next_try_makes_another_outcome(server: PrivateMariaDB, target: TargetConfig, config: LoadConfig) -> None:
    first = loader.verify(run_of(config, target, EARLY))
    query(server, "DELETE FROM s.t WHERE id = 1")

    second = loader.verify(run_of(config, target, LATE))

    assert (first.verdict, second.verdict) == ("clean", "checksum_differs")
    assert loader.current_outcome(run_of(config, target)) == second


def test_an_early_try_that_ends_last_keeps_the_outcome_of_the_later_one(
    server: PrivateMariaDB, target: TargetConfig, config: LoadConfig
) -> None:
    loader.take_turn(run_of(config, target, EARLY))
    late = loader.verify(run_of(config, target, LATE))
    query(server, "DELETE FROM s.t WHERE id = 1")

    assert loader.verify(run_of(config, target, EARLY)) == late
    assert one(server, "SELECT COUNT(*) FROM dm_meta.dm_loader_outcome") == 1


def test_an_early_try_that_ends_first_does_not_keep_the_later_one_from_its_outcome(
    server: PrivateMariaDB, target: TargetConfig, config: LoadConfig
) -> None:
    """A person mended the table, and cleared the task, while a try that had seen it before was still at it."""
    query(server, "DELETE FROM s.t WHERE id = 1")
    loader.take_turn(run_of(config, target, EARLY))
    loader.take_turn(run_of(config, target, LATE))
    assert loader.verify(run_of(config, target, EARLY)).verdict == "checksum_differs"
    query(server, "INSERT INTO s.t VALUES (1, 'a')")

    assert loader.verify(run_of(config, target, LATE)).verdict == "clean"
    assert loader.current_outcome(run_of(config, target)).verdict == "clean"
