"""What servers say otherwise of the same thing, by the flavour of the server (``server.flavour``)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.tables import query

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.servers import AnyServer

from contextlib import contextmanager, nullcontext

CHECK_VIOLATED: Mapping[str, int] = {"mariadb": 4025, "mysql": 3819, "tidb": 3819}
NOT_JSON: Mapping[str, int] = {"mariadb": 4025, "mysql": 3140, "tidb": 3140}  # MariaDB's JSON is a text with a CHECK
# The key in "Duplicate entry '1' for key", for a table ``t``.
PRIMARY_OF_T: Mapping[str, str] = {"mariadb": "PRIMARY", "mysql": "t.PRIMARY", "tidb": "t.PRIMARY"}

SET_DEFINER: Mapping[str, str] = {"mariadb": "SET USER", "mysql": "SET_ANY_DEFINER", "tidb": "SUPER"}
_NAMES: Mapping[str, str] = {"mysql": "MySQL", "tidb": "TiDB"}


def told_by(server: AnyServer, text: str) -> str:
    """What the loader tells with MariaDB 10.11's words in it, with those of this server."""
    if server.flavour == "mariadb":
        return text
    text = re.sub(r"for column `s`\.`t`\.`(\w+)`", r"for column '\1'", text)
    if server.flavour == "mysql":
        text = re.sub(r"\b((?:big)?int)\(\d+\)", r"\1", text)
    return text.replace("this MariaDB", f"this {_NAMES[server.flavour]}")


def key_of_t(server: AnyServer, key: str) -> str:
    """How an error calls a key of a table ``t``."""
    return PRIMARY_OF_T[server.flavour].replace("PRIMARY", key)


def shown(server: AnyServer, table: str, create: str, *, before: str = "") -> str:
    """SHOW CREATE TABLE of a table whose CREATE is written as MariaDB 10.11 shows it.

    Others leave out what MariaDB writes (``int(11)``, defaults) or add to it, so they are asked: in a schema that goes
    again, where ``before`` is run first.
    """
    if server.flavour == "mariadb":
        return f"CREATE TABLE `{table}` {create}"
    server.client(f"CREATE DATABASE shown; USE shown; {before}; CREATE TABLE `{table}` {create}")
    text = str(query(server, f"SHOW CREATE TABLE shown.`{table}`")[0][1])
    query(server, "DROP DATABASE shown")
    return text


def named(server: AnyServer) -> str:
    """As the loader names it: ``MariaDB 10.11.19``, ``MySQL 9.7.4``."""
    version = str(query(server, "SELECT VERSION()")[0][0]).partition("-")[0]
    return f"{'MySQL' if server.flavour == 'mysql' else 'MariaDB'} {version}"


@contextmanager
def keys_of_any_kind_referred_to(server: AnyServer) -> Iterator[None]:
    """Let foreign keys refer to what is not unique, as MariaDB does; MySQL from 8.4 wants a person to allow it."""
    from tests.faults import global_variable

    variable = "restrict_fk_on_non_standard_key"
    with global_variable(server, variable, 0) if server.flavour == "mysql" else nullcontext():
        yield
