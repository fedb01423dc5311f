"""The tokens of a CREATE statement: just enough of SQL to find columns and keys in it.

They are the server's: what it takes for a blank, a comment or a name is one here, and nothing else is. The pattern is
possessive throughout, so that its time and memory are those of the text, whatever stands in it. A quote or a comment
that is never closed is one mark up to the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

_PATTERN = r"""
    (?P<blank>   [ \t\n\r\v\f]++ | /\*(?!M?!%(tidb)s)[^*]*+(?:\*(?!/)[^*]*+)*+\*/
               | --(?=[\x00- \x7f]|\Z)[^\n]*+ | \#[^\n]*+ )
  | (?P<open>    /\*M?!\d{0,6}+ %(open)s )
  | (?P<close>   \*/ )
  | (?P<name>    `[^`]*+(?:``[^`]*+)*+` )
  | (?P<string>  '[^'\\]*+(?:(?:\\.|'')[^'\\]*+)*+' | "[^"\\]*+(?:(?:\\.|"")[^"\\]*+)*+" )
  | (?P<word>    [0-9A-Za-z_$@\x80-\U0010ffff]++ )
  | (?P<mark>    /\*(?!M?!%(tidb)s)[^*]*+(?:\*(?!/)[^*]*+)*+\Z | `[^`]*+\Z
               | '[^'\\]*+(?:(?:\\.|'')[^'\\]*+)*+\\?+\Z | "[^"\\]*+(?:(?:\\.|"")[^"\\]*+)*+\\?+\Z | . )
    """
_FLAGS = re.VERBOSE | re.DOTALL
_TOKEN = re.compile(_PATTERN % {"tidb": "", "open": ""}, _FLAGS)
# TiDB alone runs what stands in /*T! */ and /*T![feature] */; to others it is a comment.
_TOKEN_OF_ANY_SERVER = re.compile(_PATTERN % {"tidb": "|T!", "open": r"| /\*T!(?:\[[a-z_, ]*+\])?+"}, _FLAGS)
_EDGES = frozenset({"open", "close"})
# One table is asked a dozen questions, each of which looks at the tokens of the same statement.
_KEPT_STATEMENTS = 32
_KEPT_LETTERS = 32_768  # longer ones are scanned each time: their tokens take a hundred times their memory


class Token(NamedTuple):
    """A name, string, word or mark; ``at`` is its place in the statement. Blanks and comments are none."""

    kind: str
    text: str
    at: int

    @property
    def end(self) -> int:
        """Where it ends in the statement."""
        return self.at + len(self.text)


def tokenize(statement: str) -> Iterator[Token]:
    """All tokens; what stands in version comments counts, since servers run it."""
    return (token for token in _tokens(_TOKEN, statement) if token.kind not in _EDGES)


def scan(statement: str) -> Iterator[Token]:
    """All tokens, and where version comments ``open`` and ``close``; those of TiDB too."""
    return iter(_tokens(_TOKEN_OF_ANY_SERVER, statement))


def _tokens(pattern: re.Pattern[str], statement: str) -> Iterable[Token]:
    return _kept(pattern, statement) if len(statement) <= _KEPT_LETTERS else _found(pattern, statement)


def _found(pattern: re.Pattern[str], statement: str) -> Iterator[Token]:
    for match in pattern.finditer(statement):
        kind = match.lastgroup or ""
        if kind != "blank":
            yield Token(kind, match[0], match.start())


@lru_cache(_KEPT_STATEMENTS)
def _kept(pattern: re.Pattern[str], statement: str) -> tuple[Token, ...]:
    return tuple(_found(pattern, statement))


def words_of(tokens: Sequence[Token]) -> list[str]:
    """The unquoted words among the tokens, in upper case."""
    return [token.text.upper() for token in tokens if token.kind == "word"]


def text_at(tokens: Sequence[Token], at: int) -> str:
    """The text of the token at a place; "": there is none."""
    return tokens[at].text if 0 <= at < len(tokens) else ""


def identifier(tokens: Sequence[Token], at: int, ansi_quotes: bool) -> str | None:
    """The name that stands at a place, without its quotes; None: there is none."""
    if at >= len(tokens):
        return None
    token = tokens[at]
    if token.kind == "name":
        return token.text[1:-1].replace("``", "`")
    if token.kind == "string" and ansi_quotes and token.text[0] == '"':
        return token.text[1:-1].replace('""', '"')
    return token.text if token.kind == "word" else None
