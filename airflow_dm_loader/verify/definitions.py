"""Columns of a table that existed before the load, and are defined otherwise than in the dump: computed by another
expression, or compared by another collation. What a load creates is the dump's own statement.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from airflow_dm_loader.dump.create_table import CreateTable, parse_create_table
from airflow_dm_loader.dump.ddl_tokens import Token, tokenize
from airflow_dm_loader.dump.schema_files import SchemaFile
from airflow_dm_loader.plan.load_plan import PlannedTable
from airflow_dm_loader.target.answers import as_text, maybe
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.merging import ansi_quotes
from airflow_dm_loader.verify.parts import show_create_table

_BEFORE_EXPRESSION = "AS"
_INTRODUCER = re.compile(r"_(?:utf8mb[34]|utf8|latin1|ascii|binary)", re.IGNORECASE)
_OF_ONE_SERVER = frozenset({"charset", "virtual", "persistent", "stored"})
_SAME = {"utf8_": "utf8mb3_"}


def defined_otherwise(db: Database, name: str, table: PlannedTable, read: Callable[[str], SchemaFile]) -> list[str]:
    """What is otherwise, in words.

    Args:
        name: the table's, quoted.
    """
    if table.schema_file is None:
        return []
    file = read(table.schema_file)
    quotes = ansi_quotes(file)
    dumped = parse_create_table(file.create.decode("utf-8", "surrogateescape"), ansi_quotes=quotes)
    statement = show_create_table(db, name)
    there = parse_create_table(statement) if statement is not None else None
    if dumped is None or there is None:
        return []
    collations = dict(
        db.query(
            "SELECT LOWER(column_name), collation_name FROM information_schema.columns WHERE table_schema = %s "
            "AND table_name = %s AND collation_name IS NOT NULL",
            table.key,
            shape=(as_text, maybe(as_text)),
        )
    )
    return [*_other_expressions(dumped, there), *_other_collations(dumped, collations)]


def _other_expressions(dumped: CreateTable, there: CreateTable) -> Iterator[str]:
    by_name = {column.name.lower(): column for column in there.columns}
    for column in dumped.columns:
        other = by_name.get(column.name.lower())
        if other is None or not (column.generated and other.generated):
            continue  # whether it is computed at all is looked at before the first row
        if _expression(column.definition) != _expression(other.definition):
            yield f"column {column.name} is computed as {other.definition}, in the dump as {column.definition}"


def _expression(definition: str) -> list[str]:
    """The words of a generated column's expression, as both servers write them."""
    tokens = list(tokenize(definition))
    at = next((at for at, token in enumerate(tokens) if token.text.upper() == _BEFORE_EXPRESSION), len(tokens))
    return [_word(token) for token in tokens[at + 1 : _end(tokens, at + 1)] if not _is_of_one_server(token)]


def _end(tokens: Sequence[Token], opening: int) -> int:
    depth = 0
    for at in range(opening, len(tokens)):
        depth += (tokens[at].text == "(") - (tokens[at].text == ")")
        if depth == 0:
            return at
    return len(tokens)


def _word(token: Token) -> str:
    return token.text.strip("`").lower() if token.kind != "string" else token.text


def _is_of_one_server(token: Token) -> bool:
    if token.kind == "mark":
        return token.text in "()"
    return token.kind == "word" and (
        token.text.lower() in _OF_ONE_SERVER or _INTRODUCER.fullmatch(token.text) is not None
    )


def _other_collations(dumped: CreateTable, there: dict[str, str]) -> Iterator[str]:
    for column in dumped.columns:
        found, said = there.get(column.name.lower()), re.search(r"\bCOLLATE (\w+)", column.definition)
        if found is not None and said is not None and _known(said[1]) != _known(found):
            yield f"column {column.name} is compared by {found}, in the dump by {said[1]}"


def _known(collation: str) -> str:
    name = collation.lower()
    return next((new + name[len(old) :] for old, new in _SAME.items() if name.startswith(old)), name)
