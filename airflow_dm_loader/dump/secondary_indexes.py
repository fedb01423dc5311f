"""Takes secondary indexes and foreign keys out of a CREATE TABLE, so that they can be built once the rows are in.

Only what can surely wait is taken: keys that are not unique, and named foreign keys. Unique keys stay, since they
tell duplicates; so does the key that an AUTO_INCREMENT column needs, and full text and spatial ones.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from airflow_dm_loader.dump.create_table import parse_create_table
from airflow_dm_loader.dump.ddl_tokens import Token, identifier, tokenize, words_of
from airflow_dm_loader.rules.skips import Skips


@dataclass(frozen=True, slots=True)
class SecondaryIndex:
    """An index or foreign key, or both where they have one name.

    ``definition`` follows ADD in an ALTER TABLE, as the dump has it.
    """

    name: str
    definition: str

    @property
    def is_foreign_key(self) -> bool:
        """Whether the name is to be looked for among foreign keys: any other index may have it too."""
        return self.definition[:10].upper() == "CONSTRAINT"

    def parts(self) -> tuple[SecondaryIndex, ...]:
        """The index and the foreign key of one name, apart."""
        tokens, depth, start, found = list(tokenize(self.definition)), 0, 0, []
        for at, token in enumerate(tokens[:-1]):
            mark = token.text if token.kind == "mark" else ""
            depth += (mark == "(") - (mark == ")")
            if mark == "," and depth == 0 and words_of(tokens[at + 1 : at + 2]) == ["ADD"]:
                found.append(self.definition[start : token.at])
                start = tokens[at + 1].end
        return tuple(SecondaryIndex(self.name, text.strip()) for text in (*found, self.definition[start:]))

    def without(self, skips: Skips) -> SecondaryIndex | None:
        """What of it is made; None: nothing."""
        return _joined([part for part in self.parts() if not _is_skipped(part, skips)])

    def skipped(self, skips: Skips) -> SecondaryIndex | None:
        """What of it is not made; None: all is."""
        return _joined([part for part in self.parts() if _is_skipped(part, skips)])


def _is_skipped(part: SecondaryIndex, skips: Skips) -> bool:
    return skips.foreign_keys if part.is_foreign_key else skips.indexes


def _joined(parts: Sequence[SecondaryIndex]) -> SecondaryIndex | None:
    return SecondaryIndex(parts[0].name, ", ADD ".join(part.definition for part in parts)) if parts else None


@dataclass(frozen=True, slots=True)
class Reference:
    """What a foreign key points at. ``schema``: None where the statement names none."""

    schema: str | None
    table: str
    columns: tuple[str, ...]


def references(statement: str, *, ansi_quotes: bool = False) -> tuple[Reference, ...]:
    """What the foreign keys of a CREATE TABLE point at: an index on it must be there before them."""
    tokens = list(tokenize(statement)) if "references" in statement.lower() else []
    found = []
    for at, token in enumerate(tokens):
        if token.kind == "word" and token.text.upper() == "REFERENCES":
            schema, table, at = None, identifier(tokens, at + 1, ansi_quotes), at + 2
            if at < len(tokens) and tokens[at].text == ".":
                schema, table, at = table, identifier(tokens, at + 1, ansi_quotes), at + 2
            if table is not None and at < len(tokens) and tokens[at].text == "(":
                found.append(Reference(schema, table, _columns(tokens, at, ansi_quotes)))
    return tuple(found)


def split_secondary_indexes(
    statement: str, referenced: Collection[tuple[str, ...]] = ()
) -> tuple[str, tuple[SecondaryIndex, ...]]:
    """The statement's part from its columns on, without what can wait; and what was taken out.

    Args:
        referenced: columns that foreign keys point at; an index that begins with them stays.

    Raises:
        ValueError: not a CREATE TABLE with its columns.
    """
    parsed = parse_create_table(statement)
    if parsed is None:
        raise ValueError("not a CREATE TABLE with its columns")
    body = statement[parsed.body_at :]
    if parsed.engine is not None and parsed.engine.upper() != "INNODB":
        return body, ()
    items, end = _items(statement, parsed.body_at)
    if any(item.cuts_a_comment for item in items):
        return body, ()
    automatic = {name.lower() for item in items if "AUTO_INCREMENT" in words_of(item.tokens) and (name := item.name(0))}
    later = [item for item in items if item.can_wait(automatic) and not item.serves(referenced)]
    # Servers keep plain indexes in the order in which they are made: one before an index that stays, stays too.
    stays = max((at for at, item in enumerate(items) if item.is_plain_index and item not in later), default=-1)
    later = [item for item in later if item.is_foreign_key or items.index(item) > stays]
    if not later or any(item.is_foreign_key and item not in later for item in items):
        return body, ()
    kept = ",".join(item.text for item in items if item not in later)
    return "(" + kept + "\n" + statement[end:], _by_name(later)


def named_indexes(statement: str, names: Collection[str]) -> tuple[SecondaryIndex, ...]:
    """The indexes and foreign keys of a CREATE TABLE that a load may have left out, and that have these names."""
    parsed = parse_create_table(statement)
    if parsed is None or not names:
        return ()
    wanted = {name.lower() for name in names}
    items, _ = _items(statement, parsed.body_at)
    return _by_name([item for item in items if item.can_wait(set()) and (item.name(1) or "").lower() in wanted])


@dataclass(frozen=True, slots=True)
class _Item:
    """What stands between two commas of the column list."""

    text: str
    at: int  # in the statement
    tokens: tuple[Token, ...]

    def name(self, at: int) -> str | None:
        return identifier(self.tokens, at, ansi_quotes=False)

    @property
    def between_tokens(self) -> str:
        """What the server may or may not read: blanks and comments."""
        parts, at = [], 0
        for token in self.tokens:
            start = token.at - self.at
            parts.append(self.text[at:start])
            at = start + len(token.text)
        return "".join([*parts, self.text[at:]])

    @property
    def cuts_a_comment(self) -> bool:
        """Whether a version comment goes on into the next item, or comes from the one before."""
        blank = self.between_tokens
        return blank.count("/*") != blank.count("*/")

    @property
    def is_foreign_key(self) -> bool:
        return "FOREIGN" in words_of(self.tokens[:3])

    @property
    def is_plain_index(self) -> bool:
        """Whether it is among those that servers keep in their order: unique ones come before, full text ones after."""
        return words_of(self.tokens[:1])[:1] in (["KEY"], ["INDEX"], ["SPATIAL"])

    def can_wait(self, automatic: set[str]) -> bool:
        if len(self.tokens) < 4 or self.between_tokens.strip():
            return False
        match self.tokens[0].text.upper():
            case "KEY" | "INDEX":
                at = next((at for at, token in enumerate(self.tokens) if token.text == "("), 0)
                return at == 2 and (self.name(at + 1) or "").lower() not in automatic
            case "CONSTRAINT":
                return words_of(self.tokens[2:4]) == ["FOREIGN", "KEY"]
        return False

    def serves(self, referenced: Collection[tuple[str, ...]]) -> bool:
        """Whether foreign keys may need this index to be there."""
        if self.is_foreign_key:
            return False
        columns = [column.lower() for column in _columns(self.tokens, 2)]
        return any(columns[: len(wanted)] == [column.lower() for column in wanted] for wanted in referenced)

    def index(self) -> SecondaryIndex:
        return SecondaryIndex(self.name(1) or "", self.text.strip())


def _columns(tokens: Sequence[Token], opening: int, ansi_quotes: bool = False) -> tuple[str, ...]:
    """The names in the parenthesis at ``opening``; lengths and directions don't count."""
    columns, depth = [], 0
    for at in range(opening, len(tokens)):
        mark = tokens[at].text if tokens[at].kind == "mark" else ""
        depth += (mark == "(") - (mark == ")")
        if depth == 0:
            break
        if depth == 1 and mark in {"(", ","} and (name := identifier(tokens, at + 1, ansi_quotes)):
            columns.append(name)
    return tuple(columns)


def _by_name(items: list[_Item]) -> tuple[SecondaryIndex, ...]:
    found: dict[str, SecondaryIndex] = {}
    for item in items:
        index = item.index()
        if (first := found.get(index.name.lower())) is not None:
            index = SecondaryIndex(first.name, f"{first.definition}, ADD {index.definition}")
        found[index.name.lower()] = index
    return tuple(found.values())


def _items(statement: str, opening: int) -> tuple[list[_Item], int]:
    """The items of the parenthesis at ``opening``, and where it closes."""
    items: list[_Item] = []
    found: list[Token] = []
    start, depth = opening + 1, 0
    for token in tokenize(statement):
        if token.at < opening:
            continue
        mark = token.text if token.kind == "mark" else ""
        depth += (mark == "(") - (mark == ")")
        if depth == 0 or (mark == "," and depth == 1):
            items.append(_Item(statement[start : token.at], start, tuple(found)))
            if depth == 0:
                return items, token.at
            found, start = [], token.at + 1
        elif token.at > opening:
            found.append(token)
    raise ValueError("the list of columns is not closed")
