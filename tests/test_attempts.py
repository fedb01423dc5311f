from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import NoReturn

import pytest

from airflow_dm_loader.attempts import (
    AT_SERVER,
    AT_STORAGE,
    BY_AIRFLOW,
    REAL_CLOCK,
    TWO_AT_ONCE,
    Attempts,
    Strategy,
    costs_only_a_look,
)
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
from tests.clocks import NotedClock

STRATEGIES = [AT_SERVER, AT_STORAGE, TWO_AT_ONCE, BY_AIRFLOW]


@pytest.fixture
def clock() -> NotedClock:
    return NotedClock()


@pytest.fixture
def attempts(clock: NotedClock) -> Attempts:
    return Attempts(clock=clock)


def failing(times: int, error: Exception) -> Callable[[], int]:
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
    kind: type[LoaderError], attempts: Attempts, clock: NotedClock, caplog: pytest.LogCaptureFixture
) -> None:
    assert attempts.run("a chunk", failing(2, kind("the server said so"))) == 3

    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    assert all("of a chunk failed, again in" in text and "the server said so" in text for text in caplog.messages)
    assert clock.now_s() >= 2


@pytest.mark.parametrize("error", [RowError("bad row"), TargetError("no such table"), ValueError("a bug")])
def test_what_fails_the_same_way_again_is_not_tried_again(
    error: Exception, attempts: Attempts, clock: NotedClock
) -> None:
    with pytest.raises(type(error)) as caught:
        attempts.run("a chunk", failing(1, error))

    assert caught.value is error
    assert clock.slept_s == 0


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_it_gives_up_in_the_end_with_the_last_error(
    strategy: Strategy, attempts: Attempts, clock: NotedClock, caplog: pytest.LogCaptureFixture
) -> None:
    last = LockedError("busy for good")

    with pytest.raises(LockedError) as caught:
        attempts.run("a chunk", failing(1000, last), strategy)

    assert caught.value is last
    waits = strategy.tries - 1
    assert len(caplog.messages) == waits
    assert waits * strategy.first_wait_s <= clock.now_s() + 1e-6
    assert clock.now_s() <= waits * strategy.longest_wait_s + 1e-6


def test_waits_grow_from_a_second_to_minutes_at_random() -> None:
    """Many loads that met the same fault must not come back at the same moment."""
    totals = set()
    for _ in range(20):
        clock = NotedClock()
        with pytest.raises(ConnectionLostError):
            Attempts(clock=clock).run(
                "a chunk", failing(1000, ConnectionLostError("gone")), replace(AT_SERVER, tries=30)
            )
        totals.add(round(clock.now_s(), 3))
    assert len(totals) > 1
    assert max(totals) <= 29 * 300
    assert min(totals) >= 29


def test_a_strategy_may_be_of_some_errors_only(attempts: Attempts, clock: NotedClock) -> None:
    with pytest.raises(ConnectionLostError):
        attempts.run("beginning", failing(1, ConnectionLostError("gone")), TWO_AT_ONCE)

    assert clock.slept_s == 0
    assert attempts.run("beginning", failing(4, LockedError("deadlock")), TWO_AT_ONCE) == 5


def test_a_wait_ends_when_the_load_does() -> None:
    ending = threading.Event()
    in_a_moment = threading.Timer(0.2, ending.set)  # from the wait on, however late that begins

    with pytest.raises(LoadInterruptedError, match="a chunk was not tried again"):
        Attempts(ending.is_set, clock=REAL_CLOCK, on_retry=in_a_moment.start).run(
            "a chunk", failing(5, LockedError("busy")), replace(AT_SERVER, first_wait_s=3600, longest_wait_s=3600)
        )


def test_nothing_is_tried_again_once_the_load_ends(clock: NotedClock) -> None:
    with pytest.raises(LockedError):
        Attempts(lambda: True, clock=clock).run("a chunk", failing(5, LockedError("busy")))

    assert clock.slept_s == 0


@pytest.mark.parametrize(("strategy", "calls"), [(AT_SERVER, 10), (AT_STORAGE, 7), (TWO_AT_ONCE, 50)])
def test_what_was_tried_up_to_its_bound_is_not_tried_all_over_by_a_caller(
    strategy: Strategy, calls: int, attempts: Attempts
) -> None:
    """But for two loads that begin at once: that bound is a matter of two seconds."""
    called = 0

    def work() -> NoReturn:
        nonlocal called
        called += 1
        raise LockedError("busy")

    with pytest.raises(LockedError):
        attempts.run("a phase", lambda: attempts.run("a part of it", work, strategy))

    assert called == calls


@pytest.mark.parametrize("kind", [LoadInterruptedError, BarrierTimeoutError])
def test_a_stop_and_a_wait_in_vain_are_not_tried_again_in_the_task(
    kind: type[RetriableError], attempts: Attempts, clock: NotedClock
) -> None:
    with pytest.raises(kind):
        attempts.run("a phase", failing(1, kind("it ends")))

    assert clock.slept_s == 0


def test_the_log_of_a_try_repeats_no_value_where_values_are_hidden(
    clock: NotedClock, caplog: pytest.LogCaptureFixture
) -> None:
    error = RetriableError("Duplicate entry 'ada@example.org' for key 'PRIMARY'", errno=1062)

    Attempts(hide_values=True, clock=clock).run("a chunk", failing(1, error))

    assert "Duplicate entry '(hidden)'" in caplog.text
    assert "ada@example.org" not in caplog.text
    assert "ada@example.org" in error.message  # who raised it may still look at it


def test_what_the_work_holds_is_let_go_of_when_it_is_done(attempts: Attempts) -> None:
    """A chunk's rows must not wait for a collection."""

    class Rows:
        pass

    rows = Rows()
    gone = weakref.ref(rows)
    work = [rows]
    del rows
    gc.disable()
    try:
        attempts.run("a chunk", lambda work=work: len(work))  # type: ignore[misc]
        work.clear()
        del work
        assert gone() is None
    finally:
        gc.enable()


def test_a_pause_says_whether_the_stop_came(clock: NotedClock) -> None:
    assert not Attempts(clock=clock).pause(5)
    assert round(clock.now_s(), 6) == 5
    assert Attempts(lambda: clock.now_s() > 7, clock=clock).pause(5)
    assert clock.now_s() < 7.2


def test_a_question_goes_to_the_first_place_that_can_be_reached(attempts: Attempts) -> None:
    asked = []

    def ask(place: str) -> str:
        asked.append(place)
        if place.startswith("away"):
            raise ConnectionLostError(f"{place} does not answer")
        return f"{place} says so"

    assert attempts.at_any(["away 1", "here", "there"], ask) == "here says so"
    assert asked == ["away 1", "here"]
    with pytest.raises(ConnectionLostError, match="away 1 does not answer"):
        attempts.at_any(["away 1", "away 2"], ask)


def test_what_a_place_says_is_not_asked_again_elsewhere(attempts: Attempts) -> None:
    with pytest.raises(TargetError):
        attempts.at_any(["here", "there"], lambda place: failing(1, TargetError(f"{place} refuses"))())


@pytest.mark.parametrize(
    ("error", "is_last", "goes_on"),
    [
        (ConnectionLostError("gone"), False, True),
        (ConnectionLostError("gone"), True, False),
        (LoadInterruptedError("tried to its bound"), False, True),  # is marked: the look itself was tried again
        (TargetError("no"), False, False),
        (ValueError("a bug"), False, False),
    ],
)
def test_what_waits_for_something_goes_on_after_a_look_that_later_works(
    error: Exception, is_last: bool, goes_on: bool
) -> None:
    assert costs_only_a_look(error, is_last=is_last) is goes_on


def test_the_real_clock_goes_on() -> None:
    before = REAL_CLOCK.now_s()
    REAL_CLOCK.sleep(0.01)
    assert REAL_CLOCK.now_s() >= before + 0.01
