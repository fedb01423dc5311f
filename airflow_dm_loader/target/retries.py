"""Does work again that the server may well do later: lost connections, locks, failovers, full disks."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from airflow_dm_loader.errors import LoaderError, LoadInterruptedError, RetriableError
from airflow_dm_loader.hidden_values import without_values
from airflow_dm_loader.tries import give_up, say_why

_log = logging.getLogger(__name__)
_TRIES = 10  # about four minutes of waiting in all
_SHORTEST_WAIT_S = 1.0
_LONGEST_WAIT_S = 300.0
_TICK_S = 0.1


def retrying(what: str, is_ending: Callable[[], bool], *, hide_values: bool = False) -> Retrying:
    """Calls a function again for as long as it raises :class:`RetriableError`, up to a bound.

    The waits grow from 1 s to 5 min, at random within that; each time the log says what failed, why, and how long we
    wait. The last error is raised as it is, and marked: what calls us, and retries too, must not begin all over.

    Args:
        what: is named in the log.
        hide_values: log no value of a row, which the server's text may repeat.
        is_ending: once true, a wait ends with :class:`LoadInterruptedError`, and nothing is tried again.
    """

    def show(error: BaseException | None) -> BaseException | None:
        return without_values(error) if hide_values and isinstance(error, LoaderError) else error

    def sleep(seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if is_ending():
                raise LoadInterruptedError(f"{what} was not tried again: the load ends")
            time.sleep(min(left, _TICK_S))

    return Retrying(
        retry=retry_if_exception(lambda error: isinstance(error, RetriableError) and error.worth_another_try),
        wait=wait_random_exponential(multiplier=_SHORTEST_WAIT_S, min=_SHORTEST_WAIT_S, max=_LONGEST_WAIT_S),
        stop=lambda state: is_ending() or stop_after_attempt(_TRIES)(state),
        before_sleep=say_why(_log, what, show),
        sleep=sleep,
        retry_error_callback=give_up,
    )
