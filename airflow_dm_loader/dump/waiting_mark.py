"""The mark on a table that was created without some of its indexes: the end of its COMMENT, until they are built.

It survives the loss of our state, or a load that keeps it elsewhere; what stands before it is the dump's comment.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from airflow_dm_loader.dump.ddl_tokens import Token, tokenize

OPENING = " [dm-loader builds later: "
_CLOSING = "]"
_LONGEST = 2048  # characters of a table's comment, at every server
_NAME = r"`[^`]*+(?:``[^`]*+)*+`"
_NAMES = re.compile(rf"{_NAME}(?:, {_NAME})*+")
_FIND_NAMES = re.compile(_NAME)


def split_mark(comment: str) -> tuple[str, tuple[str, ...]]:
    """The comment without its mark, and the names of the indexes and foreign keys that wait; none: it has no mark."""
    at = comment.rfind(OPENING)
    names = comment[at + len(OPENING) : -len(_CLOSING)]
    if at < 0 or not comment.endswith(_CLOSING) or not _NAMES.fullmatch(names):
        return comment, ()
    return comment[:at], tuple(name[1:-1].replace("``", "`") for name in _FIND_NAMES.findall(names))


def mark(names: Sequence[str]) -> str:
    """What follows the comment of a table that waits for these; "" for none."""
    quoted = ", ".join("`" + name.replace("`", "``") + "`" for name in names)
    return f"{OPENING}{quoted}{_CLOSING}" if names else ""


def with_mark(body: str, names: Sequence[str]) -> str | None:
    """A CREATE TABLE from its columns on, with the mark; None: it has no room for one, or would not read as one.

    Args:
        body: in which backslashes escape.
    """
    text = mark(names)
    if any(sign in text for sign in "'\"\\") or split_mark(text) != ("", tuple(names)):
        return None
    after, options = _options(body)
    comments = _comments(options)
    if not comments:
        return f"{body[:after]} COMMENT='{text}'{body[after:]}" if len(text) <= _LONGEST else None
    if len(comments) > 1 or len(comments[0].text) - 2 + len(text) > _LONGEST:
        return None
    end = comments[0].end - 1  # before its closing quote
    return body[:end] + text + body[end:]


def _options(body: str) -> tuple[int, list[Token]]:
    """Where the list of columns ends, and the table's options behind it, without its partitions."""
    tokens = list(tokenize(body))
    depth = 0
    for place, token in enumerate(tokens):
        if token.kind == "mark":
            depth += (token.text == "(") - (token.text == ")")
            if depth == 0:
                rest = tokens[place + 1 :]
                partition = (at for at, option in enumerate(rest) if _is_word(option, "PARTITION"))
                return token.end, rest[: next(partition, len(rest))]
    raise ValueError("the list of columns is not closed")


def _comments(options: Sequence[Token]) -> list[Token]:
    """The texts of the table's COMMENT options."""
    found = [token for token in options if token.text != "="]
    return [value for name, value in pairwise(found) if _is_word(name, "COMMENT") and value.kind == "string"]


def _is_word(token: Token, word: str) -> bool:
    return token.kind == "word" and token.text.upper() == word
