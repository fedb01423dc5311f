"""What decides about a column's values: its type with all that belongs to it, as a dump or the server says it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from airflow_dm_loader.dump.ddl_tokens import Token, tokenize

_SYNONYMS = {
    "integer": "int", "numeric": "decimal", "dec": "decimal", "fixed": "decimal", "real": "double",
    "bool": "tinyint", "boolean": "tinyint", "int1": "tinyint", "int2": "smallint", "int3": "mediumint",
    "int4": "int", "int8": "bigint", "middleint": "mediumint", "character": "char", "nchar": "char",
    "nvarchar": "varchar", "geomcollection": "geometrycollection",
}  # fmt: skip
_NUMBER = re.compile(r"[0-9]{1,18}")
_CHARSET_OF = {"utf8": "utf8mb3"}
TEXTS = frozenset({"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"})


@dataclass(frozen=True, slots=True)
class ColumnShape:
    """One column.

    Attributes:
        kind: the type's name, in lower case: ``varchar``.
        args: what stands in its parenthesis: ``("20",)``, or labels without their quotes.
        charset: of text; None: it is not said, or it has none.
        shown: its definition, for people.
    """

    name: str
    kind: str
    args: tuple[str, ...] = ()
    zerofill: bool = False
    charset: str | None = None
    nullable: bool = True
    generated: bool = False
    automatic: bool = False  # AUTO_INCREMENT
    shown: str = ""

    def number(self, at: int, default: int) -> int:
        """The argument at a place, as a number."""
        return int(self.args[at]) if len(self.args) > at and _NUMBER.fullmatch(self.args[at]) else default


def shape_of(name: str, definition: str, *, charset: str | None = None, generated: bool = False) -> ColumnShape:
    """Of a definition as CREATE TABLE has it behind the name, or information_schema's ``column_type``.

    Args:
        charset: the table's, for text that names none of its own.
    """
    tokens = list(tokenize(definition))
    kind = tokens[0].text.lower() if tokens else ""
    kind = _SYNONYMS.get(kind, kind)
    args, after = _args(tokens)
    words = [token.text.upper() if token.kind == "word" else "" for token in tokens[after:]]
    own = _own_charset(tokens[after:], words)
    return ColumnShape(
        name,
        kind,
        args,
        zerofill="ZEROFILL" in words,
        charset=charset_name(own or charset) if kind in TEXTS else None,
        nullable="NOT" not in words and "PRIMARY" not in words,
        generated=generated,
        automatic="AUTO_INCREMENT" in words,
        shown=_shown(tokens, after, (own or charset) if kind in TEXTS else None),
    )


def charset_name(name: str | None) -> str | None:
    """``utf8`` and ``utf8mb3`` are one."""
    return None if name is None else _CHARSET_OF.get(name.lower(), name.lower())


def _args(tokens: Sequence[Token]) -> tuple[tuple[str, ...], int]:
    if len(tokens) < 2 or tokens[1].text != "(":
        return (), min(1, len(tokens))
    end = next(
        (at for at in range(2, len(tokens)) if tokens[at].text == ")" and tokens[at].kind == "mark"), len(tokens)
    )
    return tuple(_plain(token) for token in tokens[2:end] if token.text != "," or token.kind == "string"), end + 1


def _plain(token: Token) -> str:
    if token.kind != "string":
        return token.text
    quote = token.text[0]
    return token.text[1:-1].replace(quote * 2, quote).replace("\\\\", "\\").replace(f"\\{quote}", quote)


def _own_charset(tokens: Sequence[Token], words: Sequence[str]) -> str | None:
    for at, word in enumerate(words[:-1]):
        if word == "CHARSET" or (word == "SET" and at and words[at - 1] == "CHARACTER"):
            return tokens[at + 1].text
    for at, word in enumerate(words[:-1]):
        if word == "COLLATE":
            return tokens[at + 1].text.partition("_")[0]
    return None


def _shown(tokens: Sequence[Token], after: int, charset: str | None) -> str:
    shown = "".join(token.text for token in tokens[:after])
    for token in tokens[after:]:
        if token.text.upper() not in {"UNSIGNED", "ZEROFILL"}:
            break
        shown += f" {token.text.lower()}"
    return shown + (f" CHARACTER SET {charset}" if charset else "")
