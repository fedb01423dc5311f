"""What a CREATE TABLE holds besides its columns: keys, checks, partitions and the like; to tell what a table lacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from airflow_dm_loader.dump.create_table import column_items, parse_create_table
from airflow_dm_loader.dump.ddl_tokens import Token, identifier, words_of
from airflow_dm_loader.dump.table_features import count_checks, table_features

_Columns = tuple[str, ...]
_KINDS = {"FOREIGN": "foreign key", "PRIMARY": "primary key", "UNIQUE": "unique key", "CHECK": "check"}
_KEYS = frozenset({"KEY", "INDEX", "FULLTEXT", "SPATIAL"})


@dataclass(frozen=True, slots=True)
class TableParts:
    """Parts by kind and name, in lower case -> the columns that they name; columns that are computed; partitions.

    ``checks``: how many, also those without a name. ``features``: see
    :func:`~airflow_dm_loader.dump.table_features.table_features`.
    """

    keys: Mapping[tuple[str, str], _Columns]
    generated: frozenset[str]
    partitioned: bool
    checks: int = 0
    features: tuple[str, ...] = ()


def table_parts(statement: str, *, ansi_quotes: bool = False) -> TableParts | None:
    """The parts of a CREATE TABLE, of a dump or as SHOW CREATE TABLE gives it; None: it is none."""
    parsed = parse_create_table(statement, ansi_quotes=ansi_quotes)
    if parsed is None:
        return None
    items, options = column_items(statement, parsed.body_at)
    keys = {(kind, name.lower()): columns for item in items for kind, name, columns in _key(item, ansi_quotes)}
    return TableParts(
        keys,
        frozenset(column.name.lower() for column in parsed.columns if column.generated),
        "PARTITION" in words_of(options),
        count_checks(statement),
        table_features(statement),
    )


def lacks(dumped: TableParts, there: TableParts) -> tuple[str, ...]:
    """What the dump's table has and the target's has not, in words; a key of other columns counts as lacking."""
    found = []
    unnamed_checks = dumped.checks - there.checks
    for (kind, name), columns in dumped.keys.items():
        if there.keys.get((kind, name)) != columns:
            unnamed_checks -= kind == "check"
            shown = f" {name}" if name else ""
            found.append(f"{kind}{shown}" + (f" ({', '.join(columns)})" if columns else ""))
    if dumped.partitioned and not there.partitioned:
        found.append("partitions")
    if unnamed_checks > 0:
        found.append("a check" if unnamed_checks == 1 else f"{unnamed_checks} checks")
    return (*found, *(feature for feature in dumped.features if feature.lower() not in map(str.lower, there.features)))


def _key(item: Sequence[Token], ansi_quotes: bool) -> Iterator[tuple[str, str, _Columns]]:
    """Kind, name and columns of an item that is a key; those without a name of their own are not told apart."""
    if not item or item[0].kind != "word":
        return
    first, name, at = item[0].text.upper(), "", 0
    if first == "CONSTRAINT":
        name, at = identifier(item, 1, ansi_quotes) or "", 2
        first = words_of(item[2:3])[0] if words_of(item[2:3]) else ""
    kind = _KINDS.get(first, "index" if first in _KEYS else "")
    if not kind or (not name and kind in {"foreign key", "check"}):
        return
    opening = next((place for place in range(at, len(item)) if item[place].text == "("), None)
    if opening is None:
        return
    if not name and kind != "primary key":
        name = identifier(item, opening - 1, ansi_quotes) or ""
        if not name or name.upper() in _KEYS:
            return
    columns = () if kind == "check" else _columns(item, opening, ansi_quotes)
    yield kind, "" if kind == "primary key" else name, columns


def _columns(item: Sequence[Token], opening: int, ansi_quotes: bool) -> _Columns:
    """The columns in the parenthesis; of an expression, nothing is said."""
    columns, depth = [], 0
    for at in range(opening, len(item)):
        mark = item[at].text if item[at].kind == "mark" else ""
        depth += (mark == "(") - (mark == ")")
        if depth == 0:
            break
        if depth == 1 and mark in {"(", ","} and (name := identifier(item, at + 1, ansi_quotes)):
            columns.append(name.lower())
    return tuple(columns)
