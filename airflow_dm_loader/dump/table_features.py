"""What a CREATE TABLE asks of its server beyond columns and keys, which another server may leave out without a word.

Servers pass over version comments that are not theirs: MariaDB over MySQL's, all over TiDB's. So a table can come out
without its INVISIBLE columns, its TTL or its AUTO_RANDOM, and the server says nothing. What it made tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from airflow_dm_loader.dump.ddl_tokens import Token, identifier, scan, text_at

# TiDB writes it as a plain comment, so that nobody runs it; the end of the statement alone is looked at.
_CACHED = re.compile(r"/\* CACHED ON \*/\s*+;?+\s*+\Z")
_LONGEST_END = 64
_OF_COLUMNS = {"INVISIBLE": "INVISIBLE", "AUTO_RANDOM": "AUTO_RANDOM", "COMPRESSED": "COMPRESSED"}
_OF_TABLES = {
    "TTL": "TTL",
    "SUBPARTITION": "subpartitions",
    "LINEAR": "LINEAR partitioning",
    "VERSIONING": "system versioning",
}
# Options whose value says whether they are on.
_BY_VALUE = {
    "PAGE_COMPRESSED": "page compression",
    "COMPRESSION": "page compression",
    "ENCRYPTED": "encryption",
    "ENCRYPTION": "encryption",
}
_OFF = frozenset({"0", "N", "NO", "OFF", "NONE", ""})


def table_features(statement: str) -> tuple[str, ...]:
    """In words, in the order in which they stand: ``TTL``, ``placement policy eu``, ``INVISIBLE (a)`` ...

    Args:
        statement: of a dump, with the usual quotes, or as SHOW CREATE TABLE gives it.
    """
    tokens = [token for token in scan(statement) if token.kind not in {"open", "close"}]
    found = list(dict.fromkeys(_found(tokens)))
    if _CACHED.search(statement[-_LONGEST_END:]):
        found.append("CACHED")
    return tuple(found)


def count_checks(statement: str) -> int:
    """How many CHECK constraints there are, with or without a name, of columns or of the table."""
    tokens = [token for token in scan(statement) if token.kind not in {"open", "close"}]
    return sum(
        depth == 1 and _word(token) == "CHECK" and text_at(tokens, at + 1) == "("
        for at, depth, token in _placed(tokens)
    )


def _found(tokens: Sequence[Token]) -> Iterator[str]:
    column = ""
    for at, depth, token in _placed(tokens):
        word = _word(token)
        if depth == 1 and text_at(tokens, at - 1) in {"(", ","}:
            column = identifier(tokens, at, ansi_quotes=False) or ""
        if depth == 1 and word in _OF_COLUMNS and text_at(tokens, at - 1) not in {"(", ","}:
            yield f"{_OF_COLUMNS[word]} ({column})"
        elif depth != 1 and word in _OF_TABLES:
            yield _OF_TABLES[word]
        elif depth == 0 and (option := _BY_VALUE.get(token.text.strip("`").upper())):  # MariaDB quotes its own
            if _value(tokens, at).upper() not in _OFF:
                yield option
        elif depth != 1 and word == "PLACEMENT" and text_at(tokens, at + 1).upper() == "POLICY":
            yield f"placement policy {_value(tokens, at + 1)}"


def _placed(tokens: Sequence[Token]) -> Iterator[tuple[int, int, Token]]:
    """Place, depth and token; 1 is within the columns, 0 before and behind, 2 in parentheses of options."""
    depth, columns_done = 0, False
    for at, token in enumerate(tokens):
        closes = token.kind == "mark" and token.text == ")"
        depth += (token.kind == "mark" and token.text == "(") - closes
        yield at, depth + 1 if columns_done and depth else depth, token
        columns_done = columns_done or (closes and depth == 0)


def _word(token: Token) -> str:
    return token.text.upper() if token.kind == "word" else ""


def _value(tokens: Sequence[Token], at: int) -> str:
    """What follows an option, without ``=`` and quotes."""
    text = text_at(tokens, at + 1)
    return (text_at(tokens, at + 2) if text == "=" else text).strip("'\"`").replace("``", "`")
