"""Indexes and foreign keys that stand behind a table's CREATE as ALTER TABLE ... ADD: mydumper's --skip-indexes and
--skip-constraints write them so.
"""

from __future__ import annotations

from collections.abc import Sequence

from airflow_dm_loader.dump.create_table import parse_create_table
from airflow_dm_loader.dump.ddl_tokens import Token, identifier, tokenize, words_of
from airflow_dm_loader.dump.table_options import NotAllowedError

_KINDS = frozenset({"KEY", "INDEX", "UNIQUE", "FULLTEXT", "SPATIAL", "PRIMARY", "CONSTRAINT", "FOREIGN"})


def added_keys(alter: str, create: str) -> tuple[str, ...]:
    """The definitions that an ALTER TABLE of the same table adds.

    Raises:
        NotAllowedError: it does anything else.
    """
    table = parse_create_table(create)
    tokens = list(tokenize(alter))
    name = identifier(tokens, 2, ansi_quotes=False)
    if table is None or name != table.table:
        raise NotAllowedError("it is for another table", 0)
    keys = []
    for item in _items(tokens[3:]):
        words = words_of(item[:2])
        if words[:1] != ["ADD"] or words[1:2] == [] or words[1] not in _KINDS:
            raise NotAllowedError(f"it does not add a key: {alter[item[0].at :][:80] if item else ''!r}", 0)
        keys.append(alter[item[1].at : item[-1].end])
    return tuple(keys)


def with_keys(create: str, keys: Sequence[str]) -> str:
    """The CREATE TABLE with these definitions behind its columns."""
    table = parse_create_table(create)
    assert table is not None
    depth = 0
    for token in tokenize(create[table.body_at :]):
        depth += (token.text == "(" and token.kind == "mark") - (token.text == ")" and token.kind == "mark")
        if depth == 0:
            close = table.body_at + token.at
            return create[:close].rstrip() + "".join(f",\n  {key}" for key in keys) + "\n" + create[close:]
    raise NotAllowedError("the list of columns is not closed", table.body_at)


def _items(tokens: Sequence[Token]) -> list[list[Token]]:
    """What stands between the commas."""
    items: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        if token.kind == "mark":
            depth += (token.text == "(") - (token.text == ")")
        if token.kind == "mark" and token.text == "," and depth == 0:
            items.append([])
        else:
            items[-1].append(token)
    return items
