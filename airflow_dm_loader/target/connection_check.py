"""What somebody who tries a connection is told: which server it is, how it is reached, what the user may do there."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.identifiers import quote
from airflow_dm_loader.target.answers import as_text
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.needed_privileges import META_PRIVILEGES
from airflow_dm_loader.target.privileges import Privileges, ask_privileges
from airflow_dm_loader.target.server import ask_server

# For a load by the default settings that makes its tables; docs/privileges.md says what each is for.
_TABLE_PRIVILEGES = ("SELECT", "INSERT", "DELETE", "CREATE", "ALTER", "REFERENCES", "CREATE VIEW")


def check_connection(
    target: TargetConfig, *, schema: str | None = None, meta_schema: str = "dm_meta"
) -> tuple[bool, str]:
    """Whether a load by the default settings could work there, and what was found, in words.

    Args:
        schema: where rows shall go; None: it is enough that they can go anywhere.

    Raises:
        LoaderError: the server can't be reached, or does not let the user in.
    """
    with Database.open(target) as db:
        server = ask_server(db)
        cipher = db.one("SHOW SESSION STATUS LIKE 'Ssl_cipher'", shape=(as_text, as_text))
        privileges = ask_privileges(db, server)
    tls = f"TLS by {cipher[1]}" if cipher and cipher[1] else "without TLS"
    found = f"Connected to {server} at {target.address}, {tls}."
    if privileges is None:
        return True, f"{found} What the user may do there can't be told, so a load will find out."
    lacks = dict(_lacks(privileges, schema, meta_schema))
    if not lacks:
        return True, f"{found} {privileges.user} has the privileges of a load that creates its tables."
    missing = "; ".join(f"{', '.join(names)} on {place}" for place, names in lacks.items())
    grants = " ".join(f"GRANT {', '.join(names)} ON {place} TO {privileges.user};" for place, names in lacks.items())
    return False, f"{found} {privileges.user} lacks {missing}. An administrator may run: {grants}"


def _lacks(privileges: Privileges, schema: str | None, meta_schema: str) -> Iterator[tuple[str, list[str]]]:
    """Each place, as GRANT names it, and what is missing there."""
    if names := [name for name in META_PRIVILEGES if not privileges.allows(name, meta_schema)]:
        yield f"{quote(meta_schema)}.*", names
    if schema is None and privileges.has_schema_with(_TABLE_PRIVILEGES):
        return
    if names := [name for name in _TABLE_PRIVILEGES if not privileges.allows(name, schema)]:
        yield (f"{quote(schema)}.*" if schema else "*.*"), names
