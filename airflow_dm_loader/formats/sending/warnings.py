"""What the server's warnings mean: a value that it changed on its way in, or nothing."""

from __future__ import annotations

import re

from airflow_dm_loader.formats.sending.into import split_into_clause
from airflow_dm_loader.target.answers import as_number, as_text
from airflow_dm_loader.target.connection import Database, Result
from airflow_dm_loader.target.creation_check import HARMLESS

SHOWN_WARNINGS = 65535  # max_error_count's highest value: more can't be looked at one by one
# A trigger's MyISAM table beside InnoDB's, a statement that is unsafe for a replica: no value is another for that.
_OF_NO_VALUE = HARMLESS | {1592, 6414}
# What a server says of a value that it computes and rounds; TiDB says 1366.
_ROUNDED = frozenset({1265, 1366})
_NAME = re.compile(r"`((?:[^`]|``)*+)`|([^\s,()`]++)")


def show_warnings(db: Database) -> list[tuple[int, str]]:
    """Number and text of the last statement's warnings, at most :data:`SHOWN_WARNINGS`."""
    return [(int(code), str(text)) for _, code, text in db.query("SHOW WARNINGS", shape=(as_text, as_number, as_text))]


def changed_value(db: Database, result: Result, into: bytes) -> tuple[int, str] | None:
    """The first warning that says that a value which we sent was changed or dropped; None: there is none.

    Args:
        into: `` `schema`.`table` (columns) `` of the statement.
    """
    if not result.warnings:
        return None
    shown = show_warnings(db)
    for code, text in shown:
        if code not in _OF_NO_VALUE and not _is_of_generated_column(code, text, into):
            return code, text
    if len(shown) < result.warnings:
        return 0, f"{result.warnings} warnings, of which the server shows {len(shown)}{_more(len(shown))}"
    return None


def _more(shown: int) -> str:
    return "" if shown >= SHOWN_WARNINGS else " (with the privilege SESSION_VARIABLES_ADMIN, MySQL would show more)"


def _is_of_generated_column(code: int, text: str, into: bytes) -> bool:
    """Whether the server only rounded a value that it computes itself: one that we never sent.

    The text may repeat a value that reads like another column's warning, so what counts is that it ends with the name
    of none that was sent. The session speaks English, see base_session.
    """
    of_column, _, row = text.rpartition("' at row ")
    if code not in _ROUNDED or "for column '" not in of_column or not row.isdigit():
        return False
    try:
        columns = split_into_clause(into)[1].decode("utf-8").lower()
    except UnicodeDecodeError:
        return False  # the names are in the file's charset, and the server's text is not
    names = [quoted.replace("``", "`") or plain for quoted, plain in _NAME.findall(columns)]
    return bool(names) and not any(of_column.lower().endswith(f"for column '{name}") for name in names)
