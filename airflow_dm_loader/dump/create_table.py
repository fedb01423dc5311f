"""Reads what a dump's CREATE TABLE says of its columns, without understanding more of SQL than that.

The server parses the statement itself; we need the names of the columns that the dump's rows hold, in order: rows
without a column list are positional, and a target may see columns that the source hid (MariaDB skips the version
comment around INVISIBLE).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from airflow_dm_loader.dump.ddl_tokens import Token, identifier, tokenize, words_of

_KEY_WORDS = frozenset({"PRIMARY", "UNIQUE", "KEY", "INDEX", "FULLTEXT", "SPATIAL", "CONSTRAINT", "FOREIGN", "CHECK"})


@dataclass(frozen=True, slots=True)
class Column:
    """One column as the dump's source had it."""

    name: str
    generated: bool = False  # its value is computed: rows never hold it
    invisible: bool = False  # rows without a column list don't hold it
    definition: str = ""  # as it stands, with single spaces

    @property
    def is_float(self) -> bool:
        """Whether it is a number of single precision, of which servers show six digits: FLOAT, and not FLOAT(7,3)."""
        words = self.definition.upper().split()
        return words[:1] == ["FLOAT"] and words[1:2] != ["("]


@dataclass(frozen=True, slots=True)
class CreateTable:
    """What a CREATE TABLE says; ``body_at`` is where its parenthesis opens in the statement.

    ``has_key``: a primary key, or a unique one of columns that are all NOT NULL, which InnoDB takes instead.
    """

    table: str
    columns: tuple[Column, ...]
    engine: str | None
    body_at: int
    charset: str | None = None  # the table's, for text that names none of its own
    is_sequence: bool = False  # MariaDB's, which it shows as a table of one row
    has_key: bool = True
    system_versioned: bool = False  # MariaDB keeps what its rows were before

    @property
    def row_columns(self) -> tuple[str, ...]:
        """The columns that a row without a column list holds, in order."""
        return tuple(column.name for column in self.columns if not column.generated and not column.invisible)


def parse_create_table(statement: str, *, ansi_quotes: bool = False) -> CreateTable | None:
    """Parse a CREATE TABLE statement; None if it is not one (or not one with a list of columns)."""
    tokens = list(tokenize(statement))
    words = [token.text.upper() for token in tokens[:7]]
    if words[:1] != ["CREATE"] or "TABLE" not in words[:4] or "SELECT" in words:
        return None
    at = words.index("TABLE") + 1
    if [token.text.upper() for token in tokens[at : at + 3]] == ["IF", "NOT", "EXISTS"]:
        at += 3
    name, at = identifier(tokens, at, ansi_quotes), at + 1
    while at + 1 < len(tokens) and tokens[at].text == ".":
        name, at = identifier(tokens, at + 1, ansi_quotes), at + 2
    if name is None or at >= len(tokens) or tokens[at].text != "(" or words_of(tokens[at + 1 : at + 2]) == ["LIKE"]:
        return None
    items, after = _items(tokens, at)
    if "SELECT" in words_of(tokens[after:]):
        return None  # it has more columns than its list says
    columns = tuple(column for item in items if (column := column_of(item, ansi_quotes)) is not None)
    if not columns:
        return None
    options = tokens[after:]
    return CreateTable(
        name,
        columns,
        _engine(options),
        tokens[at].at,
        charset=_charset(options),
        is_sequence=_is_sequence(options),
        has_key=_has_key(items, ansi_quotes),
        system_versioned=_is_versioned(options),
    )


def column_items(statement: str, body_at: int) -> tuple[list[list[Token]], list[Token]]:
    """The items of the parenthesis at ``body_at``, columns and keys; and the tokens of the options behind it."""
    tokens = list(tokenize(statement))
    items, after = _items(tokens, next(place for place, token in enumerate(tokens) if token.at == body_at))
    return items, tokens[after:]


def _items(tokens: Sequence[Token], opening: int) -> tuple[list[list[Token]], int]:
    """The comma-separated items within the parenthesis at ``opening``, and the index after it closes."""
    items: list[list[Token]] = [[]]
    depth = 1
    at = opening + 1
    while at < len(tokens) and depth:
        text = tokens[at].text if tokens[at].kind == "mark" else ""
        depth += (text == "(") - (text == ")")
        if text == "," and depth == 1:
            items.append([])
        elif depth:
            items[-1].append(tokens[at])
        at += 1
    return items, at


def column_of(item: Sequence[Token], ansi_quotes: bool) -> Column | None:
    """The column that an item of the parenthesis is; None: it is a key, a check or a period."""
    if not item or (item[0].kind == "word" and item[0].text.upper() in _KEY_WORDS):
        return None
    match words_of(item[:2]):
        case ["PERIOD", "FOR"] | [_, "KEY" | "INDEX"]:  # VECTOR KEY and the like
            return None
    name = identifier(item, 0, ansi_quotes)
    if name is None:
        return None
    words = outer_words(item[1:])
    definition = " ".join(token.text for token in item[1:])
    return Column(name, generated="AS" in words, invisible="INVISIBLE" in words, definition=definition)


def outer_words(tokens: Sequence[Token]) -> list[str]:
    """The words that stand in no parenthesis, in upper case."""
    words, depth = [], 0
    for token in tokens:
        depth += (token.text == "(" and token.kind == "mark") - (token.text == ")" and token.kind == "mark")
        if token.kind == "word" and depth == 0:
            words.append(token.text.upper())
    return words


def _has_key(items: Sequence[Sequence[Token]], ansi_quotes: bool) -> bool:
    never_null: set[str] = set()
    unique: list[set[str]] = []
    for item in items:
        column = column_of(item, ansi_quotes)
        words = outer_words(item[1:] if column is not None else item)
        if "PRIMARY" in words:
            return True
        if column is None:
            if "UNIQUE" in words[:3]:
                unique.append(_key_columns(item, ansi_quotes))
            continue
        if "NOT NULL" in " ".join(words):
            never_null.add(column.name.lower())
        if "UNIQUE" in words:
            unique.append({column.name.lower()})
        elif "KEY" in words:  # a column's KEY is its PRIMARY KEY
            return True
    return any(columns and columns <= never_null for columns in unique)


def _key_columns(item: Sequence[Token], ansi_quotes: bool) -> set[str]:
    """The names in a key's parenthesis, in lower case; of an expression, nothing that could be a column."""
    opening = next((at for at, token in enumerate(item) if token.kind == "mark" and token.text == "("), len(item))
    parts, _ = _items(item, opening)
    return {(identifier(part, 0, ansi_quotes) or "").lower() if part else "" for part in parts}


def _engine(options: Sequence[Token]) -> str | None:
    for at, token in enumerate(options):
        if token.kind == "word" and token.text.upper() == "ENGINE":
            value = options[at + 1 : at + 3]
            word = value[-1] if value and value[0].text == "=" else (value[0] if value else None)
            return word.text.strip("'\"`") if word else None
    return None


def _is_sequence(options: Sequence[Token]) -> bool:
    texts = [token.text.upper() for token in options if token.text != "="]
    return ("SEQUENCE", "1") in itertools.pairwise(texts)


def _is_versioned(options: Sequence[Token]) -> bool:
    words = [token.text.upper() for token in options if token.kind == "word"]
    return ("SYSTEM", "VERSIONING") in itertools.pairwise(words)


def _charset(options: Sequence[Token]) -> str | None:
    """The charset that a table's options say, by itself or by a collation; None: they don't."""
    values = [token for token in options if token.text != "="]
    words = [token.text.upper() if token.kind == "word" else "" for token in values]
    collation = None
    for at, word in enumerate(words[:-1]):
        value = values[at + 1].text.strip("'\"`").lower()
        if word == "PARTITION":
            break
        if word == "CHARSET" or (word == "SET" and words[max(0, at - 1)] == "CHARACTER"):
            return value
        if word == "COLLATE" and collation is None:
            collation = value.partition("_")[0]
    return collation
