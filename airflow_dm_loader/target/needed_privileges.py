"""The privileges that a load needs, and which of them its user lacks. ``docs/privileges.md`` tells them to people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from airflow_dm_loader.dump.ddl_tokens import tokenize, words_of
from airflow_dm_loader.errors import TargetError
from airflow_dm_loader.identifiers import quote
from airflow_dm_loader.target.privileges import Privileges
from airflow_dm_loader.target.server import Server

META_PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE")
# Each server has its own name for the privilege to create a view in somebody else's name.
_SET_DEFINER = frozenset({"SET USER", "SET_USER_ID", "SET_ANY_DEFINER", "SUPER"})
_DEFINER = re.compile(
    r"\bDEFINER\s*=\s*(CURRENT_USER\b|(`(?:[^`]|``)+`|[^\s@`]+)\s*@\s*(`(?:[^`]|``)+`|[^\s@`]+))", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Need:
    """A privilege on a table; on a whole schema without ``table``, everywhere without both."""

    privilege: str
    schema: str | None = None
    table: str | None = None
    granted_on: str | None = None  # the schema as GRANT shall name it, where its name is another each time


def check_privileges(privileges: Privileges | None, needs: Iterable[Need]) -> None:
    """Refuse what the server would refuse half-way, all of it at once.

    Raises:
        TargetError: privileges are missing; its remedy is the GRANT statements to run, for whole schemas.
    """
    if privileges is None:
        return
    missing = [need for need in dict.fromkeys(needs) if not privileges.allows(need.privilege, need.schema, need.table)]
    if not missing:
        return
    places: dict[str, list[str]] = {}
    for privilege, schema in dict.fromkeys((need.privilege, need.granted_on or need.schema) for need in missing):
        places.setdefault("*.*" if schema is None else f"{quote(schema)}.*", []).append(privilege)
    lacks = "; ".join(f"{', '.join(names)} on {place}" for place, names in places.items())
    grants = " ".join(f"GRANT {', '.join(names)} ON {place} TO {privileges.user};" for place, names in places.items())
    raise TargetError(
        f"the user {privileges.user} lacks privileges that this load needs: {lacks}",
        remedy=f"Let an administrator run: {grants} Then clear the failed task.",
    )


def row_privileges(schema: str, table: str, *, has_data: bool, replaces: bool) -> Iterator[Need]:
    """To fill a table, to see whether it was empty, and to compare it in the end."""
    yield Need("SELECT", schema, table)
    if has_data:
        yield Need("INSERT", schema, table)
        if replaces:
            yield Need("DELETE", schema, table)


def view_privileges(schema: str, create: str, privileges: Privileges | None, server: Server) -> Iterator[Need]:
    """To create a view, in the name of the definer whom the dump gives."""
    yield Need("CREATE VIEW", schema)
    yield Need("SELECT", schema)
    match = _DEFINER.search(create)
    if match is None or match[2] is None or privileges is None:
        return
    yield from definer_privileges(f"{match[2]}@{match[3]}", privileges, server)


def definer_privileges(account: str | None, privileges: Privileges | None, server: Server) -> Iterator[Need]:
    """To make something in the name of an account, as DEFINER= takes it; None: in the user's own."""
    match = _DEFINER.match(f"DEFINER={account}") if account is not None else None
    if match is None or match[2] is None or privileges is None:
        return
    definer = f"{quote(match[2].strip('`'))}@{quote(match[3].strip('`'))}"
    if definer != privileges.user and not any(privileges.allows(privilege) for privilege in _SET_DEFINER):
        yield Need(server.can.set_definer)


def has_foreign_key(body: str) -> bool:
    """Whether a CREATE TABLE's body refers to another table."""
    return "REFERENCES" in words_of(list(tokenize(body)))
