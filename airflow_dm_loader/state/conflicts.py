"""Rows that met a row with the same key, kept for a person to look at.

Those in conflict (on_duplicate_logical=manual) make the load pause. Of those that were replaced or ignored, as many are
kept as a setting says, and nothing waits for anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from airflow_dm_loader.identifiers import OfTable, TableName
from airflow_dm_loader.state.meta import Meta

# The connection speaks the file's charset and sql_mode here; hex means the same in all of them.
MET = "; the row that exists: "  # what stands in ``error`` behind the server's text, before that row
_TEXT = "CONVERT(UNHEX(%s) USING utf8mb4)"


class Kind(StrEnum):
    """What became of the row that is kept."""

    CONFLICT = "conflict"  # it came, and is in the table not yet
    IGNORED = "ignored"  # it came, and is not in the table
    REPLACED = "replaced"  # it was in the table, and is not any more


@dataclass(frozen=True, slots=True)
class Conflict(OfTable):
    """A row that is kept.

    ``row_data`` is the text in the dump of the row that came, parentheses included; of a row that was replaced, it is
    that row's values by column, as strings. ``file`` and ``offset`` are of the row that came.
    """

    schema: str
    table: str
    file: str
    offset: int  # of the row, in the decoded file
    errno: int
    error: str  # the server's text, which names the key, and perhaps the row that exists
    column_list: str
    row_data: bytes
    kind: Kind = Kind.CONFLICT


def store(meta: Meta, load_id: int, conflict: Conflict) -> None:
    """Keep a conflict, in the transaction of its chunk."""
    meta.db.execute(
        f"INSERT INTO {meta['conflict']} (load_id, table_schema, table_name, file_name, file_offset, errno, error, "
        f"column_list, row_data, kind) VALUES (%s, {_TEXT}, {_TEXT}, {_TEXT}, %s, %s, {_TEXT}, {_TEXT}, UNHEX(%s), "
        f"{_TEXT})",
        (
            load_id,
            _hex(conflict.schema),
            _hex(conflict.table),
            _hex(conflict.file),
            conflict.offset,
            conflict.errno,
            _hex(conflict.error),
            _hex(conflict.column_list),
            conflict.row_data.hex(),
            _hex(conflict.kind),
        ),
    )


def count(meta: Meta, load_id: int) -> int:
    """How many conflicts the load has."""
    row = meta.db.one(f"SELECT COUNT(*) FROM {meta['conflict']} WHERE load_id = %s AND kind = 'conflict'", (load_id,))
    assert row is not None
    return int(row[0])


def first(meta: Meta, load_id: int, limit: int = 5) -> tuple[Conflict, ...]:
    """A few conflicts to show."""
    rows = meta.db.query(
        "SELECT table_schema, table_name, file_name, file_offset, errno, error, column_list, row_data "
        f"FROM {meta['conflict']} WHERE load_id = %s AND kind = 'conflict' ORDER BY conflict_id LIMIT %s",
        (load_id, limit),
    )
    return tuple(Conflict(*row) for row in rows)


def kept(meta: Meta, load_id: int) -> dict[TableName, int]:
    """table -> how many of its rows were replaced or ignored, and are kept."""
    return {
        TableName(str(schema), str(table)): int(number)
        for schema, table, number in meta.db.query(
            f"SELECT table_schema, table_name, COUNT(*) FROM {meta['conflict']} "
            "WHERE load_id = %s AND kind <> 'conflict' GROUP BY table_schema, table_name",
            (load_id,),
        )
    }


def _hex(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").hex()
