"""Another try: the one place that decides about it.

A :class:`Strategy` says how often, after which waits, and after which errors; :class:`Attempts` carries one out. What
is tried again must be safe to repeat whole.

Each wait is at random, from the strategy's first up to what doubles with each try: many loads that met the same fault
must not come back at the same moment. The log says each time what failed, why, and how long we wait.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NoReturn, Protocol, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from airflow_dm_loader.errors import ConnectionLostError, LoaderError, LoadInterruptedError, LockedError, RetriableError
from airflow_dm_loader.hidden_values import without_values
from airflow_dm_loader.logs import visible_log

_log = visible_log(__name__)
_TICK_S = 0.1
_T = TypeVar("_T")
_Place = TypeVar("_Place")


@dataclass(frozen=True, slots=True)
class Strategy:
    """How often something is done again.

    Args:
        tries: how many in all.
        first_wait_s: the first wait, and the shortest.
        longest_wait_s: how long any wait can become.
        errors: after which ones; those that are marked as not worth another try are never among them.
        is_final: once given up, the error is marked: what calls this, and tries again too, must not begin all over.
    """

    tries: int
    first_wait_s: float
    longest_wait_s: float
    errors: type[Exception] = RetriableError
    is_final: bool = True

    def __contains__(self, error: BaseException | None) -> bool:
        """Whether it is tried again after this error."""
        return isinstance(error, self.errors) and getattr(error, "worth_another_try", True)


AT_SERVER = Strategy(10, 1.0, 300.0)
"""A chunk, an index, a whole phase: lost connections, locks, failovers, full disks. Waits some four minutes in all."""

AT_STORAGE = Strategy(7, 0.5, 15.0)
"""A request to where the dump lies. Some half a minute, beside what a storage's client library does by itself."""

TWO_AT_ONCE = Strategy(5, 0.1, 0.5, LockedError, is_final=False)
"""Of two loads that write the same rows at once, as when they begin, the server undoes one."""

BY_AIRFLOW = Strategy(4, 30.0, 600.0)
"""A task that has tried by itself to no avail. Airflow does it: see ``operators/retries.py``."""


class Clock(Protocol):
    """What waits go by. Threads share one."""

    def now_s(self) -> float:
        """Seconds since some moment; never less than before."""

    def sleep(self, seconds: float) -> None:
        """Come back after so long."""


class RealClock:
    """The machine's."""

    def now_s(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


REAL_CLOCK = RealClock()


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Attempts:
    """Does work again where that can help.

    Args:
        stop: once true, a wait ends with :class:`LoadInterruptedError`, and nothing is tried again.
        hide_values: log no value of a row, which a server's text may repeat.
        on_retry: called before each wait for another try.
    """

    stop: Callable[[], bool] = _never
    hide_values: bool = False
    clock: Clock = REAL_CLOCK
    on_retry: Callable[[], None] | None = None

    def run(self, what: str, work: Callable[[], _T], strategy: Strategy = AT_SERVER) -> _T:
        """What ``work`` returns, at whichever try; ``what`` is named in the log.

        Raises:
            Exception: the last error of ``work``, as it is, or the first one that another try can't help.
            LoadInterruptedError: ``stop`` came during a wait.
        """
        held = [work]

        def once() -> _T:
            return held[0]()

        retrying = Retrying(
            retry=retry_if_exception(strategy.__contains__),
            wait=wait_random_exponential(
                multiplier=strategy.first_wait_s, min=strategy.first_wait_s, max=strategy.longest_wait_s
            ),
            stop=lambda state: self.stop() or stop_after_attempt(strategy.tries)(state),
            before_sleep=lambda state: self._say(what, state),
            sleep=lambda seconds: self._sleep(what, seconds),
            retry_error_callback=lambda state: _give_up(state, strategy),
        )
        try:
            return retrying(once)
        finally:  # tenacity's state is a reference cycle: until a collection, it must not keep what the work holds
            held.clear()

    def at_any(self, places: Iterable[_Place], ask: Callable[[_Place], _T]) -> _T:
        """The same question at one place after the other, at once, until one is not out of reach.

        Raises:
            ConnectionLostError: none could be reached; what the first one said.
        """
        first: ConnectionLostError | None = None
        for place in places:
            try:
                return ask(place)
            except ConnectionLostError as error:
                first = first or error
        assert first is not None, "there must be a place"
        raise first from None

    def pause(self, seconds: float) -> bool:
        """Wait for so long, or until ``stop``; whether that came."""
        until = self.clock.now_s() + seconds
        while not self.stop():
            left = until - self.clock.now_s()
            if left <= 0:
                return False
            self.clock.sleep(min(left, _TICK_S))
        return True

    def _sleep(self, what: str, seconds: float) -> None:
        if self.pause(seconds):
            raise LoadInterruptedError(f"{what} was not tried again: the load ends")

    def _say(self, what: str, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if self.hide_values and isinstance(error, LoaderError):
            error = without_values(error)
        wait_s = state.next_action.sleep if state.next_action else 0.0
        if self.on_retry is not None:
            self.on_retry()
        _log.warning("try %d of %s failed, again in %.1f s: %s", state.attempt_number, what, wait_s, error)


PATIENT = Attempts()


def costs_only_a_look(error: Exception, *, is_last: bool = False) -> bool:
    """Whether what waits for something looks again after this error, at its own pace, though not after its last look.

    Also where it was marked: who reads the dump or asks a server has tried within that one look.
    """
    return isinstance(error, RetriableError) and not is_last


def _give_up(state: RetryCallState, strategy: Strategy) -> NoReturn:
    error = state.outcome.exception() if state.outcome else None
    assert error is not None
    if strategy.is_final and isinstance(error, RetriableError):
        error.worth_another_try = False
    raise error
