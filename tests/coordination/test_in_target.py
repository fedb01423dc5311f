"""The barrier in the target's meta schema."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import cast

import pytest

from airflow_dm_loader import loader
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.coordination.base import BarrierState, Coordination, LoadTask
from airflow_dm_loader.coordination.in_target import TargetCoordination
from airflow_dm_loader.loader import Worker
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.connection import Database
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import Table, load_config, run_of, write_dump
from tests.faults.importing import LOCK_LOOK_S, is_waiting_for_lock
from tests.waiting import PATIENCE_S, wait_until

BOTH = ("north", "south")


def source(folder: Path, name: str, **changes: object) -> LoadConfig:
    row = '(1,"a")' if name == "north" else '(2,"b")'
    dump = folder / name
    if not dump.exists():
        write_dump(dump, Table("t", rows=[row]))
    return load_config(dump, source_id=name, sources=BOTH, **changes)


def test_a_source_is_not_ready_once_it_is_prepared(target: TargetConfig, tmp_path: Path) -> None:
    loader.prepare_checkpoint(run_of(source(tmp_path, "north"), target))

    with run_of(source(tmp_path, "north"), target).coordination() as barrier:
        assert barrier.states() == {"north": "not-ready"}
        assert barrier.missing(BarrierState.READY) == BOTH


def test_a_source_that_starts_afresh_is_not_ready_and_the_others_stay(target: TargetConfig, tmp_path: Path) -> None:
    for name in BOTH:
        loader.prepare_checkpoint(run_of(source(tmp_path, name), target))
    with run_of(source(tmp_path, "north"), target).coordination() as barrier:
        barrier.put("north", BarrierState.FINISHED)
        barrier.put("south", BarrierState.READY)

        loader.prepare_checkpoint(
            run_of(source(tmp_path, "north", remove_meta=True), target, Worker("h", run_id="run-2"))
        )

        assert barrier.states() == {"north": "not-ready", "south": "ready"}


def test_a_round_after_all_had_finished_begins_for_all(target: TargetConfig, tmp_path: Path) -> None:
    for name in BOTH:
        loader.prepare_checkpoint(run_of(source(tmp_path, name), target))
    with run_of(source(tmp_path, "north"), target).coordination() as barrier:
        for name in BOTH:
            barrier.put(name, BarrierState.FINISHED)

        loader.prepare_checkpoint(
            run_of(source(tmp_path, "south", remove_meta=True), target, Worker("h", run_id="run-2"))
        )

        assert barrier.states() == {"north": "not-ready", "south": "not-ready"}


# Two sources that begin a new round at once


def begin(barrier: Coordination, name: str) -> None:
    """Begin a round, and be ready in it."""
    barrier.begin_round(name)
    barrier.put(name, BarrierState.READY)


@pytest.mark.parametrize("step", range(7))
def test_who_is_ready_in_the_new_round_is_not_put_back_by_another_that_begins_it(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path, step: int
) -> None:
    """South begins the round, and is ready, before each of north's calls, and after the last one."""
    for name in BOTH:
        loader.prepare_checkpoint(run_of(source(tmp_path, name), target))
    with (
        run_of(source(tmp_path, "south"), target).coordination() as south,
        Database.open(target) as db,
        ThreadPoolExecutor(1) as pool,
    ):
        south.put_all(BOTH, BarrierState.FINISHED)
        others: list[Future[None]] = []

        def meanwhile() -> None:
            others.append(pool.submit(begin, south, "south"))
            # It may be made to wait for north's commit.
            wait_until(lambda: others[0].done() or is_waiting_for_lock(server), every_s=LOCK_LOOK_S)

        meta = Meta(cast("Database", Stepwise(db, step, meanwhile)), "dm_meta")
        north = TargetCoordination(LoadTask("t", BOTH), meta)
        north.begin_round("north")
        assert bool(others) == (step < 6)  # a look and its end, a locking look, two rows, the end
        if not others:
            meanwhile()
        others[0].result(PATIENCE_S)
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
