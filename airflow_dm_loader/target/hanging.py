"""Triggers on tables, and foreign keys of others that refer to them: whether they are there, and what they are."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_dm_loader.identifiers import TableName, quote
from airflow_dm_loader.target.answers import as_number, as_text
from airflow_dm_loader.target.connection import Database


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """One that refers to a table.

    Attributes:
        child: the table that it is of.
        rules: ``ON DELETE ... ON UPDATE ...``.
    """

    child: TableName
    name: str
    columns: tuple[str, ...]
    parent: TableName
    parent_columns: tuple[str, ...]
    rules: str

    def drop(self) -> str:
        return f"ALTER TABLE {self.child.quoted} DROP FOREIGN KEY {quote(self.name)}"

    def add(self, *, child: TableName | None = None, parent: TableName | None = None) -> str:
        """The ALTER TABLE that makes it; of another table, without its name, or to another one, where that is said."""
        to = parent or self.parent
        name = "" if child else f"CONSTRAINT {quote(self.name)} "
        return (
            f"ALTER TABLE {(child or self.child).quoted} ADD {name}FOREIGN KEY "
            f"({_list(self.columns)}) REFERENCES {to.quoted} ({_list(self.parent_columns)}) {self.rules}"
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
            f"SELECT 1 FROM {self.child.quoted} c LEFT JOIN {parent.quoted} p ON {joined} "
            f"WHERE {said} AND {pairs[0][1]} IS NULL LIMIT 1"
        )


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(map(quote, names))


def triggers_in_order(db: Database, table: TableName) -> list[str]:
    """The names of a table's triggers, in the order in which they are to be made."""
    rows = db.query(
        "SELECT trigger_name FROM information_schema.triggers WHERE event_object_schema = %s "
        "AND event_object_table = %s ORDER BY event_manipulation, action_timing, action_order",
        table,
        shape=(as_text,),
    )
    return [str(name) for (name,) in rows]


def has_trigger(db: Database, schema: str, name: str) -> bool:
    db.rollback()
    sql = "SELECT 1 FROM information_schema.triggers WHERE trigger_schema = %s AND trigger_name = %s"
    return bool(db.query(sql, (schema, name), shape=(as_number,)))


def has_foreign_key(db: Database, child: TableName, name: str) -> bool:
    db.rollback()
    sql = (
        "SELECT 1 FROM information_schema.table_constraints WHERE table_schema = %s AND table_name = %s "
        "AND constraint_name = %s AND constraint_type = 'FOREIGN KEY'"
    )
    return bool(db.query(sql, (*child, name), shape=(as_number,)))


def foreign_keys_to(db: Database, table: TableName) -> list[ForeignKey]:
    """All that refer to a table, those of itself among them."""
    found: dict[tuple[TableName, str], list[tuple[str, str]]] = {}
    for schema, child, name, column, theirs in db.query(
        "SELECT table_schema, table_name, constraint_name, column_name, referenced_column_name "
        "FROM information_schema.key_column_usage WHERE referenced_table_schema = %s AND referenced_table_name = %s "
        "ORDER BY table_schema, table_name, constraint_name, ordinal_position",
        table,
        shape=(as_text,) * 5,
    ):
        key = TableName(str(schema), str(child)), str(name)
        found.setdefault(key, []).append((str(column), str(theirs)))
    return [
        ForeignKey(
            child,
            name,
            tuple(ours for ours, _ in pairs),
            table,
            tuple(theirs for _, theirs in pairs),
            _rules(db, child, name),
        )
        for (child, name), pairs in found.items()
    ]


def _rules(db: Database, child: TableName, name: str) -> str:
    row = db.one(
        "SELECT delete_rule, update_rule FROM information_schema.referential_constraints WHERE constraint_schema = %s "
        "AND table_name = %s AND constraint_name = %s",
        (*child, name),
        shape=(as_text, as_text),
    )
    return f"ON DELETE {row[0]} ON UPDATE {row[1]}" if row is not None else ""
