"""Whether a table that was just created says what the dump's CREATE says, to the letter.

Servers keep names and comments in utf8mb3, and labels and defaults in the column's charset. What has no place there
becomes ``?``, with a warning in some cases and without a word in others. What servers show of a definition is utf8mb3
too: a letter beyond it that a column of all of Unicode, or an expression, keeps is shown as ``?`` or in hex.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from airflow_dm_loader.dump.create_table import column_items
from airflow_dm_loader.dump.ddl_tokens import Token, identifier, tokenize, words_of
from airflow_dm_loader.dump.table_features import count_checks
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.target.answers import as_number, as_text, maybe
from airflow_dm_loader.target.connection import Database, Result

HARMLESS = frozenset({1287, 1681, 3719, 3720, 3778, 4095, 4096})  # this spelling is deprecated, and is as it was
# A letter or a default was changed: out of range, cut, incorrect, or of another charset.
_CHANGES = frozenset({1264, 1265, 1292, 1300, 1366, 1406, 1977, 3854})
_OF_ALL_LETTERS = frozenset({"utf8mb4", "utf16", "utf16le", "utf32", "gb18030"})
_LABELS = frozenset({"ENUM", "SET"})
_BEYOND = re.compile(r"[\U00010000-\U0010ffff]")
_PIECE = re.compile(r"\\(.)|''|\"\"", re.DOTALL)
_ESCAPES = {"0": "\0", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a"}


Warnings = Sequence[tuple[str, int, str]]  # level, number, text


def creation_warnings(db: Database, result: Result) -> Warnings:
    """What the server said of the CREATE that it just ran."""
    if not result.warnings:
        return ()
    return [
        (str(level), int(code), str(text))
        for level, code, text in db.query("SHOW WARNINGS", shape=(as_text, as_number, as_text))
    ]


def worth_telling(warnings: Warnings) -> tuple[str, ...]:
    """The warnings that are about more than a spelling that is out of date, such as a part that was left out."""
    return tuple(
        f"{text} ({code})"
        for level, code, text in warnings
        if (level.lower() == "warning" and code not in HARMLESS and "deprecated" not in text.lower())
        or text.startswith("Placement is ignored")  # TiDB calls that a note
    )


def creation_problem(db: Database, schema: str, table: str, body: str, warnings: Warnings) -> str | None:
    """What the server changed of the CREATE that it just ran, in words; None: nothing.

    Args:
        body: the statement from its columns on.
        warnings: what the server said of it.
    """
    for _, code, text in warnings:
        if code in _CHANGES:
            return f"{text} ({code})"
    if body.isascii():
        return None
    row = db.one(f"SHOW CREATE TABLE {TableName(schema, table).quoted}", shape=(as_text, as_text, ...))
    lost = letters_lost(body, str(row[1]), _columns_of_all_letters(db, schema, table)) if row is not None else ()
    return f"{lost[0]!r} is not in what the target made of it" if lost else None


def letters_lost(asked: str, made: str, whole: Collection[str] = ()) -> tuple[str, ...]:
    """The names and texts with letters beyond ASCII that stand in one CREATE and not in the other.

    Checks that a server leaves out whole, as TiDB may, are told as that.

    Args:
        asked: from the columns on.
        whole: the columns whose charset has all letters, in lower case.
    """
    there = {_plain(token) for token in tokenize(made)}
    keeping = {token.at for token in _that_keep_all(asked, whole)}
    left_out = _in_checks(asked) if count_checks(f"CREATE TABLE t {asked}") > count_checks(made) else frozenset()
    lost = []
    for token in tokenize(asked):
        text = _plain(token)
        if token.text.isascii() or text in there or token.at in left_out:
            continue
        if token.at not in keeping or there.isdisjoint(_shown(text)):
            lost.append(text)
    return tuple(dict.fromkeys(lost))


def _columns_of_all_letters(db: Database, schema: str, table: str) -> set[str]:
    rows = db.query(
        "SELECT column_name, character_set_name FROM information_schema.columns "
        "WHERE table_schema = %s AND table_name = %s",
        (schema, table),
        shape=(as_text, maybe(as_text)),
    )
    return {str(name).lower() for name, charset in rows if charset in _OF_ALL_LETTERS}


def _that_keep_all(body: str, whole: Collection[str]) -> Iterator[Token]:
    """Strings that lose no letter: labels and defaults of such columns, and what stands in expressions; no comment."""
    items, options = column_items(body, body.index("("))
    for item in items:
        column = identifier(item, 0, ansi_quotes=False) if item else None
        yield from _texts(item, in_whole=column is not None and column.lower() in whole)
    yield from _texts(options, in_whole=False)


def _in_checks(body: str) -> frozenset[int]:
    """Where the tokens of CHECK constraints stand, with their names."""
    found: set[int] = set()
    for item in column_items(body, body.index("("))[0]:
        depth = 0
        for at, token in enumerate(item):
            if not depth and words_of([token]) == ["CHECK"]:
                named = words_of(item[max(at - 2, 0) : at - 1]) == ["CONSTRAINT"]
                found.update(before.at for before in item[at - named : at])
                depth = 1
                continue
            if depth:
                found.add(token.at)
                depth += (token.text == "(") - (token.text == ")")
                depth = 0 if depth == 1 else depth
    return frozenset(found)


def _texts(tokens: Sequence[Token], *, in_whole: bool) -> Iterator[Token]:
    openings: list[bool] = []  # whether each parenthesis is one of labels
    for at, token in enumerate(tokens):
        if token.kind == "mark" and token.text == "(":
            openings.append(bool(_LABELS.intersection(words_of(tokens[max(at - 1, 0) : at]))))
        elif token.kind == "mark" and token.text == ")" and openings:
            openings.pop()
        elif token.kind == "string" and (in_whole or (openings and not openings[-1])) and not _is_comment(tokens, at):
            yield token


def _is_comment(tokens: Sequence[Token], at: int) -> bool:
    """Whether a string is one of ``COMMENT 'x'`` or ``COMMENT = 'x'``."""
    return "COMMENT" in words_of(tokens[max(at - 2, 0) : at])


def _shown(text: str) -> set[str]:
    """What servers show in place of a text with letters beyond utf8mb3: ``?`` for a letter, or a byte; or it in hex."""
    raws = (text.encode(codec, "surrogatepass") for codec in ("utf-8", "utf-16-be", "utf-16-le", "utf-32-be"))
    return {_BEYOND.sub("?", text), _BEYOND.sub("????", text)} | {f"0x{raw.hex()}" for raw in raws}


def _plain(token: Token) -> str:
    """What a token says, whatever quotes it stands in."""
    if token.kind == "name":
        return token.text[1:-1].replace("``", "`")
    if token.kind == "string":
        quote = token.text[0]
        return _PIECE.sub(
            lambda match: quote if match[1] is None else _ESCAPES.get(match[1], match[1]), token.text[1:-1]
        )
    return token.text.lower() if token.text[:2].lower() == "0x" else token.text
