"""Changes to a dump's CREATE statements that the user asked for: other collations, another engine, other places.

Only words of the grammar are replaced, in place; strings, quoted names and everything else stay byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from airflow_dm_loader.dump.create_table import CreateTable
from airflow_dm_loader.dump.ddl_tokens import Token, identifier, scan, tokenize
from airflow_dm_loader.identifiers import TableName

# Table options that InnoDB refuses, or that would mean something else there.
_OF_OTHER_ENGINES = {
    "ROW_FORMAT": {"FIXED", "PAGE"},
    "TRANSACTIONAL": {"0", "1"},
    "PAGE_CHECKSUM": {"0", "1"},
}
_Change = tuple[int, int, str]  # start, end, what stands there now


def map_collations(statement: str, collation_map: Mapping[str, str]) -> str:
    """The statement with other collations and charsets, by their lower-case names."""
    if not collation_map:
        return statement
    tokens = list(tokenize(statement))
    changes = [
        (token.at, token.at + len(token.text), collation_map[token.text.lower()])
        for place, token in enumerate(tokens)
        if token.kind == "word" and token.text.lower() in collation_map and _names_charset(tokens, place)
    ]
    return _changed(statement, changes)


def with_implied_collations(statement: str, implied: Mapping[str, str]) -> str:
    """A CREATE TABLE or CREATE DATABASE with a COLLATE after each charset that has none.

    Args:
        implied: charset -> the collation that it implies; others are left alone.
    """
    tokens = list(tokenize(statement))
    depths = _depths(tokens)
    changes = [
        (token.at + len(token.text), token.at + len(token.text), f" COLLATE {implied[token.text.lower()]}")
        for place, token in enumerate(tokens)
        if token.kind == "word"
        and token.text.lower() in implied
        and depths[place] < 2  # not in an expression, such as CAST(... CHARSET utf8mb4)
        and _names_charset(tokens, place)
        and not _has_collation(tokens, depths, place)
    ]
    return _changed(statement, changes)


def with_ttl_off(statement: str) -> str:
    """A CREATE TABLE of TiDB whose TTL deletes nothing for now; the statement itself where it has none that is on."""
    tokens = [token for token in scan(statement) if token.kind not in {"open", "close"}]
    changes = [
        (value.at, value.end, "'OFF'")
        for place, token in enumerate(tokens)
        if token.kind == "word"
        and token.text.upper() == "TTL_ENABLE"
        and (value := _value(tokens, place)) is not None
        and value.text.strip("'\"").upper() == "ON"
    ]
    return _changed(statement, changes)


def _depths(tokens: Sequence[Token]) -> list[int]:
    """How many parentheses are open at each token."""
    depths, depth = [], 0
    for token in tokens:
        depth += (token.text == "(" and token.kind == "mark") - (token.text == ")" and token.kind == "mark")
        depths.append(depth)
    return depths


def _has_collation(tokens: Sequence[Token], depths: Sequence[int], place: int) -> bool:
    """Whether the column, or the table's options, that the token at ``place`` is of names a collation."""

    def of_it(at: int) -> bool:
        return depths[at] > depths[place] or (depths[at] == depths[place] and tokens[at].text != ",")

    first = last = place
    while first > 0 and of_it(first - 1):
        first -= 1
    while last + 1 < len(tokens) and of_it(last + 1):
        last += 1
    return any(
        token.kind == "word" and token.text.upper() == "COLLATE" and depths[at] == depths[place]
        for at, token in enumerate(tokens[first : last + 1], first)
    )


def charset_names(statement: str) -> tuple[str, ...]:
    """The collations and charsets that a statement names, in lower case; without those that servers may read freely."""
    tokens = list(tokenize(statement))
    found = (
        token.text.lower()
        for place, token in enumerate(tokens)
        if token.kind == "word" and _names_charset(tokens, place)
    )
    return tuple(dict.fromkeys(name for name in found if name != "default" and not name.startswith("uca1400")))


def with_innodb(statement: str, parsed: CreateTable) -> str:
    """A CREATE TABLE whose engine is InnoDB, also that of its partitions; its columns stay where they are."""
    options = _after_columns(statement, parsed.body_at)
    changes: list[_Change] = []
    if parsed.engine is None:
        close = next(token.at for token in options if token.text == ")")
        changes.append((close + 1, close + 1, " ENGINE=InnoDB"))
    for place, token in enumerate(options):
        if token.kind != "word":
            continue
        value = _value(options, place)
        if value is None:
            continue
        end = value.at + len(value.text)
        if token.text.upper() == "ENGINE":
            changes.append((value.at, end, "InnoDB"))
        elif value.text.upper() in _OF_OTHER_ENGINES.get(token.text.upper(), ()):
            changes.append((token.at, end, ""))
    return _changed(statement, changes)


def with_references(statement: str, place: Callable[[str | None, str], TableName], *, ansi_quotes: bool) -> str:
    """A CREATE TABLE, or its body, whose foreign keys point at other tables.

    Args:
        place: schema (None: the table's own) and name that stand there -> those that shall.
    """
    tokens = list(tokenize(statement)) if "references" in statement.lower() else []
    changes: list[_Change] = []
    for at, token in enumerate(tokens):
        if token.kind != "word" or token.text.upper() != "REFERENCES":
            continue
        schema, table, last = None, identifier(tokens, at + 1, ansi_quotes), at + 1
        if tokens[last + 1 : last + 2] and tokens[last + 1].text == ".":
            schema, table, last = table, identifier(tokens, last + 2, ansi_quotes), last + 2
        if table is not None and tokens[last + 1 : last + 2] and tokens[last + 1].text == "(":
            names = (name.replace("`", "``") for name in place(schema, table))
            changes.append((tokens[at + 1].at, tokens[last].end, ".".join(f"`{name}`" for name in names)))
    return _changed(statement, changes)


def _names_charset(tokens: Sequence[Token], place: int) -> bool:
    """Whether the grammar expects a charset or a collation here: COLLATE x, CHARSET=x, CHARACTER SET x, USING x."""
    before = [token.text.upper() for token in tokens[max(0, place - 3) : place] if token.text != "="]
    return (
        before[-1:] in (["COLLATE"], ["CHARSET"])
        or _converts(before, tokens[place])
        or before[-2:] == ["CHARACTER", "SET"]
    )


def _converts(before: Sequence[str], token: Token) -> bool:
    """CONVERT(x USING utf8mb4), but not an index's USING BTREE."""
    return before[-1:] == ["USING"] and token.text.upper() not in {"BTREE", "HASH", "RTREE"}


def _after_columns(statement: str, opening: int) -> list[Token]:
    """The tokens from the parenthesis on that closes the one at ``opening``."""
    depth = 0
    tokens = list(tokenize(statement))
    for place, token in enumerate(tokens):
        if token.at >= opening and token.kind == "mark":
            depth += (token.text == "(") - (token.text == ")")
            if depth == 0:
                return tokens[place:]
    return []


def _value(tokens: Sequence[Token], place: int) -> Token | None:
    rest = tokens[place + 1 : place + 3]
    if rest and rest[0].text == "=":
        rest = rest[1:]
    return rest[0] if rest and rest[0].kind != "mark" else None


def _changed(statement: str, changes: Iterable[_Change]) -> str:
    for start, end, text in sorted(changes, reverse=True):
        statement = statement[:start] + text + statement[end:]
    return statement
