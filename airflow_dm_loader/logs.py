"""The one door to the log: names, values and what servers said come through it with control characters as escapes.

A line that is written here is one line, and turns no colour and no direction, whatever a dump or a server made of it.
"""

from __future__ import annotations

import logging
from typing import Any

from airflow_dm_loader.errors import visible


class Lines(str):
    """A text of several lines that was made by us, and whose parts are visible: it is written as it stands."""

    __slots__ = ()


class VisibleLog:
    """A logger, the standard library's or structlog's, whose arguments are made visible."""

    def __init__(self, log: Any) -> None:
        self._log = log
        # Records name the place that wrote them, which is not here.
        self._more = {"stacklevel": 3} if isinstance(log, logging.Logger) else {}

    def debug(self, message: str, *args: object) -> None:
        self._write("debug", message, args)

    def info(self, message: str, *args: object) -> None:
        self._write("info", message, args)

    def warning(self, message: str, *args: object) -> None:
        self._write("warning", message, args)

    def error(self, message: str, *args: object) -> None:
        self._write("error", message, args)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    def _write(self, level: str, message: str, args: tuple[object, ...]) -> None:
        getattr(self._log, level)(message, *map(_shown, args), **self._more)


def visible_log(name: str) -> VisibleLog:
    """The logger of a module."""
    return VisibleLog(logging.getLogger(name))


def _shown(argument: object) -> object:
    """Numbers stay what they are, for ``%d``."""
    if argument is None or isinstance(argument, int | float | Lines):
        return argument
    return visible(str(argument))
