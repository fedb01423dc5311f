"""What may stand in a row: literals, in the few forms that dump tools write, and nothing else.

Rows that go as a statement are run by the server, with the loader's privileges. So every byte behind VALUES is proven
to be part of a literal, a comma or a parenthesis before the statement is sent: no subselect, no function, no variable,
and no clause behind the rows. One linear look by google-re2 says so; where it says no, the same grammar by Python's
possessive patterns finds the place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from airflow_dm_loader.dump.lexer import Statement
from airflow_dm_loader.dump.linear_pattern import compile_linear
from airflow_dm_loader.dump.sql_modes import Quoting
from airflow_dm_loader.errors import UnsupportedStatementError

_BLANKS = rb"[ \t\n\r\x0b\x0c]*+"
_NUMBER = rb"[-+]?+(?:[0-9]++(?:\.[0-9]*+)?+|\.[0-9]++)(?:[eE][-+]?+[0-9]++)?+"
_BITS = rb"(?:[xX]'[0-9A-Fa-f]*+'|[bB]'[01]*+'|0x[0-9A-Fa-f]++|0b[01]++)"
_WORD = rb"(?:(?i:NULL|DEFAULT|TRUE|FALSE))"
_ESCAPED = rb"(?:'[^'\\]*+(?:\\.[^'\\]*+)*+')++"
_PLAIN = rb"(?:'[^']*+')++"
# What is never closed goes to the end, as one piece: each mark in it would else be tried by itself.
_COMMENT = re.compile(
    rb"(?P<comment>/\*(?![!+]|M!|T!)[^*]*+(?:\*(?!/)[^*]*+)*+\*/|--(?=[\x00- \x7f]|\Z)[^\n]*+|\#[^\n]*+)"
    rb"|'[^'\\]*+(?:\\.[^'\\]*+)*+(?:'|\\?+\Z)|\"[^\"\\]*+(?:\\.[^\"\\]*+)*+(?:\"|\\?+\Z)|`[^`]*+(?:`|\Z)"
    rb"|/\*(?![!+]|M!|T!)[^*]*+(?:\*(?!/)[^*]*+)*+\Z",
    re.DOTALL,
)
_COMMENT_WITHOUT_BACKSLASH = re.compile(
    rb"(?P<comment>/\*(?![!+]|M!|T!)[^*]*+(?:\*(?!/)[^*]*+)*+\*/|--(?=[\x00- \x7f]|\Z)[^\n]*+|\#[^\n]*+)"
    rb"|'[^']*+(?:'|\Z)|\"[^\"]*+(?:\"|\Z)|`[^`]*+(?:`|\Z)|/\*(?![!+]|M!|T!)[^*]*+(?:\*(?!/)[^*]*+)*+\Z",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class _Patterns:
    rows: Any  # all of them, by google-re2
    some_rows: re.Pattern[bytes]  # as many as are sound, each with the comma before the next one
    some_values: re.Pattern[bytes]  # of a row, each with its comma
    value: re.Pattern[bytes]


def check_values(statement: Statement, values_at: int, quoting: Quoting, file: str) -> None:
    """Refuse a statement whose rows are anything but literals.

    Args:
        values_at: where the rows begin in the statement's text; they end where it does.

    Raises:
        UnsupportedStatementError: with the place of the first value, or clause, that is none.
    """
    patterns = _patterns(quoting)
    if patterns.rows.fullmatch(statement.text, values_at) is not None:
        return
    at = patterns.some_rows.match(statement.text, values_at).end()  # type: ignore[union-attr]  # matches b""
    at = patterns.some_values.match(statement.text, at).end()  # type: ignore[union-attr]
    found = "what stands here is no literal"
    if quoting.ansi_quotes and statement.text[at : at + 1] == b'"':
        found = "what stands here is a column's name, as the file's sql_mode has ANSI_QUOTES"
    raise UnsupportedStatementError(
        f"{found}: rows may hold numbers, strings, NULL, DEFAULT and the tools' own forms of "
        "them, and no expression, no variable and no clause behind them",
        file=file,
        offset=statement.offset + at,
        statement=statement.text[at : at + 256] or statement.text[-256:],
    )


def value_pattern(quoting: Quoting) -> re.Pattern[bytes]:
    """What one value may be."""
    return _patterns(quoting).value


def without_comments(statement: Statement, quoting: Quoting) -> Statement:
    """The statement with blanks in place of its comments, so that all else stays in its place.

    What stands in comments that servers may run, ``/*! */`` and its like, stays too.
    """
    pattern = _COMMENT if quoting.backslash_escapes else _COMMENT_WITHOUT_BACKSLASH
    text = pattern.sub(lambda match: b" " * len(match[0]) if match["comment"] is not None else match[0], statement.text)
    return Statement(text.rstrip(b" \t\n\r\x0b\x0c"), statement.offset, statement.end)


@lru_cache(maxsize=4)
def _patterns(quoting: Quoting) -> _Patterns:
    single = _ESCAPED if quoting.backslash_escapes else _PLAIN
    strings = [single]
    if not quoting.ansi_quotes:  # else double quotes are for names
        strings.append(single.replace(b"'", b'"'))
    one = b"(?:" + b"|".join(strings) + b")"
    string = one + b"(?:" + _BLANKS + one + b")*+"  # the server puts strings that stand beside each other together
    introducer = rb"_[0-9A-Za-z]++" + _BLANKS
    of_bits = rb"_[0-9A-Za-z]++[ \t\n\r]++"  # the blank counts: _a0x41 is the name of a column
    marked = b"(?:(?:" + introducer + b")?+" + string + b"|(?:" + of_bits + b")?+" + _BITS + b"|[nN]" + single + b")"
    convert = (
        rb"(?i:CONVERT)"
        + _BLANKS
        + rb"\("
        + _BLANKS
        + marked
        + rb"[ \t\n\r]++(?i:USING)[ \t\n\r]++[0-9A-Za-z_]++"
        + _BLANKS
        + rb"\)"
    )
    literal = b"(?:" + b"|".join((marked, _BITS, _NUMBER, _WORD, convert)) + b")" + _BLANKS
    value = b"(?:" + literal + rb"|\(" + _BLANKS + literal + rb"\)" + _BLANKS + b")"
    row = rb"\(" + _BLANKS + b"(?:" + value + b"(?:," + _BLANKS + value + b")*+)?+" + rb"\)" + _BLANKS
    rows = _BLANKS + row + b"(?:," + _BLANKS + row + b")*+"
    linear = compile_linear(rows.replace(b"++", b"+").replace(b"*+", b"*").replace(b"?+", b"?"))
    assert linear is not None
    return _Patterns(
        rows=linear,
        some_rows=re.compile(_BLANKS + b"(?:" + row + b"," + _BLANKS + b")*+", re.DOTALL),
        some_values=re.compile(
            b"(?:" + row + rb"|\(" + _BLANKS + b"(?:" + value + b"(?:," + _BLANKS + b"|(?=\\))))*+)?+", re.DOTALL
        ),
        value=re.compile(value, re.DOTALL),
    )
