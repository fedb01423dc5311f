"""The barrier in the target's meta schema."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import cast

import pytest

from airflow_dm_loader import loader
from airflow_dm_loader.barrier import Barrier, BarrierState
from airflow_dm_loader.barrier.in_target import TargetBarrier
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.errors import BarrierTimeoutError
from airflow_dm_loader.loader import Worker
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.connection import Database
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import Table, load_config, load_soon, run_of, write_dump
from tests.tables import count

BOTH = ("north", "south")


def source(folder: Path, name: str, **changes: object) -> LoadConfig:
    row = '(1,"a")' if name == "north" else '(2,"b")'
    dump = folder / name
    if not dump.exists():
        write_dump(dump, Table("t", rows=[row]))
    return load_config(dump, source_id=name, sources=BOTH, **changes)


def test_a_source_is_not_ready_once_it_is_prepared(target: TargetConfig, tmp_path: Path) -> None:
    loader.prepare_checkpoint(run_of(source(tmp_path, "north"), target))

    with loader.open_barrier(run_of(source(tmp_path, "north"), target)) as barrier:
        assert barrier.states() == {"north": "not-ready"}
        assert barrier.missing(BarrierState.READY) == BOTH


def test_who_has_finished_has_been_ready(target: TargetConfig, tmp_path: Path) -> None:
    loader.prepare_checkpoint(run_of(source(tmp_path, "north"), target))
    with loader.open_barrier(run_of(source(tmp_path, "north"), target)) as barrier:
        barrier.put("north", BarrierState.READY)
        barrier.put("south", BarrierState.FINISHED)

        assert barrier.missing(BarrierState.READY) == ()
        assert barrier.missing(BarrierState.FINISHED) == ("north",)


def test_what_one_says_the_other_hears(target: TargetConfig, tmp_path: Path) -> None:
    loader.prepare_checkpoint(run_of(source(tmp_path, "north"), target))
    with (
        loader.open_barrier(run_of(source(tmp_path, "north"), target)) as north,
        loader.open_barrier(run_of(source(tmp_path, "south"), target)) as south,
    ):
        assert south.states() == {"north": "not-ready"}
        north.put("north", BarrierState.READY)
        assert south.states() == {"north": "ready"}


def test_tasks_do_not_hear_each_other(target: TargetConfig, tmp_path: Path) -> None:
    loader.prepare_checkpoint(run_of(source(tmp_path, "north"), target))

    with loader.open_barrier(run_of(source(tmp_path, "north", task_name="another"), target)) as barrier:
        assert barrier.states() == {}


def test_going_on_with_a_load_does_not_take_back_what_was_said(target: TargetConfig, tmp_path: Path) -> None:
    config = source(tmp_path, "north")
    loader.prepare_checkpoint(run_of(config, target))
    with loader.open_barrier(run_of(config, target)) as barrier:
        barrier.put("north", BarrierState.READY)

    loader.prepare_checkpoint(run_of(config, target, Worker("there", run_id="run-2")))

    with loader.open_barrier(run_of(config, target)) as barrier:
        assert barrier.states() == {"north": "ready"}


def test_a_source_that_starts_afresh_is_not_ready_and_the_others_stay(target: TargetConfig, tmp_path: Path) -> None:
    for name in BOTH:
        loader.prepare_checkpoint(run_of(source(tmp_path, name), target))
    with loader.open_barrier(run_of(source(tmp_path, "north"), target)) as barrier:
        barrier.put("north", BarrierState.FINISHED)
        barrier.put("south", BarrierState.READY)

        loader.prepare_checkpoint(
            run_of(source(tmp_path, "north", remove_meta=True), target, Worker("h", run_id="run-2"))
        )

        assert barrier.states() == {"north": "not-ready", "south": "ready"}


def test_a_round_after_all_had_finished_begins_for_all(target: TargetConfig, tmp_path: Path) -> None:
    for name in BOTH:
        loader.prepare_checkpoint(run_of(source(tmp_path, name), target))
    with loader.open_barrier(run_of(source(tmp_path, "north"), target)) as barrier:
        for name in BOTH:
            barrier.put(name, BarrierState.FINISHED)

        loader.prepare_checkpoint(
            run_of(source(tmp_path, "south", remove_meta=True), target, Worker("h", run_id="run-2"))
        )

        assert barrier.states() == {"north": "not-ready", "south": "not-ready"}


# Two sources that begin a new round at once


def begin(barrier: Barrier, name: str) -> None:
    """Begin a round, and be ready in it."""
    barrier.begin_round(name)
    barrier.put(name, BarrierState.READY)


@pytest.mark.parametrize("step", range(7))
def test_who_is_ready_in_the_new_round_is_not_put_back_by_another_that_begins_it(
    target: TargetConfig, tmp_path: Path, step: int
) -> None:
    """South begins the round, and is ready, before each of north's calls, and after the last one."""
    for name in BOTH:
        loader.prepare_checkpoint(run_of(source(tmp_path, name), target))
    with (
        loader.open_barrier(run_of(source(tmp_path, "south"), target)) as south,
        Database.open(target) as db,
        ThreadPoolExecutor(1) as pool,
    ):
        south.put_all(BOTH, BarrierState.FINISHED)
        others: list[Future[None]] = []

        def meanwhile() -> None:
            others.append(pool.submit(begin, south, "south"))
            wait(others, 0.3)  # it may be made to wait for north's commit

        north = TargetBarrier(Meta(cast("Database", Stepwise(db, step, meanwhile)), "dm_meta"), "t", BOTH)
        north.begin_round("north")
        assert bool(others) == (step < 6)  # a look and its end, a locking look, two rows, the end
        if not others:
            meanwhile()
        others[0].result(10)
        assert south.states() == {"north": "not-ready", "south": "ready"}


class Stepwise:
    """A database before whose n-th call something else happens."""

    def __init__(self, db: Database, step: int, happens: Callable[[], None]) -> None:
        self._db = db
        self._step = step
        self._happens = happens
        self.calls = 0

    def __getattr__(self, name: str) -> object:
        if self.calls == self._step:
            self._happens()
        self.calls += 1
        return getattr(self._db, name)


def test_two_sources_wait_for_each_other(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        north = pool.submit(load_soon, source(tmp_path, "north"), target)
        with pytest.raises(TimeoutError):
            north.result(1)
        assert not north.done()
        south = pool.submit(load_soon, source(tmp_path, "south"), target)
        reports = [north.result(30), south.result(30)]

    assert [report.status for report in reports] == ["finished", "finished"]
    assert count(server, "s.t") == 2


def test_a_timeout_names_who_is_missing(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    with pytest.raises(BarrierTimeoutError, match=r"ready.*south") as caught:
        load_soon(source(tmp_path, "north", barrier_timeout_s=60), target)

    assert "north" not in caught.value.message
