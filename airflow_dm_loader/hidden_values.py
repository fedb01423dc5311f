"""Takes the values of rows out of errors, for ``hide_values``: what the dump holds may be nobody's business.

Only texts that are known to repeat no value are kept, and known forms whose value can be cut out; all else is left
out. Error number, file, byte offset and table always stay: with those, who may see the dump finds the row.
"""

from __future__ import annotations

import copy
import re

from airflow_dm_loader.errors import LoaderError, RowError
from airflow_dm_loader.server_errors import BY_ERRNO

_HIDDEN = "(hidden)"
# What these say of a row is its column or its place; those from 8157 on speak of the files and options of IMPORT INTO.
# What is no RowError speaks of no value, but for the last ones.
_WITHOUT_VALUES = frozenset({1048, 1136, 1153, 1216, 1261, 1262, 1263, 1264, 1265, 1364, 1406, 1416, 1451, 1452,
                             3819, 3854, 4025, 8025, 8157, 8158, 8159, 8163, 8164, 8165, 8166, 8170, 8171, 8173,
                             9500}) | {
    errno for errno, (kind, _) in BY_ERRNO.items() if not issubclass(kind, RowError) and errno not in {1054, 1064}
}  # fmt: skip
# Greedy: a value may hold quotes, and what follows it is taken from the end.
_FORMS = tuple(
    re.compile(form, re.DOTALL)
    for form in (
        r"(?P<before>Duplicate entry ').*(?P<after>' for key '[^']*'$)",
        r"(?P<before>(?:Truncated incorrect|Incorrect|Invalid|Illegal) [\w() ]{1,40}: ').*"
        r"(?P<after>' for column (?:'[^']*'|[^']*) at row \d+$)",
        r"(?P<before>(?:Truncated incorrect|Incorrect|Invalid|Illegal) [\w() ]{1,40}: ').*(?P<after>'$)",
        r"(?P<before>Table has no partition for value ).*(?P<after>$)",
        r"(?P<before>You have an error in your SQL syntax).*(?P<after>$)",
    )
)
# What the loader puts before the server's words.
_OURS = re.compile(
    r"(?:more rows are wrong than max_error_rows allows \([a-z]+: [0-9]+\): )?(?:the server would change a value: )?"
)
_INSERT_HEAD = re.compile(r"\s*(?:INSERT|REPLACE)\b[^;'\"]*?\bVALUES\b", re.IGNORECASE | re.DOTALL)
_CREATE = re.compile(r"\s*CREATE\b", re.IGNORECASE)


def without_values(error: LoaderError) -> LoaderError:
    """The same error without a value of a row, and without what caused it: that repeats them."""
    hidden = copy.copy(error)
    hidden.message = hide_in_message(error.message, error.errno)
    hidden.args = (hidden.message,)
    hidden.statement = None if error.statement is None else _hide_in_statement(error.statement)
    hidden.__cause__ = hidden.__context__ = None
    return hidden


def hide_in_message(message: str, errno: int | None) -> str:
    """A message whose part by the server, if ``errno`` says that it has one, repeats no value."""
    if errno is None or errno in _WITHOUT_VALUES:
        return message
    head = _OURS.match(message)
    ours = head[0] if head else ""
    text = message[len(ours) :]
    for form in _FORMS:
        if match := form.match(text):
            return f"{ours}{match['before']}{_HIDDEN}{match['after']}"
    return f"{ours}{_HIDDEN}"


def _hide_in_statement(statement: str) -> str:
    """The head of an INSERT, or a CREATE, which holds no row; of all else nothing."""
    if _CREATE.match(statement):
        return statement
    head = _INSERT_HEAD.match(statement)
    return f"{head[0]} {_HIDDEN}" if head else _HIDDEN
