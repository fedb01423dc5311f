"""What a migration is: what it adds to the meta schema, and how it is written down.

A migration only ever adds: a loader of the version before may still be at work. What it adds to the tables can be
repeated, what it does to rows commits together with its own row: so nothing is done twice, whoever is killed, and
whoever else begins at the same moment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from airflow_dm_loader.identifiers import TableName

ROW_VERSION = 1
# The migrations' own table comes before all of them.
OWN_TABLE = "migration"
OWN_COLUMNS = """
        `number` INT UNSIGNED NOT NULL PRIMARY KEY,
        `what` VARCHAR(255) NOT NULL,
        `applied_at` DATETIME(6) NOT NULL"""
_ROW_VERSION = f"`row_version` TINYINT UNSIGNED NOT NULL DEFAULT {ROW_VERSION}"
_COLUMN = re.compile(r"^ *+`(\w+)` ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the meta schema from a version to the next.

    Attributes:
        number: the version that it leads to.
        tables: new ones, name without ``dm_loader_`` -> columns and keys, a line each; ``row_version`` is added.
        columns: new ones, table -> column -> definition. NULL or with a DEFAULT: older loaders name their columns.
        rows: statements that change rows, with tables in braces: ``UPDATE {load} SET ...``.
    """

    number: int
    what: str
    tables: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    rows: tuple[str, ...] = ()


def meta_table(schema: str, name: str) -> str:
    """``("dm_meta", "chunk")`` -> `` `dm_meta`.`dm_loader_chunk` ``."""
    return TableName(schema, f"dm_loader_{name}").quoted


def tables_after(migrations: Iterable[Migration]) -> dict[str, str]:
    """table -> its columns and keys once all of these are done: a new meta schema begins with that."""
    found = {OWN_TABLE: f"{OWN_COLUMNS},\n        {_ROW_VERSION}"}
    for migration in migrations:
        found |= {name: f"{body},\n        {_ROW_VERSION}" for name, body in migration.tables.items()}
        for table, columns in migration.columns.items():
            found[table] += "".join(f",\n        `{name}` {kind}" for name, kind in columns.items())
    return found


def column_names(body: str) -> tuple[str, ...]:
    """The columns of a table's body, in order."""
    return tuple(_COLUMN.findall(body))
