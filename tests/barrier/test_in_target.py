"""The barrier in the target's meta schema."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from airflow_dm_loader import load_dump, loader
from airflow_dm_loader.barrier import BarrierState
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.errors import BarrierTimeoutError
from airflow_dm_loader.loader import Worker
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import WORKER, Table, load_config, write_dump
from tests.tables import count

BOTH = ("north", "south")


def source(folder: Path, name: str, **changes: object) -> LoadConfig:
    row = '(1,"a")' if name == "north" else '(2,"b")'
    dump = folder / name
    if not dump.exists():
        write_dump(dump, Table("t", rows=[row]))
    return load_config(dump, source_id=name, sources=BOTH, **changes)


@pytest.fixture(autouse=True)
def quick_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "_BARRIER_POLL_S", 0.1)


def test_a_source_is_not_ready_once_it_is_prepared(target: TargetConfig, tmp_path: Path) -> None:
    loader.prepare_checkpoint(source(tmp_path, "north"), target, WORKER)

    with loader.open_barrier(source(tmp_path, "north"), target) as barrier:
        assert barrier.states() == {"north": "not-ready"}
        assert barrier.missing(BarrierState.READY) == BOTH


def test_who_has_finished_has_been_ready(target: TargetConfig, tmp_path: Path) -> None:
    loader.prepare_checkpoint(source(tmp_path, "north"), target, WORKER)
    with loader.open_barrier(source(tmp_path, "north"), target) as barrier:
        barrier.put("north", BarrierState.READY)
        barrier.put("south", BarrierState.FINISHED)

        assert barrier.missing(BarrierState.READY) == ()
        assert barrier.missing(BarrierState.FINISHED) == ("north",)


def test_what_one_says_the_other_hears(target: TargetConfig, tmp_path: Path) -> None:
    loader.prepare_checkpoint(source(tmp_path, "north"), target, WORKER)
    with (
        loader.open_barrier(source(tmp_path, "north"), target) as north,
        loader.open_barrier(source(tmp_path, "south"), target) as south,
    ):
        assert south.states() == {"north": "not-ready"}
        north.put("north", BarrierState.READY)
        assert south.states() == {"north": "ready"}


def test_tasks_do_not_hear_each_other(target: TargetConfig, tmp_path: Path) -> None:
    loader.prepare_checkpoint(source(tmp_path, "north"), target, WORKER)

    with loader.open_barrier(source(tmp_path, "north", task_name="another"), target) as barrier:
        assert barrier.states() == {}


def test_going_on_with_a_load_does_not_take_back_what_was_said(target: TargetConfig, tmp_path: Path) -> None:
    config = source(tmp_path, "north")
    loader.prepare_checkpoint(config, target, WORKER)
    with loader.open_barrier(config, target) as barrier:
        barrier.put("north", BarrierState.READY)

    loader.prepare_checkpoint(config, target, Worker("there", run_id="run-2"))

    with loader.open_barrier(config, target) as barrier:
        assert barrier.states() == {"north": "ready"}


def test_a_source_that_starts_afresh_is_not_ready_and_the_others_stay(target: TargetConfig, tmp_path: Path) -> None:
    for name in BOTH:
        loader.prepare_checkpoint(source(tmp_path, name), target, WORKER)
    with loader.open_barrier(source(tmp_path, "north"), target) as barrier:
        barrier.put("north", BarrierState.FINISHED)
        barrier.put("south", BarrierState.READY)

        loader.prepare_checkpoint(source(tmp_path, "north", remove_meta=True), target, Worker("h", run_id="run-2"))

        assert barrier.states() == {"north": "not-ready", "south": "ready"}


def test_a_round_after_all_had_finished_begins_for_all(target: TargetConfig, tmp_path: Path) -> None:
    for name in BOTH:
        loader.prepare_checkpoint(source(tmp_path, name), target, WORKER)
    with loader.open_barrier(source(tmp_path, "north"), target) as barrier:
        for name in BOTH:
            barrier.put(name, BarrierState.FINISHED)

        loader.prepare_checkpoint(source(tmp_path, "south", remove_meta=True), target, Worker("h", run_id="run-2"))

        assert barrier.states() == {"north": "not-ready", "south": "not-ready"}


def test_two_sources_wait_for_each_other(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        north = pool.submit(load_dump, source(tmp_path, "north"), target)
        with pytest.raises(TimeoutError):
            north.result(1)
        assert not north.done()
        south = pool.submit(load_dump, source(tmp_path, "south"), target)
        reports = [north.result(30), south.result(30)]

    assert [report.status for report in reports] == ["finished", "finished"]
    assert count(server, "s.t") == 2


def test_a_timeout_names_who_is_missing(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    began = time.monotonic()

    with pytest.raises(BarrierTimeoutError, match=r"ready.*south") as caught:
        load_dump(source(tmp_path, "north", barrier_timeout_s=1), target)

    assert "north" not in caught.value.message
    assert time.monotonic() - began < 10
