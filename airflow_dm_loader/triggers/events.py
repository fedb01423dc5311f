"""Errors on their way from a trigger to its task: an event holds JSON alone."""

from __future__ import annotations

from typing import Any

from airflow_dm_loader import errors
from airflow_dm_loader.errors import LoaderError, visible

_FIELDS = ("code", "message", "remedy", "file", "offset", "table", "errno", "statement")


def error_event(error: Exception) -> dict[str, Any]:
    """What a trigger's event says of an error: ``status``, ``message``, and for one of ours ``error``, whole."""
    event: dict[str, Any] = {"status": "error", "message": visible(str(error))}
    if isinstance(error, LoaderError):
        kind = next(base for base in type(error).__mro__ if base.__module__ == errors.__name__)
        event["error"] = {"kind": kind.__name__, **{name: getattr(error, name) for name in _FIELDS}}
    return event


def error_of(event: dict[str, Any]) -> LoaderError | None:
    """The error of such an event, as it was raised; None: it was none of ours."""
    told = event.get("error")
    if told is None:
        return None
    error: LoaderError = getattr(errors, told["kind"])(told["message"])
    vars(error).update({name: told[name] for name in _FIELDS})
    return error
