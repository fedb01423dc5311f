"""An error as people read it: what, where, what to do, and the page that tells more. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from airflow_dm_loader.errors import LoaderError, visible
from airflow_dm_loader.logs import Lines

_WIDTH = (
    110  # characters of a line in the log of Airflow's UI, in a window of 1,440 pixels: what is longer is cut there
)


def error_block(error: LoaderError, page: str | None = None) -> Lines:
    """The error on a few lines, each of them one of its parts, so that none hides behind another.

    Args:
        page: where the error's page is; None: nobody knows.
    """
    parts = [f"[{error.code}] {visible(error.message)}"]
    if where := ", ".join(_place(error)):
        parts.append(f"Where: {where}")
    if error.statement is not None:
        parts.append(f"Statement: {visible(error.statement)}")
    parts.append(f"What to do: {visible(error.remedy)}")
    lines = [line for part in parts for line in _wrapped(part)]
    return Lines("\n".join(lines if page is None else [*lines, f"More: {page}"]))


def anchor(kind: type[LoaderError]) -> str:
    """The part of docs/errors.md that is about a class of errors: the nearest one that has a part there."""
    known = next(base for base in kind.__mro__ if base.__module__ == LoaderError.__module__)
    return known.__name__.lower()


def _wrapped(part: str) -> list[str]:
    return textwrap.wrap(part, _WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _place(error: LoaderError) -> Iterator[str]:
    if error.table is not None:
        yield f"table {visible(error.table)}"
    if error.file is not None:
        yield f"file {visible(error.file)}" + (f" at byte {error.offset:,}" if error.offset is not None else "")
    if error.errno is not None:
        yield f"server error {error.errno}"
