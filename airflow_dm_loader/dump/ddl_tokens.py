"""The tokens of a CREATE statement: just enough of SQL to find columns and keys in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
    (?P<blank>   \s+ | /\*(?!M?!).*?\*/ | --\s[^\n]*(?:\n|\Z) | \#[^\n]*(?:\n|\Z) | /\*M?!\d* | \*/ )
  | (?P<name>    `(?:[^`]|``)+` )
  | (?P<string>  '(?:[^'\\]|\\.|'')*' | "(?:[^"\\]|\\.|"")*" )
  | (?P<word>    [\w$@]+ )
  | (?P<mark>    . )
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A name, string, word or mark; ``at`` is its place in the statement. Blanks and comments are none."""

    kind: str
    text: str
    at: int


def tokenize(statement: str) -> Iterator[Token]:
    """All tokens; what stands in version comments counts, since servers run it."""
    for match in _TOKEN.finditer(statement):
        kind = match.lastgroup or ""
        if kind != "blank":
            yield Token(kind, match[0], match.start())


def words_of(tokens: Sequence[Token]) -> list[str]:
    """The unquoted words among the tokens, in upper case."""
    return [token.text.upper() for token in tokens if token.kind == "word"]


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
