"""The rows that Lightning set aside in the target: DM's ``hasDup``, and where to look.

The tables' names differ by Lightning's version, so they are found with LIKE. All sources of a task share them, as in
DM; rows that were there before this load's first run do not count.
"""

from __future__ import annotations

from dataclasses import dataclass

from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.target.answers import as_number, as_text, maybe
from airflow_dm_loader.target.connection import Database

# conflict_error_v1 to _v4 (index conflicts), conflict_records, _v2 (before the import)
_CONFLICTS = ("conflict\\_error\\_v%", "conflict\\_records%")
_OTHERS = ("type\\_error\\_v%", "syntax\\_error\\_v%")
_VIEW = "conflict_view"  # all of them at once, where the version has it


@dataclass(frozen=True, slots=True)
class SetAside:
    """Rows of one target table in one of Lightning's tables."""

    where: str  # Lightning's table, quoted
    table: str  # "schema.table"
    rows: int
    is_conflict: bool  # else of a wrong type or syntax


def last_task_id(db: Database, schema: str) -> int:
    """The highest ``task_id`` of any row; 0 where there is none."""
    ids = [
        db.one(f"SELECT MAX(task_id) FROM {TableName(schema, name).quoted}", shape=(maybe(as_number),))
        for name in _names(db, schema, _ALL)
    ]
    return max((int(row[0]) for row in ids if row is not None and row[0] is not None), default=0)


def rows_set_aside(db: Database, schema: str, task_id_before: int) -> tuple[SetAside, ...]:
    """What was set aside since, by target table."""
    found = []
    for patterns, is_conflict in ((_CONFLICTS, True), (_OTHERS, False)):
        for name in _names(db, schema, patterns):
            where = TableName(schema, name).quoted
            for table, rows in db.query(
                f"SELECT table_name, COUNT(*) FROM {where} WHERE task_id > %s GROUP BY table_name ORDER BY table_name",
                (task_id_before,),
                shape=(as_text, as_number),
            ):
                found.append(SetAside(where, str(table).replace("`", ""), int(rows), is_conflict))
    return tuple(found)


def view_of(db: Database, schema: str) -> str | None:
    """The view over all rows in conflict, if this version made one."""
    return TableName(schema, _VIEW).quoted if _names(db, schema, ("conflict\\_view",)) else None


_ALL = (*_CONFLICTS, *_OTHERS)


def _names(db: Database, schema: str, patterns: tuple[str, ...]) -> list[str]:
    either = " OR ".join(["table_name LIKE %s"] * len(patterns))
    rows = db.query(
        f"SELECT table_name FROM information_schema.tables WHERE table_schema = %s AND ({either}) ORDER BY table_name",
        (schema, *patterns),
        shape=(as_text,),
    )
    return [str(row[0]) for row in rows]
