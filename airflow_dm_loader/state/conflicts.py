"""Rows that met a row with the same key, or that the server refused, kept for a person to look at.

Those in conflict (on_duplicate_logical=manual), and those that were refused (max_error_rows), make the load pause; they
can be loaded again, see ``phases/replaying.py``. Of those that were replaced or ignored, as many are
kept as a setting says, and nothing waits for anybody.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from airflow_dm_loader.identifiers import OfTable, TableName
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.answers import as_bytes, as_number, as_text

# The connection speaks the file's charset and sql_mode here; hex means the same in all of them.
MET = "; the row that exists: "  # what stands in ``error`` behind the server's text, before that row
_TEXT = "CONVERT(UNHEX(%s) USING utf8mb4)"


class Kind(StrEnum):
    """What became of the row that is kept."""

    CONFLICT = "conflict"  # it came, and is in the table not yet
    IGNORED = "ignored"  # it came, and is not in the table
    REPLACED = "replaced"  # it was in the table, and is not any more
    REFUSED = "refused"  # it came, and the server refused it, or would have changed it
    REPLAYED = "replayed"  # it was in conflict or refused, and was loaded later


# Of which a person must say what becomes of them.
ASIDE = (Kind.CONFLICT, Kind.REFUSED)
ASIDE_SQL = "kind IN ('conflict', 'refused')"


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
    error_kind: str = ""  # of max_error_rows, where that counts it


def store(meta: Meta, load_id: int, conflict: Conflict, session: Mapping[str, str | int]) -> None:
    """Keep a row, in the transaction of its chunk.

    Args:
        session: the variables that it was sent with, and is to be sent with again.
    """
    meta.db.execute(
        f"INSERT INTO {meta['conflict']} (load_id, table_schema, table_name, file_name, file_offset, errno, error, "
        f"column_list, row_data, kind, error_kind, session) VALUES (%s, {_TEXT}, {_TEXT}, {_TEXT}, %s, %s, {_TEXT}, "
        f"{_TEXT}, UNHEX(%s), {_TEXT}, {_TEXT}, {_TEXT})",
        (
            load_id,
            text_in_hex(conflict.schema),
            text_in_hex(conflict.table),
            text_in_hex(conflict.file),
            conflict.offset,
            conflict.errno,
            text_in_hex(conflict.error),
            text_in_hex(conflict.column_list),
            conflict.row_data.hex(),
            text_in_hex(conflict.kind),
            text_in_hex(conflict.error_kind),
            text_in_hex(json.dumps(dict(session))),
        ),
    )


def count(meta: Meta, load_id: int, kind: Kind = Kind.CONFLICT) -> int:
    """How many rows of a kind the load has: of those in conflict, unless another is said."""
    row = meta.db.sure(
        f"SELECT COUNT(*) FROM {meta['conflict']} WHERE load_id = %s AND kind = %s",
        (load_id, kind.value),
        shape=(as_number,),
    )
    return int(row[0])


def first(meta: Meta, load_id: int, limit: int = 5, kinds: Sequence[Kind] = ASIDE) -> tuple[Conflict, ...]:
    """A few rows that were set aside, to show."""
    places = ", ".join(["%s"] * len(kinds))
    rows = meta.db.query(
        "SELECT table_schema, table_name, file_name, file_offset, errno, error, column_list, row_data, "
        f"kind FROM {meta['conflict']} WHERE load_id = %s AND kind IN ({places}) "
        "ORDER BY conflict_id LIMIT %s",
        (load_id, *(kind.value for kind in kinds), limit),
        shape=(as_text, as_text, as_text, as_number, as_number, as_text, as_text, as_bytes, Kind),
    )
    return tuple(replace(Conflict(*row[:8]), kind=row[8]) for row in rows)


def kept(meta: Meta, load_id: int) -> dict[TableName, int]:
    """table -> how many of its rows were replaced or ignored, and are kept."""
    return {
        TableName(str(schema), str(table)): int(number)
        for schema, table, number in meta.db.query(
            f"SELECT table_schema, table_name, COUNT(*) FROM {meta['conflict']} "
            "WHERE load_id = %s AND kind IN ('replaced', 'ignored') GROUP BY table_schema, table_name",
            (load_id,),
            shape=(as_text, as_text, as_number),
        )
    }


def text_in_hex(text: str) -> str:
    """For ``CONVERT(UNHEX(%s) USING utf8mb4)``, which means the same in every charset of a session."""
    return text.encode("utf-8", "backslashreplace").hex()
