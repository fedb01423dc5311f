"""Which columns of a CREATE TABLE keys speak of: those of unique keys, and both sides of foreign keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from airflow_dm_loader.dump.create_table import column_items, column_of, outer_words, parse_create_table
from airflow_dm_loader.dump.ddl_tokens import Token, identifier, words_of


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """``columns`` refer to ``referenced`` of a table, in order; ``schema``: None where the statement names none."""

    columns: tuple[str, ...]
    schema: str | None
    table: str
    referenced: tuple[str, ...]


def unique_columns(statement: str, *, ansi_quotes: bool = False) -> frozenset[str]:
    """Columns of primary and unique keys, in lower case; of a key of expressions, all names in them."""
    return frozenset(name.lower() for item in _items(statement, ansi_quotes) for name in _unique(item, ansi_quotes))


def foreign_keys(statement: str, *, ansi_quotes: bool = False) -> tuple[ForeignKey, ...]:
    """The foreign keys of a CREATE TABLE."""
    found = (_foreign_key(item, ansi_quotes) for item in _items(statement, ansi_quotes))
    return tuple(key for key in found if key is not None)


def _items(statement: str, ansi_quotes: bool) -> Sequence[Sequence[Token]]:
    parsed = parse_create_table(statement, ansi_quotes=ansi_quotes)
    return column_items(statement, parsed.body_at)[0] if parsed is not None else ()


def _unique(item: Sequence[Token], ansi_quotes: bool) -> Iterator[str]:
    column = column_of(item, ansi_quotes)
    if column is not None:
        if not {"UNIQUE", "PRIMARY", "KEY"}.isdisjoint(outer_words(item[1:])):
            yield column.name
        return
    opening = _opening(item, 0)
    if {"UNIQUE", "PRIMARY"}.isdisjoint(words_of(item[:opening])):
        return
    yield from (name for at in range(opening, len(item)) if (name := identifier(item, at, ansi_quotes)) is not None)


def _foreign_key(item: Sequence[Token], ansi_quotes: bool) -> ForeignKey | None:
    at = next((at for at, token in enumerate(item) if _is_word(token, "REFERENCES")), None)
    if at is None:
        return None
    column = column_of(item, ansi_quotes)
    names = (column.name,) if column is not None else _names(item, _opening(item, 0), ansi_quotes)
    schema, table, place = None, identifier(item, at + 1, ansi_quotes), at + 2
    if place < len(item) and item[place].text == ".":
        schema, table, place = table, identifier(item, place + 1, ansi_quotes), place + 2
    return ForeignKey(names, schema, table or "", _names(item, _opening(item, place), ansi_quotes))


def _is_word(token: Token, word: str) -> bool:
    return token.kind == "word" and token.text.upper() == word


def _opening(item: Sequence[Token], start: int) -> int:
    """Where the next parenthesis opens; the end, where none does."""
    return next((at for at in range(start, len(item)) if item[at].text == "("), len(item))


def _names(item: Sequence[Token], opening: int, ansi_quotes: bool) -> tuple[str, ...]:
    """The names in a parenthesis, in lower case."""
    names = []
    for at in range(opening + 1, len(item)):
        if item[at].kind == "mark" and item[at].text == ")":
            break
        name = identifier(item, at, ansi_quotes)
        if name is not None and item[at - 1].text in {"(", ","}:
            names.append(name.lower())
    return tuple(names)
