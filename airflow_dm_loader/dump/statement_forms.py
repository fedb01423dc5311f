"""Forms of statements that dump tools do not write, but people and mysqldump do: read as the server reads them.

What changes no row is passed over: locks, DISABLE KEYS, the borders of transactions, and saving and restoring
variables. INSERT ... SET becomes the VALUES that it stands for; an optimizer hint and a priority are left out. What
would change what rows mean is refused by its name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from airflow_dm_loader.dump.lexer import Statement
from airflow_dm_loader.dump.row_values import value_pattern
from airflow_dm_loader.dump.sql_modes import Quoting

_NAME = rb"(?:`[^`]*+`|\"[^\"]*+\"|[\w$\x80-\xff]++)++"
_TABLE = _NAME + rb"(?:\s*+\.\s*+" + _NAME + rb")?+"
_COMMENTED = rb"(?:/\*M?!\d{0,6}+\s*+)?+(?:%s)\s*+(?:\*/)?+"
_NOTHING = re.compile(
    _COMMENTED
    % (
        rb"LOCK\s++TABLES?\s++" + _TABLE + rb"[^;'\"*]*+|UNLOCK\s++TABLES?|ALTER\s++TABLE\s++" + _TABLE
        + rb"\s++(?:DISABLE|ENABLE)\s++KEYS|COMMIT(?:\s++WORK)?+|BEGIN(?:\s++WORK)?+|START\s++TRANSACTION"
        + rb"|SET\s++(?:@@)?+(?:SESSION[.\s]\s*+)?+(?:autocommit|sql_notes|note_verbosity)\s*+=\s*+[01]"
        + rb"|SET\s++@\w++\s*+=\s*+@@(?:SESSION\.)?+\w++(?:\s*+,\s*+(?:@\w++\s*+=\s*+@@(?:SESSION\.)?+\w++"
        + rb"|(?:sql_notes|note_verbosity)\s*+=\s*+[01]))*+"
    ),
    re.IGNORECASE,
)  # fmt: skip
_RESTORED = re.compile(_COMMENTED % rb"SET\s++(?:@@SESSION\.|@@|SESSION\s++)?+\w++\s*+=\s*+@\w++", re.IGNORECASE)
_VERB = rb"\s*+(?:INSERT|REPLACE)"
_PRIORITY = re.compile(_VERB + rb"(\s++(?:LOW_PRIORITY|DELAYED|HIGH_PRIORITY)(?=\s))", re.IGNORECASE)
_HINT = re.compile(_VERB + rb"(\s*+/\*\+[^*]*+(?:\*(?!/)[^*]*+)*+\*/)", re.IGNORECASE)
_SETS_VARIABLE = re.compile(rb"SET_VAR", re.IGNORECASE)
_SET_ROW = re.compile(
    rb"(" + _VERB + rb"(?:\s++IGNORE)?+\s++(?:INTO\s++)?+" + _TABLE + rb")\s++SET\s++(?=\S)", re.IGNORECASE
)
_COLUMN = re.compile(rb"\s*+((?:" + _NAME + rb"\s*+\.\s*+)*+)(" + _NAME + rb")\s*+:?+=\s*+")
_COMMA = re.compile(rb"\s*+,")
_QUOTE = re.compile(rb"['\"]")
_HEAD_BYTES = 4096  # in which the name of a form is looked for
_REFUSED = (
    ("an optimizer hint that sets a variable", re.compile(rb"\A(?>.*?/\*\+).*?SET_VAR", re.IGNORECASE | re.DOTALL)),
    ("VALUES ROW(...)", re.compile(rb"\bVALUES\s++ROW\b", re.IGNORECASE)),
    ("INSERT ... PARTITION", re.compile(rb"\sPARTITION\s*+\(", re.IGNORECASE)),
    ("rows out of a query", re.compile(rb"\b(?:SELECT|TABLE|WITH)\b", re.IGNORECASE)),
)

# Clauses behind the rows; a value may hold such words, which then only stand in an error that is one all the same.
_BEHIND_ROWS = (
    ("ON DUPLICATE KEY UPDATE", re.compile(rb"\bON\s++DUPLICATE\s++KEY\b", re.IGNORECASE)),
    ("RETURNING", re.compile(rb"\)\s*+RETURNING\b", re.IGNORECASE)),
    ("a name for the rows", re.compile(rb"\)\s*+AS\s", re.IGNORECASE)),
)


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A statement that changes no row. ``restores``: rows behind it would be read in another session."""

    restores: bool = False


def passed_over(text: bytes) -> PassedOver | None:
    """What need not be done; None: the statement is none of that."""
    if _NOTHING.fullmatch(text):
        return PassedOver()
    return PassedOver(restores=True) if _RESTORED.fullmatch(text) else None


def plain_insert(statement: Statement, quoting: Quoting) -> Statement:
    """The statement as tools would write it; itself, where there is nothing to leave out or to turn."""
    text = statement.text
    for pattern in (_HINT, _PRIORITY, _HINT):
        match = pattern.match(text)
        if match is not None and not (pattern is _HINT and _SETS_VARIABLE.search(match[1])):
            text = text[: match.start(1)] + b" " * len(match[1]) + text[match.end(1) :]
    text = _values_of_set(text, quoting) or text
    return statement if text == statement.text else Statement(text, statement.offset, statement.end)


def form_name(text: bytes) -> str | None:
    """The name of a form of INSERT that is refused; None: it is another statement, or has none."""
    head = text[:_HEAD_BYTES]
    if not re.match(_VERB + rb"\b", head, re.IGNORECASE):
        return None
    quote = _QUOTE.search(head)
    head = head[: quote.start()] if quote is not None else head
    named = next((name for name, pattern in _REFUSED if pattern.search(head)), None)
    if named is None and _SET_ROW.match(text):
        named = "INSERT ... SET with what is no literal"
    return named or next((name for name, pattern in _BEHIND_ROWS if pattern.search(text[-_HEAD_BYTES:])), None)


def _values_of_set(text: bytes, quoting: Quoting) -> bytes | None:
    """``INSERT INTO t SET a = 1, b = 2`` as ``INSERT INTO t (a,b) VALUES (1,2)``; None: it is no such row."""
    head = _SET_ROW.match(text)
    if head is None:
        return None
    value = value_pattern(quoting)
    names, values, at = [], [], head.end()
    while True:
        column = _COLUMN.match(text, at)
        literal = value.match(text, column.end()) if column is not None else None
        if column is None or literal is None:
            return None
        names.append(column[2])
        values.append(literal[0].strip())
        comma = _COMMA.match(text, literal.end())
        if comma is None:
            break
        at = comma.end()
    if text[literal.end() :].strip():
        return None
    return head[1] + b" (" + b",".join(names) + b") VALUES (" + b",".join(values) + b")"
