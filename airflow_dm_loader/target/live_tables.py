"""What a live table is like at a moment, so that a later look can tell whether somebody changed it between the two.

The server is asked what costs little: the number of rows, when the table was made, when a row was changed last, and its
definition. When a row was changed is kept in memory, so a restart of the server loses it; a look then says that.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from airflow_dm_loader.errors import LoaderError
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.server_errors import NO_SUCH_TABLE
from airflow_dm_loader.target.answers import as_number, as_real, as_text, as_truth, maybe, read_stored
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.unique_keys import count_rows

_AUTO_INCREMENT = re.compile(r" AUTO_INCREMENT=\d+")
_SAME_START_S = 1.5  # a start is computed from whole seconds


@dataclass(frozen=True, slots=True)
class LiveLook:
    """A table at one moment; ``changed_at``: when a row was changed last, "" where the server does not know.

    ``server_since``: when the server started, in seconds of its own clock.
    """

    exists: bool
    rows: int = 0
    created_at: str = ""
    changed_at: str = ""
    definition: str = ""  # SHA-256
    server_since: float = 0.0

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> LiveLook:
        """Raises CheckpointError: it is none of :meth:`to_json`'s."""
        return read_stored(cls, text, "what was seen of a live table")

    def changes(self, now: LiveLook) -> Iterator[str]:
        """What is otherwise now, in words."""
        if self.exists != now.exists:
            yield "it is there now" if now.exists else "it is gone"
            return
        if self.rows != now.rows:
            yield f"it had {self.rows:,} rows and has {now.rows:,}"
        if self.definition != now.definition:
            yield "its definition is another"
        if self.created_at != now.created_at and not self._restarted(now):  # which may touch a table's file
            yield f"it was made at {now.created_at}, and before at {self.created_at}"
        if now.changed_at and self.changed_at != now.changed_at:
            yield f"rows were changed at {now.changed_at}"

    def unknown(self, now: LiveLook) -> str:
        """What the two looks can't tell, in words; "" where a change of any row would show."""
        if not now.exists or not self.exists:
            return ""
        if self.changed_at and now.changed_at:
            return ""
        if not self.changed_at and not now.changed_at and not self._restarted(now) and self.server_since:
            return ""  # nobody has written to it since the server started
        return "whether rows were changed in place: the server does not keep when, or was restarted"

    def _restarted(self, now: LiveLook) -> bool:
        return abs(self.server_since - now.server_since) > _SAME_START_S


def look(db: Database, table: TableName, *, keeps_time: bool = True) -> LiveLook:
    """Look at a table; its rows are counted.

    Args:
        keeps_time: whether the server keeps when a table's rows were changed last.
    """
    for _ in range(8):
        found = _look(db, table, keeps_time=keeps_time)
        if found is not None:
            return found
        time.sleep(0.2)  # it was changed this very second: another change in it would not show
    return _look(db, table, keeps_time=keeps_time, settled=True) or LiveLook(exists=False)


def space_bytes(db: Database, tables: Iterator[TableName] | list[TableName]) -> int:
    """What tables take with their indexes, as the server estimates it."""
    wanted = set(tables)
    total = 0
    for schema in sorted({schema for schema, _ in wanted}):
        for table, size in db.query(
            "SELECT table_name, COALESCE(data_length, 0) + COALESCE(index_length, 0) FROM information_schema.tables "
            "WHERE table_schema = %s",
            (schema,),
            shape=(as_text, as_number),
        ):
            total += int(size) if (schema, str(table)) in wanted else 0
    return total


def _look(db: Database, table: TableName, *, keeps_time: bool, settled: bool = False) -> LiveLook | None:
    """None: rows may be changed in the second of the last change."""
    db.rollback()
    row = db.one(
        "SELECT CAST(create_time AS CHAR), CAST(update_time AS CHAR), update_time >= NOW(), "
        "UNIX_TIMESTAMP() FROM information_schema.tables WHERE table_schema = %s AND table_name = %s",
        table,
        shape=(maybe(as_text), maybe(as_text), maybe(as_truth), as_number),
    )
    if row is None:
        return LiveLook(exists=False)
    if row[2] and not settled:
        return None
    uptime = {
        str(name).lower(): float(value)
        for name, value in db.query("SHOW GLOBAL STATUS LIKE 'Uptime'", shape=(as_text, as_real))
    }
    try:
        rows = count_rows(db, *table)
        made = db.one(f"SHOW CREATE TABLE {table.quoted}", shape=(as_text, as_text, ...))
    except LoaderError as error:
        if error.errno not in NO_SUCH_TABLE:
            raise
        return LiveLook(exists=False)
    finally:
        db.rollback()
    text = _AUTO_INCREMENT.sub("", str(made[1]) if made is not None else "")
    return LiveLook(
        exists=True,
        rows=rows,
        created_at=str(row[0] or ""),
        changed_at=str(row[1] or ""),
        definition=hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest(),
        server_since=float(row[3]) - uptime["uptime"] if keeps_time and "uptime" in uptime else 0.0,
    )
