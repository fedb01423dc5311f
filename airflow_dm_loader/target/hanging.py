"""What hangs on tables: triggers, and foreign keys of others that refer to them. The one reader of both.

A schema's are read at once, and names are compared here: servers compare them in information_schema without case, also
where they tell tables of such names apart.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from airflow_dm_loader.errors import TargetError
from airflow_dm_loader.identifiers import TableName, quote
from airflow_dm_loader.target.answers import as_number, as_text
from airflow_dm_loader.target.connection import Database


class Hanging(StrEnum):
    """What can hang on a table."""

    TRIGGER = "trigger"
    FOREIGN_KEY = "foreign key"


@dataclass(frozen=True, slots=True)
class Hung:
    """One of them. ``table``: that it is of; of a foreign key the one that refers."""

    kind: Hanging
    table: TableName
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name} of {self.table}"


@dataclass(frozen=True, slots=True)
class Trigger(Hung):
    """``event``: ``INSERT``, ``UPDATE`` or ``DELETE``."""

    event: str


@dataclass(frozen=True, slots=True)
class ForeignKey(Hung):
    """One that refers to a table. ``on_delete``, ``on_update``: ``CASCADE``, for example; None: it can't be known."""

    columns: tuple[str, ...]
    parent: TableName
    parent_columns: tuple[str, ...]
    on_delete: str | None
    on_update: str | None

    @property
    def changes_children(self) -> bool:
        """Whether rows of its table change where their parents are deleted."""
        return str(self.on_delete).upper() not in {"RESTRICT", "NO ACTION"}

    def drop(self) -> str:
        return f"ALTER TABLE {self.table.quoted} DROP FOREIGN KEY {quote(self.name)}"

    def add(self, *, child: TableName | None = None, parent: TableName | None = None) -> str:
        """The ALTER TABLE that makes it; of another table, without its name, or to another one, where that is said.

        Raises:
            TargetError: the account may not see its rules.
        """
        if self.on_delete is None or self.on_update is None:
            raise TargetError(f"the account may not see the rules of the {self}", table=str(self.parent))
        to = parent or self.parent
        name = "" if child else f"CONSTRAINT {quote(self.name)} "
        return (
            f"ALTER TABLE {(child or self.table).quoted} ADD {name}FOREIGN KEY "
            f"({_list(self.columns)}) REFERENCES {to.quoted} ({_list(self.parent_columns)}) "
            f"ON DELETE {self.on_delete} ON UPDATE {self.on_update}"
        )

    def orphans(self, parent: TableName) -> str:
        """A SELECT that finds a row whose parent is missing in another table than its own."""
        pairs = [
            (f"c.{quote(ours)}", f"p.{quote(theirs)}")
            for ours, theirs in zip(self.columns, self.parent_columns, strict=True)
        ]
        joined = " AND ".join(f"{ours} = {theirs}" for ours, theirs in pairs)
        said = " AND ".join(f"{ours} IS NOT NULL" for ours, _ in pairs)
        return (
            f"SELECT 1 FROM {self.table.quoted} c LEFT JOIN {parent.quoted} p ON {joined} "
            f"WHERE {said} AND {pairs[0][1]} IS NULL LIMIT 1"
        )


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(map(quote, names))


def triggers_of(db: Database, tables: Collection[TableName]) -> list[Trigger]:
    """The triggers of tables, as far as the user may see them, each table's in the order in which they are made."""
    wanted = _wanted(db, tables)
    found = []
    for schema in sorted({table.schema for table in tables}):
        for home, table, name, event in db.query(
            "SELECT event_object_schema, event_object_table, trigger_name, event_manipulation "
            "FROM information_schema.triggers WHERE event_object_schema = %s "
            "ORDER BY event_object_table, event_manipulation, action_timing, action_order",
            (schema,),
            shape=(as_text, as_text, as_text, as_text),
        ):
            key = wanted.get(TableName(str(home), str(table)).folded(db.folds_names))
            if key is not None and key.schema == schema:
                found.append(Trigger(Hanging.TRIGGER, key, str(name), str(event).upper()))
    return found


def foreign_keys_to(db: Database, tables: Collection[TableName]) -> list[ForeignKey]:
    """All that refer to tables, as far as the user may see them; those of the tables themselves among them."""
    wanted = _wanted(db, tables)
    found = []
    for schema in sorted({table.schema for table in tables}):
        rows = db.query(
            "SELECT table_schema, table_name, constraint_name, referenced_table_schema, referenced_table_name, "
            "column_name, referenced_column_name FROM information_schema.key_column_usage "
            "WHERE referenced_table_schema = %s AND referenced_table_name IS NOT NULL "
            "ORDER BY table_schema, table_name, constraint_name, ordinal_position",
            (schema,),
            shape=(as_text,) * 7,
        )
        for (child_schema, child, name, to_schema, to), columns in groupby(rows, key=lambda row: tuple(row[:5])):
            parent = wanted.get(TableName(str(to_schema), str(to)).folded(db.folds_names))
            if parent is not None and parent.schema == schema:
                key = TableName(str(child_schema), str(child))
                pairs = [(str(row[5]), str(row[6])) for row in columns]
                ours, theirs = zip(*pairs, strict=True)
                rules = _rules(db, key, str(name))
                found.append(ForeignKey(Hanging.FOREIGN_KEY, key, str(name), ours, parent, theirs, *rules))
    return found


def foreign_keys_from_outside(
    db: Database, tables: Collection[TableName], inside: Collection[TableName] = ()
) -> Iterator[ForeignKey]:
    """Those that refer to tables, of tables that are neither among them nor ``inside``."""
    known = _wanted(db, {*tables, *inside})
    return (key for key in foreign_keys_to(db, tables) if key.table.folded(db.folds_names) not in known)


def is_there(db: Database, hung: Hung) -> bool:
    """Whether the server has it now."""
    db.rollback()
    if hung.kind is Hanging.TRIGGER:
        sql = "SELECT 1 FROM information_schema.triggers WHERE trigger_schema = %s AND trigger_name = %s"
        return bool(db.query(sql, (hung.table.schema, hung.name), shape=(as_number,)))
    sql = (
        "SELECT 1 FROM information_schema.table_constraints WHERE table_schema = %s AND table_name = %s "
        "AND constraint_name = %s AND constraint_type = 'FOREIGN KEY'"
    )
    return bool(db.query(sql, (*hung.table, hung.name), shape=(as_number,)))


def _wanted(db: Database, tables: Collection[TableName]) -> dict[TableName, TableName]:
    return {table.folded(db.folds_names): table for table in tables}


def _rules(db: Database, child: TableName, name: str) -> tuple[str | None, str | None]:
    row = db.one(
        "SELECT delete_rule, update_rule FROM information_schema.referential_constraints WHERE constraint_schema = %s "
        "AND table_name = %s AND constraint_name = %s",
        (*child, name),
        shape=(as_text, as_text),
    )
    return (str(row[0]), str(row[1])) if row is not None else (None, None)
