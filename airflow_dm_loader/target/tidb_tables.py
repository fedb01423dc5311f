"""TiDB's kinds of table: global temporary ones, and those that delete their old rows by themselves (TTL)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from airflow_dm_loader.dump.ddl_changes import with_ttl_off
from airflow_dm_loader.dump.schema_objects import GLOBAL_TEMPORARY
from airflow_dm_loader.errors import LoaderError, TargetError
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.logs import visible_log
from airflow_dm_loader.target.answers import as_text
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.drafts import SchemaDraft
from airflow_dm_loader.target.server import Server

_log = visible_log(__name__)


def check_kinds(server: Server, draft: SchemaDraft) -> None:
    """Raise TargetError where the server has no such tables, with the names of all of them."""
    if server.can.own_tables:
        return
    names = [
        table.name
        for table in draft.tables
        if not table.exists and table.file is not None and table.file.options == GLOBAL_TEMPORARY
    ]
    if names:
        raise TargetError(
            f"these tables of the dump are global temporary ones, which {server.flavour} does not have: "
            f"{', '.join(names)}",
            remedy="They hold no rows in the dump. Create tables of these names yourself, or leave them out by "
            "ignore-tables of block_allow_list; then clear.",
        )


def that_delete_rows(db: Database, server: Server, draft: SchemaDraft) -> Iterator[str]:
    """Tables that exist and whose TTL is on: it may delete rows while they come in."""
    if not server.can.own_tables:
        return
    for table in draft.tables:
        if table.exists and table.planned.has_data and _ttl_is_on(db, table.planned.schema, table.planned.table):
            yield (
                f"{table.name} deletes its old rows by TTL, perhaps while they are loaded: ALTER TABLE ... "
                "TTL_ENABLE='OFF' keeps them until you turn it on again"
            )


def enable_ttl(db: Database, tables: Iterable[TableName]) -> None:
    """Once all rows are in and compared: turn the TTL on that was switched off. A problem is logged."""
    for schema, table in tables:
        try:
            db.execute(f"ALTER TABLE {TableName(schema, table).quoted} TTL_ENABLE='ON'")
        except LoaderError as error:
            _log.warning(
                "The TTL of %s.%s stays off; ALTER TABLE ... TTL_ENABLE='ON' it by hand: %s", schema, table, error
            )


def _ttl_is_on(db: Database, schema: str, table: str) -> bool:
    row = db.one(f"SHOW CREATE TABLE {TableName(schema, table).quoted}", shape=(as_text, as_text, ...))
    return row is not None and with_ttl_off(str(row[1])) != str(row[1])
