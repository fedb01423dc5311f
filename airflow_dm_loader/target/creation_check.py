"""Whether a table that was just created says what the dump's CREATE says, to the letter.

Servers keep names and comments in utf8mb3, and labels and defaults in the column's charset. What has no place there
becomes ``?``, with a warning in some cases and without a word in others.
"""

from __future__ import annotations

import re

from airflow_dm_loader.dump.ddl_tokens import Token, tokenize
from airflow_dm_loader.target.connection import Database, Result
from airflow_dm_loader.target.identifiers import qualified

# A letter or a default was changed: out of range, cut, incorrect, or of another charset.
_CHANGES = frozenset({1264, 1265, 1292, 1300, 1366, 1406, 1977, 3854})
_PIECE = re.compile(r"\\(.)|''|\"\"", re.DOTALL)
_ESCAPES = {"0": "\0", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a"}


def creation_problem(db: Database, schema: str, table: str, body: str, result: Result) -> str | None:
    """What the server changed of the CREATE that it just ran, in words; None: nothing.

    Args:
        body: the statement from its columns on.
        result: the server's answer to it.
    """
    if result.warnings:
        for _, code, text in db.query("SHOW WARNINGS"):
            if int(code) in _CHANGES:
                return f"{text} ({code})"
    if body.isascii():
        return None
    row = db.one(f"SHOW CREATE TABLE {qualified(schema, table)}")
    lost = letters_lost(body, str(row[1])) if row is not None else ()
    return f"{lost[0]!r} is not in what the target made of it" if lost else None


def letters_lost(asked: str, made: str) -> tuple[str, ...]:
    """The names and texts with letters beyond ASCII that stand in one CREATE and not in the other."""
    there = {_plain(token) for token in tokenize(made)}
    wanted = (_plain(token) for token in tokenize(asked) if not token.text.isascii())
    return tuple(dict.fromkeys(text for text in wanted if text not in there))


def _plain(token: Token) -> str:
    """What a token says, whatever quotes it stands in."""
    if token.kind == "name":
        return token.text[1:-1].replace("``", "`")
    if token.kind == "string":
        quote = token.text[0]
        return _PIECE.sub(
            lambda match: quote if match[1] is None else _ESCAPES.get(match[1], match[1]), token.text[1:-1]
        )
    return token.text
