"""What the server's warnings mean: a value that it changed on its way in, or nothing."""

from __future__ import annotations

import re

from airflow_dm_loader.formats.sending.into import split_into_clause
from airflow_dm_loader.target.connection import Database, Result

SHOWN_WARNINGS = 65535  # max_error_count's highest value: more can't be looked at one by one
# This spelling is deprecated; the value is what it was: N'x', _utf8'x', dates with other or more delimiters.
_HARMLESS = frozenset({1287, 1681, 3719, 3720, 3778, 4095, 4096})
_DATA_TRUNCATED = 1265
_TRUNCATED_COLUMN = re.compile(r"for column '(.+)' at row")  # the session speaks English, see base_session


def show_warnings(db: Database) -> list[tuple[int, str]]:
    """Number and text of the last statement's warnings, at most :data:`SHOWN_WARNINGS`."""
    return [(int(code), str(text)) for _, code, text in db.query("SHOW WARNINGS")]


def changed_value(db: Database, result: Result, into: bytes) -> tuple[int, str] | None:
    """The first warning that says that a value which we sent was changed or dropped; None: there is none.

    Args:
        into: `` `schema`.`table` (columns) `` of the statement.
    """
    if not result.warnings:
        return None
    shown = show_warnings(db)
    for code, text in shown:
        if code not in _HARMLESS and not _is_of_generated_column(code, text, into):
            return code, text
    if len(shown) < result.warnings:
        return 0, f"{result.warnings} warnings, of which the server shows {len(shown)}{_more(len(shown))}"
    return None


def _more(shown: int) -> str:
    return "" if shown >= SHOWN_WARNINGS else " (with the privilege SESSION_VARIABLES_ADMIN, MySQL would show more)"


def _is_of_generated_column(code: int, text: str, into: bytes) -> bool:
    """Whether the server only rounded a value that it computes itself: one that we never sent."""
    match = _TRUNCATED_COLUMN.search(text) if code == _DATA_TRUNCATED else None
    if match is None:
        return False
    name = re.escape(match[1].encode("utf-8", "surrogateescape"))
    return re.search(rb"(?<!\w)" + name + rb"(?!\w)", split_into_clause(into)[1]) is None
