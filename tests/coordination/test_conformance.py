"""What every backend of coordination does, on each of them: a third one is added to ``conftest.py``."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from airflow_dm_loader import loader
from airflow_dm_loader.attempts import TWO_AT_ONCE, Attempts
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.coordination.base import Backend, BarrierState, Coordination, Holder, LoadTask
from airflow_dm_loader.errors import BarrierTimeoutError, WorkerNotMatchError
from airflow_dm_loader.loader import Worker
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.connection import Database
from dev.private_mariadb import PrivateMariaDB
from tests.clocks import FAST
from tests.dumps import WORKER, Table, load_config, load_soon, run_of, write_dump
from tests.tables import count
from tests.waiting import PATIENCE_S

BOTH = ("north", "south")
FORGIVING = Attempts(clock=FAST)
ELSEWHERE = Worker("elsewhere", dag_id="other_dag", run_id="run-9")
Opened = Callable[..., AbstractContextManager[Coordination]]


@pytest.fixture
def opened(backend: Backend, target: TargetConfig) -> Opened:
    """Opens the backend for a task, as a process of its own does."""

    @contextmanager
    def open_meta() -> Iterator[Meta]:
        with Database.open(target) as db:
            yield Meta(db, "dm_meta")

    return lambda name="merge", sources=BOTH: backend.open(LoadTask(name, sources), open_meta)


def source(folder: Path, name: str, **changes: object) -> LoadConfig:
    dump = folder / name
    if not dump.exists():
        write_dump(dump, Table("t", rows=['(1,"a")' if name == "north" else '(2,"b")']))
    return load_config(
        dump, task_name="merge", source_id=name, **{"sources": BOTH, "wait_for_sources": True, **changes}
    )


# The barrier


def test_who_has_not_spoken_is_missing(opened: Opened) -> None:
    with opened() as north:
        assert north.states() == {}
        for state in BarrierState:
            assert north.missing(state) == BOTH


def test_what_one_says_the_others_hear(opened: Opened) -> None:
    with opened() as north, opened() as south:
        assert south.states() == {}
        north.put("north", BarrierState.NOT_READY)
        assert south.states() == {"north": "not-ready"}
        north.put("north", BarrierState.READY)
        north.put("north", BarrierState.READY)
        assert south.states() == {"north": "ready"}
        assert south.missing(BarrierState.READY) == ("south",)


def test_who_has_finished_has_been_ready(opened: Opened) -> None:
    with opened() as north:
        north.put("north", BarrierState.READY)
        north.put("south", BarrierState.FINISHED)
        assert north.missing(BarrierState.READY) == ()
        assert north.missing(BarrierState.FINISHED) == ("north",)


def test_a_state_that_is_not_known_is_waited_for(opened: Opened) -> None:
    """A later version's, or another program's."""
    with opened() as north:
        assert north.missing_in({"north": "ready", "south": "paused"}, BarrierState.READY) == ("south",)


def test_many_sources_speak_at_once(opened: Opened) -> None:
    names = tuple(f"shard-{number}" for number in range(200))
    with opened("merge", names) as one:
        one.put_all(names, BarrierState.READY)
        assert one.states() == dict.fromkeys(names, "ready")
        assert one.missing(BarrierState.READY) == ()


def test_tasks_and_sources_of_like_names_are_told_apart(opened: Opened) -> None:
    tasks = {"a": ("b/c", "b", "ü", "B"), "a/b": ("c", "%", "_"), "A": ("b",), "a'\"`\\": ("b\n",)}
    for name, sources in tasks.items():
        with opened(name, sources) as task:
            assert task.states() == {}
            for number, source_id in enumerate(sources):
                assert task.holder(source_id) is None
                task.put(source_id, list(BarrierState)[number % 3])
                task.take_lock(source_id, Worker(f"{name} {source_id}".strip()))
    for name, sources in tasks.items():
        with opened(name, sources) as task:
            said = {source_id: list(BarrierState)[number % 3].value for number, source_id in enumerate(sources)}
            assert task.states() == said
            assert [str(task.holder(source_id)) for source_id in sources] == [
                repr(f"{name} {source_id}".strip()) for source_id in sources
            ]


def test_a_source_that_starts_afresh_is_not_ready_and_the_others_stay(opened: Opened) -> None:
    with opened() as north:
        north.put("north", BarrierState.FINISHED)
        north.put("south", BarrierState.READY)
        north.begin_round("north")
        assert north.states() == {"north": "not-ready", "south": "ready"}


def test_a_round_after_all_had_finished_begins_for_all(opened: Opened) -> None:
    with opened() as north:
        north.put_all(BOTH, BarrierState.FINISHED)
        north.begin_round("south")
        assert north.states() == dict.fromkeys(BOTH, "not-ready")
        assert not north.reset_finished()


def test_of_many_that_begin_a_round_at_once_nobody_puts_back_who_is_ready_in_it(opened: Opened) -> None:
    names = tuple(f"shard-{number}" for number in range(4))
    for _ in range(5):
        with opened("merge", names) as all_of_them:
            all_of_them.put_all(names, BarrierState.FINISHED)
        together = threading.Barrier(len(names))

        def begin(name: str, together: threading.Barrier = together) -> None:
            with opened("merge", names) as mine:
                mine.states()
                together.wait(PATIENCE_S)
                FORGIVING.run("a round", lambda: mine.begin_round(name), TWO_AT_ONCE)
                mine.put(name, BarrierState.READY)

        with ThreadPoolExecutor(len(names)) as pool:
            list(pool.map(begin, names))
        with opened("merge", names) as all_of_them:
            assert all_of_them.states() == dict.fromkeys(names, "ready")


# The lock


def test_the_last_one_to_take_the_lock_has_it_until_anybody_releases_it(opened: Opened) -> None:
    with opened() as here, opened() as there:
        assert there.holder("north") is None
        here.take_lock("north", WORKER)
        assert there.holder("north") in (Holder(WORKER.host, WORKER.dag_id, WORKER.run_id), Holder(WORKER.host))
        assert there.holder("south") is None
        there.take_lock("north", ELSEWHERE)
        there.take_lock("north", ELSEWHERE)
        found = here.holder("north")
        assert found is not None
        assert found.host == "elsewhere"
        here.release_lock("north")
        here.release_lock("north")
        assert there.holder("north") is None


def test_another_holder_is_another_host_whatever_its_run(opened: Opened) -> None:
    with opened() as task:
        assert task.other_holder("north", WORKER) is None
        task.take_lock("north", Worker(WORKER.host, dag_id="other_dag", run_id="run-9"))
        assert task.other_holder("north", WORKER) is None
        task.take_lock("north", ELSEWHERE)
        assert str(task.other_holder("north", WORKER)).startswith("'elsewhere'")


# Loads


def test_two_sources_wait_for_each_other_and_the_lock_goes_at_the_end(
    backend: Backend, opened: Opened, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    with ThreadPoolExecutor(2) as pool, opened() as meeting:
        north = pool.submit(load_soon, source(tmp_path, "north", clean_dump_files=True), target, coordination=backend)
        until(lambda: meeting.states() == {"north": "ready"}, north.done)
        with pytest.raises(TimeoutError):
            north.result(0.5)
        assert meeting.holder("north") is not None
        assert (tmp_path / "north").exists()
        assert count(server, "information_schema.tables WHERE table_schema = 's'") == 0
        south = pool.submit(load_soon, source(tmp_path, "south", clean_dump_files=True), target, coordination=backend)
        reports = [north.result(PATIENCE_S), south.result(PATIENCE_S)]
        assert meeting.states() == dict.fromkeys(BOTH, "finished")
        assert [meeting.holder(name) for name in BOTH] == [None, None]
    assert [report.status for report in reports] == ["finished", "finished"]
    assert count(server, "s.t") == 2
    assert not (tmp_path / "north").exists()


def until(holds: Callable[[], bool], ended: Callable[[], bool]) -> None:
    """As long as a busy machine needs, unless what it waits for has ended."""
    while not holds():
        assert not ended()
        threading.Event().wait(0.05)


def test_the_next_round_begins_with_a_new_dump(
    backend: Backend, opened: Opened, target: TargetConfig, tmp_path: Path
) -> None:
    config = source(tmp_path, "north", sources=())
    load_soon(config, target, coordination=backend)
    with opened("merge", ("north",)) as task:
        assert task.states() == {"north": "finished"}
        shutil.rmtree(tmp_path / "north")
        write_dump(tmp_path / "north", Table("t", rows=['(3,"c")', '(4,"d")']))
        assert loader.prepare_checkpoint(run_of(config, target, coordination=backend))["fresh"]
        assert task.states() == {"north": "not-ready"}


def test_a_load_that_is_taken_up_takes_back_nothing_that_was_said(
    backend: Backend, opened: Opened, target: TargetConfig, tmp_path: Path
) -> None:
    config = source(tmp_path, "north")
    loader.prepare_checkpoint(run_of(config, target, coordination=backend))
    with opened() as task:
        task.put("north", BarrierState.READY)
        loader.prepare_checkpoint(run_of(config, target, ELSEWHERE, coordination=backend))
        assert task.states() == {"north": "ready"}
        assert str(task.holder("north")).startswith("'elsewhere'")


def test_in_mode_all_the_lock_stays_as_in_dm(
    backend: Backend, opened: Opened, target: TargetConfig, tmp_path: Path
) -> None:
    load_soon(source(tmp_path, "north", sources=(), mode="all"), target, coordination=backend)
    with opened("merge", ("north",)) as task:
        assert task.holder("north") is not None


def test_who_has_not_the_dump_is_told_who_has_it(
    backend: Backend, opened: Opened, target: TargetConfig, tmp_path: Path
) -> None:
    config = load_config(tmp_path / "none", task_name="merge", source_id="north")
    with opened() as task:
        task.take_lock("north", ELSEWHERE)
        with pytest.raises(WorkerNotMatchError, match="is held by 'elsewhere'") as caught:
            loader.fetch_dump_metadata(run_of(config, target, coordination=backend))
        assert caught.value.code == 34017
        assert str(task.holder("north")).startswith("'elsewhere'")


def test_a_timeout_names_who_is_missing(backend: Backend, target: TargetConfig, tmp_path: Path) -> None:
    config = source(tmp_path, "north", barrier_timeout_s=60)
    with pytest.raises(BarrierTimeoutError, match=r"ready.*south") as caught:
        load_soon(config, target, coordination=backend)
    assert "north" not in caught.value.message
