"""What all that tries again has in common: the line in the log, and how the last error goes out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NoReturn

from tenacity import RetryCallState

from airflow_dm_loader.errors import RetriableError


def say_why(
    log: logging.Logger, what: str, show: Callable[[BaseException | None], BaseException | None] = lambda error: error
) -> Callable[[RetryCallState], None]:
    """Before a wait: the log says what failed, why, and how long we wait.

    Args:
        show: makes of the error what may be said of it.
    """

    def say(state: RetryCallState) -> None:
        error = show(state.outcome.exception() if state.outcome else None)
        wait = state.next_action.sleep if state.next_action else 0.0
        log.warning("try %d of %s failed, again in %.1f s: %s", state.attempt_number, what, wait, error)

    return say


def give_up(state: RetryCallState) -> NoReturn:
    """Raise the last error as it is, but marked: what calls us, and tries again too, must not begin all over."""
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, RetriableError)
    error.worth_another_try = False
    raise error
