"""What the user may do at the server, as SHOW GRANTS says it.

Where that can't be understood whole, nothing is known, and nobody is kept from trying: the server has the last word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from airflow_dm_loader.dump.linear_pattern import compile_linear
from airflow_dm_loader.errors import LoaderError
from airflow_dm_loader.identifiers import quote
from airflow_dm_loader.logs import visible_log
from airflow_dm_loader.target.answers import as_text, maybe
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.server import Server

_log = visible_log(__name__)
_NAME = r"(?:`(?:[^`]|``)+`|\"(?:[^\"]|\"\")+\"|[^`\"\s.*]+)"
_LINE = re.compile(
    r"(?P<verb>GRANT|REVOKE) (?P<privileges>.+?) ON "
    rf"(?:TABLE )?(?P<schema>\*|{_NAME})\.(?P<table>\*|{_NAME}) (?:TO|FROM) ",
    re.IGNORECASE | re.DOTALL,
)
# Lines that say nothing about schemas and tables.
_OTHER = re.compile(
    rf"GRANT {_NAME}(?:@{_NAME})?(?:, ?{_NAME}@{_NAME})* TO "  # a role
    r"|GRANT PROXY ON |GRANT .+? ON (?:PROCEDURE|FUNCTION|PACKAGE(?: BODY)?) |SET DEFAULT ROLE ",
    re.IGNORECASE | re.DOTALL,
)
_WILD = {"%": b".*", "_": rb"(?:[\x00-\x7f\x80-\xbf]|[\xc0-\xff][\x80-\xbf]*)"}  # bytes of UTF-8
_COLUMNS = re.compile(r"\([^)]*+\)?+")


@dataclass(frozen=True, slots=True)
class _Grant:
    privileges: frozenset[str]  # in upper case
    schema: str | None  # a pattern where table is None; None: every schema
    table: str | None  # None: every table

    def covers(self, schema: str | None, table: str | None) -> bool:
        if self.schema is None:
            return True
        if schema is None:
            return False
        if self.table is not None:
            return (self.schema, self.table) == (schema, table)
        return _like(self.schema, schema)


@dataclass(frozen=True, slots=True)
class Privileges:
    """The user and what it may do. ``user``: as GRANT takes it, quoted."""

    user: str
    granted: tuple[_Grant, ...]
    revoked: tuple[_Grant, ...] = ()  # MySQL's partial revokes: exceptions from what holds everywhere
    fold_case: bool = False

    def allows(self, privilege: str, schema: str | None = None, table: str | None = None) -> bool:
        """Whether the user has this privilege: on a table, on a whole schema, or (without both) everywhere."""
        if self.fold_case:
            schema, table = schema and schema.lower(), table and table.lower()
        if any(privilege in grant.privileges and grant.schema == schema for grant in self.revoked):
            return any(
                grant.schema is not None and _has(grant, privilege) and grant.covers(schema, table)
                for grant in self.granted
            )
        return any(_has(grant, privilege) and grant.covers(schema, table) for grant in self.granted)

    def has_schema_with(self, privileges: Iterable[str]) -> bool:
        """Whether there is a schema, by name or by pattern, on which the user has all of these."""
        names = list(privileges)
        places = {grant.schema for grant in self.granted if grant.table is None}
        return any(all(self.allows(name, schema) for name in names) for schema in places)


def ask_privileges(db: Database, server: Server) -> Privileges | None:
    """The current user's privileges, those of its active roles included; None: they can't be known."""
    try:
        lines = [str(row[0]) for row in db.query(_show_grants(db, server), shape=(as_text,))]
        row = db.sure("SELECT CURRENT_USER()", shape=(as_text,))
    except LoaderError as error:
        _log.info("privileges are not looked at, since the server does not show them: %s", error.message)
        return None
    name, _, host = str(row[0]).rpartition("@")
    return parse_grants(lines, user=f"{quote(name)}@{quote(host)}", fold_case=server.lower_case_table_names != 0)


def parse_grants(lines: Iterable[str], *, user: str, fold_case: bool = False) -> Privileges | None:
    """Read SHOW GRANTS; None where a line is of a kind that is not known."""
    granted: list[_Grant] = []
    revoked: list[_Grant] = []
    for line in lines:
        if match := _LINE.match(line):
            schema, table = _unquoted(match["schema"]), _unquoted(match["table"])
            if fold_case:
                schema, table = schema and schema.lower(), table and table.lower()
            (granted if match["verb"].upper() == "GRANT" else revoked).append(
                _Grant(_words(match["privileges"]), schema, table)
            )
        elif not _OTHER.match(line):
            _log.info("privileges are not looked at: SHOW GRANTS has a line of an unknown kind")  # it may hold a hash
            return None
    return Privileges(user, tuple(granted), tuple(revoked), fold_case)


def _show_grants(db: Database, server: Server) -> str:
    """MariaDB shows the active role's privileges by itself; others only when they are told the roles."""
    if server.can.shows_own_roles:
        return "SHOW GRANTS"
    row = db.one("SELECT CURRENT_ROLE()", shape=(maybe(as_text),)) if server.can.has_roles else None
    roles = str(row[0]) if row is not None and row[0] else "NONE"
    return "SHOW GRANTS" if roles.upper() == "NONE" else f"SHOW GRANTS FOR CURRENT_USER() USING {roles}"


def _words(privileges: str) -> frozenset[str]:
    """``SELECT, INSERT (`v`)`` -> both words: which columns are meant is the server's to tell."""
    return frozenset(word.strip().upper() for word in _COLUMNS.sub("", privileges).split(","))


def _has(grant: _Grant, privilege: str) -> bool:
    return not grant.privileges.isdisjoint({privilege, "ALL PRIVILEGES", "ALL"})


def _unquoted(name: str) -> str | None:
    if name == "*":
        return None
    if name[0] in '`"':
        return name[1:-1].replace(name[0] * 2, name[0])
    return name


def _like(pattern: str, schema: str) -> bool:
    r"""The schema of a grant is a pattern: ``shop\_%``."""
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    expression = b"".join(_WILD.get(part) or re.escape(part[-1].encode("utf-8", "surrogateescape")) for part in parts)
    linear = compile_linear(b"(?s)" + expression)
    return linear is not None and linear.fullmatch(schema.encode("utf-8", "surrogateescape")) is not None
