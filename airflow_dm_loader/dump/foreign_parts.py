"""What a CREATE TABLE holds that one kind of server alone has, and what becomes of it at another.

A server stops at the first thing that it does not know, and says nothing of what it leaves out. So this is told by what
was seen of MariaDB 10.11 and 11.8, MySQL 9.7 and TiDB 8.5. It is no more than a list for people: the server decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from airflow_dm_loader.dump.create_table import column_items, parse_create_table
from airflow_dm_loader.dump.ddl_tokens import Token, identifier, scan, words_of

Server = Literal["mariadb", "mysql", "tidb"]
_OF_MARIADB = frozenset({"mysql", "tidb"})  # who refuses what MariaDB alone has
_SPATIAL = frozenset({
    "GEOMETRY", "POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON",
    "GEOMETRYCOLLECTION", "GEOMCOLLECTION",
})  # fmt: skip
_TYPES = {
    **dict.fromkeys(("UUID", "INET4", "INET6", "XMLTYPE"), _OF_MARIADB),
    **dict.fromkeys(_SPATIAL, frozenset({"tidb"})),
}
_KEYS = frozenset({
    "KEY", "INDEX", "UNIQUE", "FULLTEXT", "SPATIAL", "PRIMARY", "CONSTRAINT", "FOREIGN", "CHECK", "PERIOD",
})  # fmt: skip
# Options of tables: in words, and who refuses them where they stand outside of a comment for one kind of server.
_OPTIONS = {
    "PAGE_COMPRESSED": ("page compression", _OF_MARIADB),
    "ENCRYPTED": ("encryption", _OF_MARIADB),
    "TRANSACTIONAL": ("TRANSACTIONAL", _OF_MARIADB),
    "PAGE_CHECKSUM": ("PAGE_CHECKSUM", _OF_MARIADB),
    "COMPRESSION": ("page compression", frozenset({"mariadb"})),
    "ENCRYPTION": ("encryption", frozenset({"mariadb"})),
    "AUTOEXTEND_SIZE": ("AUTOEXTEND_SIZE", frozenset({"mariadb", "tidb"})),
    "SECONDARY_ENGINE": ("SECONDARY_ENGINE", frozenset({"mariadb"})),
}
_OFF = frozenset({"0", "N", "NO", "OFF", "NONE", ""})
_OF_TIDB = {"AUTO_RANDOM": "AUTO_RANDOM", "TTL": "TTL", "PLACEMENT": "a placement policy"}
_COMMENT = re.compile(r"/\*(M?!)(\d*)")


@dataclass(frozen=True, slots=True)
class ForeignPart:
    """``what``, in words, with the column or key that it is of; ``refused``: with its CREATE; else it is left out."""

    what: str
    refused: bool


def foreign_parts(statement: str, server: Server) -> tuple[ForeignPart, ...]:
    """What that kind of server has not of a CREATE TABLE; nothing, where it is none."""
    parsed = parse_create_table(statement)
    if parsed is None:
        return ()
    items, options = column_items(statement, parsed.body_at)
    comments = _Comments(statement)
    found = [part for item in items for part in _of_item(item, server, comments)]
    found += _of_options(options, server, comments)
    found += _anywhere(statement, server, parsed.body_at)
    return tuple(dict.fromkeys(found))


class _Comments:
    """Which tokens stand in a comment that servers of one kind run, and in whose."""

    def __init__(self, statement: str) -> None:
        self._of: dict[int, str] = {}
        opening = ""
        for token in scan(statement):
            if token.kind == "open":
                opening = token.text
            elif token.kind == "close":
                opening = ""
            elif opening:
                self._of[token.at] = opening

    def hide(self, token: Token, server: Server) -> bool:
        """Whether that server passes over it."""
        match = _COMMENT.match(self._of.get(token.at, ""))
        if match is None:
            return False
        if match[1] == "M!":
            return server != "mariadb"
        number = int(match[2] or 0)
        # MariaDB passes over what MySQL 5.7 and later put in; MySQL over what is newer than itself.
        return (server == "mariadb" and 50700 <= number <= 99999) or (server == "mysql" and number >= 100000)


def _of_item(item: Sequence[Token], server: Server, comments: _Comments) -> Iterator[ForeignPart]:
    if not item:
        return
    words = [token.text.upper() if token.kind == "word" else token.text for token in item]
    is_key = item[0].kind == "word" and words[0] in _KEYS
    name = next((token.text.strip("`") for token in item if token.kind == "name"), "")
    shown = f" ({name})" if name else ""
    if is_key:
        yield from _of_key(item, words, shown, server, comments)
        return
    column = identifier(item, 0, ansi_quotes=False) or ""
    shown = f" ({column})"
    kind = words[1] if len(words) > 1 else ""
    if server in _TYPES.get(kind, ()):
        yield ForeignPart(f"type {kind}{shown}", refused=True)
    for at, token in enumerate(item[1:], 1):
        if token.kind != "word":
            continue
        word, hidden = words[at], comments.hide(token, server)
        if word == "COMPRESSED" and server != "mariadb":
            yield ForeignPart(f"COMPRESSED{shown}", refused=not hidden)
        elif word == "INVISIBLE" and (server == "tidb" or hidden):
            yield ForeignPart(f"INVISIBLE{shown}", refused=not hidden)
        elif word == "SRID" and server == "mariadb":
            yield ForeignPart(f"SRID{shown}", refused=not hidden)
        elif word == "NEXTVAL" and server == "mysql":
            yield ForeignPart(f"a default out of a sequence{shown}", refused=True)
        elif word == "CHECK" and server == "tidb":
            yield ForeignPart(f"CHECK{shown}", refused=False)


def _of_key(
    item: Sequence[Token], words: Sequence[str], shown: str, server: Server, comments: _Comments
) -> Iterator[ForeignPart]:
    if words[0] == "PERIOD" or "OVERLAPS" in words_of(item):
        if server in _OF_MARIADB:
            yield ForeignPart(f"a period{shown}", refused=True)
    elif "CHECK" in words_of(item[:3]):
        not_enforced = next((token for at, token in enumerate(item) if words[at : at + 2] == ["NOT", "ENFORCED"]), None)
        if server == "tidb":
            yield ForeignPart(f"CHECK{shown}", refused=False)
        elif server == "mariadb" and not_enforced is not None:
            yield ForeignPart(f"NOT ENFORCED{shown}", refused=not comments.hide(not_enforced, server))
    elif any(words[at : at + 2] == ["(", "("] for at in range(len(words))) and server == "mariadb":
        yield ForeignPart(f"an index over an expression{shown}", refused=True)
    elif words[0] in {"FULLTEXT", "SPATIAL"} and server == "tidb":
        yield ForeignPart(f"{words[0]}{shown}", refused=words[0] == "SPATIAL")
    for token, word in zip(item, words, strict=True):
        if token.kind == "word" and word == "IGNORED" and server in _OF_MARIADB:
            yield ForeignPart(f"IGNORED{shown}", refused=True)
        elif token.kind == "word" and word == "INVISIBLE" and server == "mariadb":
            yield ForeignPart(f"INVISIBLE{shown}", refused=not comments.hide(token, server))


def _of_options(options: Sequence[Token], server: Server, comments: _Comments) -> Iterator[ForeignPart]:
    for at, token in enumerate(options):
        word = token.text.strip("`").upper() if token.kind in {"word", "name"} else ""
        if word not in _OPTIONS or _value(options, at) in _OFF:
            continue
        what, refusing = _OPTIONS[word]
        hidden = comments.hide(token, server)
        if hidden or server in refusing:
            yield ForeignPart(what, refused=not hidden)
    words = words_of(options)
    if "VERSIONING" in words and server in _OF_MARIADB:
        yield ForeignPart("system versioning", refused=True)
    if "SYSTEM_TIME" in words and server in _OF_MARIADB:
        yield ForeignPart("partitions by SYSTEM_TIME", refused=server == "mysql")
    for word, what in (("SUBPARTITION", "subpartitions"), ("LINEAR", "LINEAR partitioning")):
        if word in words and server == "tidb":
            yield ForeignPart(what, refused=False)


def _anywhere(statement: str, server: Server, body_at: int) -> Iterator[ForeignPart]:
    """What TiDB alone has: in comments of its own, which others pass over."""
    if server == "tidb":
        return
    if {"GLOBAL", "TEMPORARY"} <= set(words_of(list(scan(statement[:body_at])))):
        yield ForeignPart("GLOBAL TEMPORARY", refused=True)
    for word in words_of(list(scan(statement[body_at:]))):
        if word in _OF_TIDB:
            yield ForeignPart(_OF_TIDB[word], refused=False)


def _value(tokens: Sequence[Token], at: int) -> str:
    following = [token.text for token in tokens[at + 1 : at + 3]]
    text = following[1] if following[:1] == ["="] and len(following) > 1 else "".join(following[:1])
    return text.strip("'\"`").upper()
