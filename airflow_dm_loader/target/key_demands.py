"""Servers that take no table without a primary key: told of all tables at once, before the first is created."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_dm_loader.errors import TargetError
from airflow_dm_loader.server_errors import KEY_REMEDY
from airflow_dm_loader.target.drafts import SchemaDraft
from airflow_dm_loader.target.server import Server

_REQUIRED = "sql_require_primary_key"  # MySQL's and TiDB's
_FORCED = "innodb_force_primary_key"  # MariaDB's, of InnoDB's tables
_GROUP = "group_replication_group_name"  # its members refuse the rows (3098), not the table
_GENERATED = "sql_generate_invisible_primary_key"  # the server adds one by itself


def check_keys(server: Server, draft: SchemaDraft) -> None:
    """Raise TargetError where the server demands a primary key, and tables that would be created have none."""
    demand = _demand(server)
    if demand and (names := list(_without_key(draft, innodb_only=demand == _FORCED))):
        raise TargetError(
            f"the server demands a primary key ({demand}), and these tables of the dump have none: {', '.join(names)}",
            remedy=KEY_REMEDY,
        )


def _demand(server: Server) -> str | None:
    settings = server.settings
    if settings.get(_GENERATED, "OFF").upper() == "ON":
        return None
    for name in (_REQUIRED, _FORCED):
        if settings.get(name, "OFF").upper() == "ON":
            return name
    return "group replication" if settings.get(_GROUP) else None


def _without_key(draft: SchemaDraft, *, innodb_only: bool) -> Iterator[str]:
    for table in draft.tables:
        parsed = None if table.exists else table.parsed
        if parsed is None or parsed.has_key:
            continue
        if not innodb_only or (parsed.engine or "InnoDB").lower() == "innodb":
            yield table.name
