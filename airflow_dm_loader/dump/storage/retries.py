"""How often and how long a storage is tried again, within the task."""

from __future__ import annotations

import logging
import threading
import time

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from airflow_dm_loader.errors import LoadInterruptedError, RetriableError
from airflow_dm_loader.tries import give_up, say_why

_log = logging.getLogger(__name__)
_TRIES = 7  # about half a minute of waiting in all, beside what a client library does by itself
_SHORTEST_WAIT_S = 0.5
_LONGEST_WAIT_S = 15.0


def storage_retrying(what: str, stop: threading.Event | None) -> Retrying:
    """Calls a function again while it raises :class:`RetriableError`, up to a bound; then that is raised, marked.

    The mark keeps the phase, which tries again too, from beginning all over.

    Args:
        what: is named in the log.
        stop: once set, a wait ends with :class:`LoadInterruptedError`.
    """

    def sleep(seconds: float) -> None:
        if stop is None:
            time.sleep(seconds)
        elif stop.wait(seconds):
            raise LoadInterruptedError(f"{what} was not tried again: the load ends")

    return Retrying(
        retry=retry_if_exception_type(RetriableError),
        wait=wait_random_exponential(multiplier=_SHORTEST_WAIT_S, min=_SHORTEST_WAIT_S, max=_LONGEST_WAIT_S),
        stop=stop_after_attempt(_TRIES),
        before_sleep=say_why(_log, what),
        sleep=sleep,
        retry_error_callback=give_up,
    )
