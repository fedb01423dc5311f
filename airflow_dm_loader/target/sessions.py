"""Ends sessions of ours in the server: a running statement would go on there for as long as it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from airflow_dm_loader.errors import LoaderError
from airflow_dm_loader.logs import visible_log
from airflow_dm_loader.target.connection import Database

_log = visible_log(__name__)


def kill_sessions(open_database: Callable[[], Database], numbers: Iterable[int]) -> None:
    """KILL each session; one that has ended by itself, or a server that is away, is only logged."""
    try:
        with open_database() as db:
            for number in numbers:
                try:
                    db.execute(f"KILL {number}")
                except LoaderError as error:
                    _log.info("session %d had ended by itself: %s", number, error.message)
    except LoaderError as error:
        _log.warning("the server can't be reached to end our sessions there: %s", error)
