"""Writes docs/errors.md from the code: the tree of errors, the server's numbers, and what people see.

    python -m dev.error_docs

``tests/bad_input`` checks the messages; with RECORD_MESSAGES=1 it writes them down anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from airflow_dm_loader import errors
from airflow_dm_loader.errors import DataError, FatalError, LoaderError, RetriableError
from airflow_dm_loader.server_errors import BY_ERRNO

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "errors.md"
MESSAGES = ROOT / "tests" / "bad_input" / "messages.json"

_HEAD = """\
# Errors

Made from the code by `python -m dev.error_docs`; do not edit.

Every error says its code, what went wrong, where (server's number, table, file, byte offset of the decoded file, the
statement's first bytes) and what to do. `code` is TiDB Data Migration's number wherever DM has one. The first level
says how to recover:

- **fatal**: a person must act; Airflow does not retry.
- **retriable**: the same will work later; retried inside the task, then by Airflow.
- **data**: this row or this file can't be loaded as it is; a person must act; Airflow does not retry.

What was committed stays in every case, in whole chunks, and the next try resumes behind it.

## Classes

A task's log links to the part of its error.
"""
_NUMBERS = """
## Numbers of the server

What becomes of an error number that a server or the driver gives. Any other number is told by the driver's class:
data and integrity errors are a `RowError`, internal ones are retriable, the rest is a `TargetError`.

| numbers | class | recovery | what to do |
|---|---|---|---|
"""
_SEEN = """
## What you see

The whole messages, from the tests that make them happen on a real server.
"""


def page() -> str:
    """The whole page."""
    return _HEAD + "".join(_classes(LoaderError)) + _NUMBERS + "".join(_numbers()) + _SEEN + "".join(_seen())


def _classes(root: type[LoaderError]) -> Iterator[str]:
    for kind in root.__subclasses__():
        if kind.__module__ != errors.__name__:
            continue
        if kind.__mro__[1] is not LoaderError:
            yield from _class(kind)
        yield from _classes(kind)


def _class(kind: type[LoaderError]) -> Iterator[str]:
    when = (kind.__doc__ or "").strip().partition("\n")[0].rstrip(".").replace("``", "`")
    code = "200xx" if kind is errors.ConfigError else kind.code
    yield f"\n### {kind.__name__}\n\n{code}, {_recovery(kind)}: {when[0].lower()}{when[1:]}.\n"
    yield f"\nWhat to do, where the error itself says no more: {kind.default_remedy}\n"
    if numbers := sorted(errno for errno, (found, _) in BY_ERRNO.items() if found is kind):
        yield f"\nThe server's numbers: {', '.join(map(str, numbers))}.\n"


def _numbers() -> Iterator[str]:
    groups: dict[tuple[type[LoaderError], str], list[int]] = {}
    for errno, (kind, remedy) in BY_ERRNO.items():
        groups.setdefault((kind, remedy or kind.default_remedy), []).append(errno)
    for (kind, remedy), numbers in groups.items():
        shown = ", ".join(map(str, sorted(numbers)))
        yield f"| {shown} | `{kind.__name__}` | {_recovery(kind)} | {_cell(remedy)} |\n"


def _seen() -> Iterator[str]:
    for what, message in sorted(json.loads(MESSAGES.read_text()).items(), key=lambda item: str(item[0]).lower()):
        parts = message.split(" | ")
        yield f"\n**{what}**\n\n```\n" + "\n| ".join(parts) + "\n```\n"


def _recovery(kind: type[LoaderError]) -> str:
    families: dict[type[LoaderError], str] = {FatalError: "fatal", RetriableError: "retriable", DataError: "data"}
    return next(word for family, word in families.items() if issubclass(kind, family))


def _cell(text: str) -> str:
    return text.replace("``", "`").replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page())
