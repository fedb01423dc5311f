"""The columns of a CREATE TABLE as ALTER TABLE ... ADD COLUMN takes them: their own text, and where they stand.

What a column has of its table, it says itself here: the charset and collation of its text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from airflow_dm_loader.dump.create_table import column_of, outer_words
from airflow_dm_loader.dump.ddl_tokens import Token, scan

_TEXTS = frozenset({"CHAR", "VARCHAR", "TINYTEXT", "TEXT", "MEDIUMTEXT", "LONGTEXT", "ENUM", "SET"})
_OF_CHARSET = frozenset({"CHARACTER", "CHARSET", "COLLATE", "ASCII", "UNICODE", "BYTE"})
_OF_KEYS = frozenset({"AUTO_INCREMENT", "AUTO_RANDOM", "PRIMARY", "KEY", "UNIQUE", "REFERENCES"})


@dataclass(frozen=True, slots=True)
class ColumnText:
    """One column.

    Attributes:
        text: its name and definition, as they stand in the statement.
        before: the column that stands before it; None: it is the first.
        demands: words by which it would bring more than itself, such as a key.
        needs_value: it may not be NULL, and has no default.
        stored: it is computed, and its values are kept.
    """

    name: str
    text: str
    before: str | None
    demands: tuple[str, ...]
    needs_value: bool
    stored: bool = False


def column_texts(statement: str, body_at: int, *, ansi_quotes: bool = False) -> tuple[ColumnText, ...]:
    """The columns of a statement, in their order.

    Args:
        body_at: where the parenthesis opens that they stand in.
    """
    items, options = _split([token for token in scan(statement) if token.at >= body_at])
    of_table = _charset_clause(options)
    found: list[ColumnText] = []
    for item in items:
        column = _column(statement, item, of_table, found[-1].name if found else None, ansi_quotes)
        if column is not None:
            found.append(column)
    return tuple(found)


def _split(tokens: Sequence[Token]) -> tuple[list[list[Token]], list[Token]]:
    """The items between the first parenthesis and its end, and what follows; version comments stay as they are."""
    items: list[list[Token]] = [[]]
    depth = 0
    for at, token in enumerate(tokens):
        mark = token.text if token.kind == "mark" else ""
        depth += (mark == "(") - (mark == ")")
        if depth == 0:
            return items, list(tokens[at + 1 :])
        if mark == "," and depth == 1:
            items.append([])
        elif (mark, depth) != ("(", 1) or items[-1]:
            items[-1].append(token)
    return items, []


def _column(
    statement: str, item: Sequence[Token], of_table: str, before: str | None, ansi_quotes: bool
) -> ColumnText | None:
    plain = [token for token in item if token.kind not in {"open", "close"}]
    column = column_of(plain, ansi_quotes)
    if column is None:
        return None
    words = outer_words(plain[1:])
    text = statement[item[0].at : item[-1].end]
    if words and words[0] in _TEXTS and of_table and _OF_CHARSET.isdisjoint(words):
        place = _after_type(plain) - item[0].at
        text = f"{text[:place]} {of_table}{text[place:]}"
    comments = [token.kind for token in item if token.kind in {"open", "close"}]
    is_whole = comments == ["open", "close"] * (len(comments) // 2)
    demands = [word for word in words if word in _OF_KEYS] + ([] if is_whole else ["a comment over several columns"])
    needs_value = "NOT NULL" in " ".join(words) and "DEFAULT" not in words and not column.generated
    stored = column.generated and not {"STORED", "PERSISTENT"}.isdisjoint(words)
    return ColumnText(column.name, text, before, tuple(demands), needs_value, stored)


def _after_type(plain: Sequence[Token]) -> int:
    """Where the type ends, with its length or labels."""
    if len(plain) < 3 or plain[2].text != "(":
        return plain[1].end
    return next((token.end for token in plain[3:] if (token.kind, token.text) == ("mark", ")")), plain[1].end)


def _charset_clause(options: Sequence[Token]) -> str:
    """``CHARACTER SET x COLLATE y`` as the table's options say it; "": they don't."""
    values = [token for token in options if token.text != "=" and token.kind not in {"open", "close"}]
    said: dict[str, str] = {}
    for at, token in enumerate(values[:-1]):
        word = token.text.upper() if token.kind == "word" else ""
        if word == "PARTITION":
            break
        value = values[at + 1].text.strip("'\"`")
        if word == "CHARSET" or (word == "SET" and at and values[at - 1].text.upper() == "CHARACTER"):
            said.setdefault("CHARACTER SET", value)
        elif word == "COLLATE":
            said.setdefault("COLLATE", value)
    return " ".join(f"{word} {said[word]}" for word in ("CHARACTER SET", "COLLATE") if word in said)
