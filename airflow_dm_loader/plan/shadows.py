"""Where the tables of a load are filled before they are swapped in, and where the ones go that they replace.

The names carry the round's token: no attempt of another round has the same, so none can touch this one's tables.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.plan.load_plan import LoadPlan, PlannedDatabase, PlannedTable

_NAME_LIMIT = 64  # characters, at every server
_HASH = 8


@dataclass(frozen=True, slots=True)
class Shadows:
    """The names of one round of a load task.

    Args:
        token: the round's.
        beside: shadows are in the schema of the live tables, under longer names; else in schemas of their own, where
            they and their foreign keys have the names that the dump gives them.
    """

    token: str
    beside: bool

    def shadow(self, live: TableName) -> TableName:
        """Where the rows of a table go at first."""
        return self._name(live, "new")

    def former(self, live: TableName) -> TableName:
        """Where the table goes that is replaced."""
        return self._name(live, "old")

    def mark(self, schema: str) -> tuple[TableName, TableName]:
        """The table that is renamed in the same statement as all others: its name before it, and after."""
        if self.beside:
            return TableName(schema, f"dm_loader_new_{self.token}"), TableName(schema, f"dm_loader_old_{self.token}")
        name = f"dm_loader_mark_{self.token}"
        return TableName(self.schema(schema, "new"), name), TableName(self.schema(schema, "old"), name)

    def schema(self, live: str, which: str) -> str:
        """The schema that shadows (``new``) or former tables (``old``) of a live schema are in."""
        return live if self.beside else _fit(live, f"__dm_{which}_{self.token}")

    def place(self, plan: LoadPlan) -> LoadPlan:
        """The plan with each table's rows going to its shadow. Views stay: they are made once all is in place."""
        places = {table.key: self.shadow(table.key) for table in plan.tables}
        new = {self.schema(table.schema, "new") for table in plan.tables}
        return replace(
            plan,
            databases=(
                *plan.databases,
                *(PlannedDatabase(schema, None) for schema in sorted(new - {found.schema for found in plan.databases})),
            ),
            tables=tuple(_moved(table, places[table.key]) for table in plan.tables),
            files=tuple(
                replace(file, schema=places[file.key].schema, table=places[file.key].table) for file in plan.files
            ),
        )

    def _name(self, live: TableName, which: str) -> TableName:
        schema, table = live
        name = _fit(table, f"__dm_{which}_{self.token}") if self.beside else table
        return TableName(self.schema(schema, which), name)


def grant_pattern(schema: str) -> str:
    r"""The schemas of all rounds of a live schema, as GRANT takes them: ``shop\_\_dm\_%``."""
    return f"{schema}__dm_".replace("_", r"\_") + "%"


def _moved(table: PlannedTable, place: TableName) -> PlannedTable:
    return replace(table, schema=place.schema, table=place.table, live=table.key)


def _fit(name: str, ending: str) -> str:
    """The name with its ending, within what servers take; a name that is cut gets a hash of the whole."""
    room = _NAME_LIMIT - len(ending)
    if len(name) <= room:
        return name + ending
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:_HASH]
    return f"{name[: room - _HASH - 1]}_{digest}{ending}"
