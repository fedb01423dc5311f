from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from airflow_dm_loader.errors import (
    BarrierTimeoutError,
    ConnectionLostError,
    LoaderError,
    LoadInterruptedError,
    LockedError,
    RetriableError,
    RowError,
    TargetError,
)
from airflow_dm_loader.target import retries
from airflow_dm_loader.target.retries import retrying


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long it would have waited each time."""
    slept: list[float] = []
    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
        slept.append(seconds)

    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr(time, "monotonic", lambda: now)
    return slept


def failing(times: int, error: LoaderError) -> Callable[[], int]:
    """Fails so many times, then says how often it was called."""
    calls = 0

    def work() -> int:
        nonlocal calls
        calls += 1
        if calls <= times:
            raise error
        return calls

    return work


@pytest.mark.parametrize("kind", [RetriableError, ConnectionLostError, LockedError])
def test_what_can_succeed_later_is_tried_again_and_the_log_says_what_and_why(
    kind: type[LoaderError], waits: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    assert retrying("a chunk", lambda: False)(failing(2, kind("the server said so"))) == 3

    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    assert all("of a chunk failed, again in" in text and "the server said so" in text for text in caplog.messages)
    assert sum(waits) >= 2


@pytest.mark.parametrize("error", [RowError("bad row"), TargetError("no such table"), ValueError("a bug")])
def test_what_fails_the_same_way_again_is_not_tried_again(error: LoaderError, waits: list[float]) -> None:
    with pytest.raises(type(error)) as caught:
        retrying("a chunk", lambda: False)(failing(1, error))

    assert caught.value is error
    assert waits == []


def test_it_gives_up_in_the_end_with_the_last_error(waits: list[float]) -> None:
    last = ConnectionLostError("gone for good")

    with pytest.raises(ConnectionLostError) as caught:
        retrying("a chunk", lambda: False)(failing(1000, last))

    assert caught.value is last
    assert 9 <= sum(waits) <= 9 * 300


def test_waits_grow_from_a_second_to_minutes_at_random(monkeypatch: pytest.MonkeyPatch, waits: list[float]) -> None:
    """Many loads that met the same fault must not come back at the same moment."""
    monkeypatch.setattr(retries, "_TRIES", 30)
    totals = set()
    for _ in range(20):
        waits.clear()
        with pytest.raises(ConnectionLostError):
            retrying("a chunk", lambda: False)(failing(1000, ConnectionLostError("gone")))
        totals.add(round(sum(waits), 3))
    assert len(totals) > 1
    assert max(totals) <= 29 * 300
    assert min(totals) >= 29


def test_a_wait_ends_when_the_load_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "_SHORTEST_WAIT_S", 60.0)
    ending = threading.Event()
    threading.Timer(0.2, ending.set).start()
    started = time.monotonic()

    with pytest.raises(LoadInterruptedError):
        retrying("a chunk", ending.is_set)(failing(5, LockedError("busy")))

    assert time.monotonic() - started < 20


def test_nothing_is_tried_again_once_the_load_ends(waits: list[float]) -> None:
    with pytest.raises(LockedError):
        retrying("a chunk", lambda: True)(failing(5, LockedError("busy")))

    assert waits == []


def test_what_was_tried_up_to_its_bound_is_not_tried_all_over_by_a_caller(waits: list[float]) -> None:
    calls = 0

    def work() -> None:
        nonlocal calls
        calls += 1
        raise LockedError("busy")

    with pytest.raises(LockedError):
        retrying("a phase", lambda: False)(lambda: retrying("a chunk", lambda: False)(work))

    assert calls == 10


@pytest.mark.parametrize("kind", [LoadInterruptedError, BarrierTimeoutError])
def test_a_stop_and_a_wait_in_vain_are_not_tried_again_in_the_task(
    kind: type[RetriableError], waits: list[float]
) -> None:
    with pytest.raises(kind):
        retrying("a phase", lambda: False)(failing(1, kind("it ends")))

    assert waits == []
