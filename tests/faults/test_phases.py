"""Each phase by itself over a network that breaks once: it is run again in the same task, as if nothing was."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_dm_loader import loader
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.coordination.base import BarrierState
from airflow_dm_loader.dump.storage import DumpStorage
from airflow_dm_loader.errors import ConnectionLostError
from airflow_dm_loader.loader import LoadPath, Outcome, Worker
from airflow_dm_loader.report import LoadReport
from dev.private_mariadb import PrivateMariaDB
from tests.clocks import FAST
from tests.dumps import Table, load_config, run_of, write_dump
from tests.faults.network import network
from tests.faults.proxy import Fault
from tests.faults.reference import FaultDump
from tests.faults.tally import rounds, tried
from tests.tables import count, one, query


def phases(folder: Path) -> Iterator[tuple[Callable[[TargetConfig], Any], int]]:
    """Each phase, and how many COMMITs it sends over its first connection at least."""
    config = load_config(folder, clean_dump_files=True)
    again = loader._repeat
    yield lambda target: again(loader.prepare_checkpoint, run_of(config, target, clock=FAST)), 1
    yield lambda target: again(loader.choose_path, run_of(config, target, clock=FAST)), 0
    yield lambda target: again(loader.arrive, run_of(config, target, clock=FAST), BarrierState.READY), 1
    yield lambda target: again(loader.create_tables, run_of(config, target, clock=FAST)), 1
    yield lambda target: again(loader.import_shares, run_of(config, target, clock=FAST)), 0
    yield lambda target: again(loader.run_import, run_of(config, target, clock=FAST)), 1
    yield lambda target: again(loader.build_indexes, run_of(config, target, clock=FAST)), 0
    yield lambda target: again(loader.verify, run_of(config, target, clock=FAST)), 1
    yield lambda target: again(loader.resolve_conflicts, run_of(config, target, clock=FAST), by_hand=False), 0
    yield lambda target: again(loader.analyze, run_of(config, target, clock=FAST)), 0
    yield lambda target: again(loader.finish, run_of(config, target, clock=FAST)), 1
    yield lambda target: again(loader.arrive, run_of(config, target, clock=FAST), BarrierState.FINISHED), 1
    yield lambda target: again(loader.clean_dump_files, run_of(config, target, clock=FAST)), 0


def load_with_faults(
    target: TargetConfig, folder: Path, fault: Callable[[int], Fault | None]
) -> tuple[list[Any], list[str]]:
    """All phases, each with a fault in its first connection, made of its number of COMMITs; results and faults."""
    results, happened = [], []
    for phase, commits in phases(folder):
        of_this_phase = fault(commits)
        with network(target, lambda number, first=of_this_phase: None if number else first) as (behind, faults):  # type: ignore[misc]
            results.append(phase(behind))
        assert bool(faults) == (of_this_phase is not None)
        happened += faults
    return results, happened


def assert_as_if_nothing_was(results: list[Any], server: PrivateMariaDB, dump: FaultDump, folder: Path) -> None:
    _, path, *_, outcome, resolved, analyzed, report, missing, cleaned = results
    assert path is LoadPath.LOAD
    assert isinstance(outcome, Outcome)
    assert (outcome.verdict, resolved.outcome_id) == ("clean", outcome.outcome_id)
    assert analyzed == {"tables": 3, "problems": {}}
    assert isinstance(report, LoadReport)
    assert (report.status, report.skipped, report.rows) == ("finished", False, dump.rows)
    assert missing == ()
    assert cleaned["warnings"] == []
    assert not folder.exists()
    assert one(server, "SELECT SUM(row_count) FROM dm_meta.dm_loader_chunk") == dump.rows
    dump.assert_arrived_once(server)


def test_a_phase_whose_connection_is_cut_is_run_again(
    server: PrivateMariaDB, target: TargetConfig, dump: FaultDump, tmp_path: Path, chance: random.Random
) -> None:
    for at in range(rounds(2, 20)):
        query(server, "DROP DATABASE IF EXISTS s")
        query(server, "DROP DATABASE IF EXISTS dm_meta")
        folder = Path(shutil.copytree(dump.folder, tmp_path / f"dump-{at}"))

        results, happened = load_with_faults(
            target, folder, lambda _: Fault(cut_after_bytes=chance.choice([1, chance.randint(80, 300)]))
        )

        assert len(happened) == 13
        assert_as_if_nothing_was(results, server, dump, folder)


def test_a_phase_whose_answer_to_commit_is_lost_is_run_again(
    server: PrivateMariaDB, target: TargetConfig, dump: FaultDump, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(dump.folder, tmp_path / "dump"))

    results, happened = load_with_faults(
        target, folder, lambda commits: Fault(drop_answer_to_commit=1) if commits else None
    )

    assert happened == ["answer to COMMIT dropped"] * 7
    assert_as_if_nothing_was(results, server, dump, folder)


def test_remove_meta_whose_answer_to_commit_is_lost_forgets_once(
    server: PrivateMariaDB, target: TargetConfig, dump: FaultDump
) -> None:
    config = load_config(dump.folder, remove_meta=True)
    loader.prepare_checkpoint(run_of(config, target, Worker("here", run_id="run-0")))

    with network(target, lambda number: None if number else Fault(drop_answer_to_commit=1)) as (behind, happened):
        prepared = loader._repeat(loader.prepare_checkpoint, run_of(config, behind, clock=FAST))

    assert happened == ["answer to COMMIT dropped"]
    assert prepared["status"] == "init"
    assert one(server, "SELECT COUNT(*) FROM dm_meta.dm_loader_load") == 1
    assert query(server, "SELECT run_id FROM dm_meta.dm_loader_event ORDER BY event_id") == [("run-1",)] * 2


def test_a_round_at_the_barrier_begins_although_the_try_that_should_begin_it_was_cut_off(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    """Between the load's registration and the word at the barrier."""
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']))
    both = ("north", "south")
    first = load_config(folder, source_id="north", sources=both)
    loader.prepare_checkpoint(run_of(first, target))
    with run_of(first, target).coordination() as barrier:
        for name in both:
            barrier.put(name, BarrierState.FINISHED)
    afresh = first.model_copy(update={"remove_meta": True})

    with network(target, lambda number: None if number else Fault(drop_answer_to_commit=1)) as (behind, happened):
        loader._repeat(loader.prepare_checkpoint, run_of(afresh, behind, Worker("here", run_id="run-2"), clock=FAST))

    assert happened == ["answer to COMMIT dropped"]
    with run_of(first, target).coordination() as barrier:
        assert barrier.states() == {"north": "not-ready", "south": "not-ready"}
    assert count(server, "dm_meta.dm_loader_barrier") == 2


def test_storage_that_is_away_for_a_moment_is_asked_again(
    server: PrivateMariaDB, target: TargetConfig, dump: FaultDump, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = load_config(dump.folder)
    list_files, asked = DumpStorage.list, 0

    def away_once(self: DumpStorage) -> Any:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise ConnectionLostError("the storage does not answer")
        return list_files(self)

    monkeypatch.setattr(DumpStorage, "list", away_once)

    assert loader._repeat(loader.prepare_checkpoint, run_of(config, target, clock=FAST))["status"] == "init"
    tried("storage away for a moment")
    assert one(server, "SELECT COUNT(*) FROM dm_meta.dm_loader_load") == 1
