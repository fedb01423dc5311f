"""What server the target is, asked once: its flavour, version and the limits that matter to a load."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from airflow_dm_loader.errors import LoaderError
from airflow_dm_loader.target.answers import as_number, as_text
from airflow_dm_loader.target.capabilities import ASKED_VARIABLES, Capabilities, Flavour
from airflow_dm_loader.target.connection import Database

_ACCESS_DENIED = 1227


@dataclass(frozen=True, slots=True)
class Server:
    """One server; what follows from what it is, is in :attr:`can`.

    ``version`` is the flavour's own, e.g. (10, 11, 19) or TiDB's (8, 5, 0).

    ``settings``: those of its variables that matter to a load, by name in lower case.
    """

    flavour: Flavour
    version: tuple[int, ...]
    max_allowed_packet: int  # bytes of the largest statement that it takes
    lower_case_table_names: int
    settings: Mapping[str, str] = field(default_factory=dict)
    sets_max_error_count: bool = True  # MySQL keeps that to privileged accounts

    def __str__(self) -> str:
        more = f" (Aurora {self.aurora_version})" if self.aurora_version else " (Galera)" if self.galera else ""
        return f"{self.flavour} {'.'.join(map(str, self.version))}{more}"

    @property
    def aurora_version(self) -> str | None:
        """Amazon Aurora's own version, where it is one; it is a MySQL in all that a load does."""
        return self.settings.get("aurora_version")

    @property
    def galera(self) -> bool:
        """Whether it is a node of a Galera cluster: MariaDB's, or Percona's of MySQL."""
        return self.settings.get("wsrep_on", "").upper() == "ON"

    @property
    def can(self) -> Capabilities:
        """What it can do, and what a load must mind there."""
        return Capabilities.of(self.flavour, self.version, self.settings)


def parse_version(text: str) -> tuple[Flavour, tuple[int, ...]]:
    """``8.0.11-TiDB-v8.5.0`` -> (TIDB, (8, 5, 0)); ``10.11.19-MariaDB-0+deb12u1`` -> (MARIADB, (10, 11, 19))."""
    if match := re.search(r"TiDB-v?(\d{1,9}+(?:\.\d{1,9}+)*+)", text):
        flavour, version = Flavour.TIDB, match[1]
    elif match := re.search(r"(?<![\d.])(\d{1,9}+(?:\.\d{1,9}+)++)-MariaDB", text):
        flavour, version = Flavour.MARIADB, match[1]
    else:
        found = re.match(r"\d{1,9}+(?:\.\d{1,9}+)*+", text)
        flavour, version = Flavour.MYSQL, found[0] if found else "0"
    return flavour, tuple(int(part) for part in version.split("."))


def ask_server(db: Database) -> Server:
    """Ask the server that ``db`` is connected to."""
    row = db.sure(
        "SELECT VERSION(), @@max_allowed_packet, @@lower_case_table_names", shape=(as_text, as_number, as_number)
    )
    flavour, version = parse_version(str(row[0]))
    names = ", ".join(f"'{name}'" for name in sorted(ASKED_VARIABLES))
    settings = {
        str(name).lower(): str(value)
        for name, value in db.query(f"SHOW VARIABLES WHERE Variable_name IN ({names})", shape=(as_text, as_text))
    }
    allowed = flavour is not Flavour.MYSQL or _may_set(db, "max_error_count", 65535)
    return Server(flavour, version, int(row[1]), int(row[2]), settings, sets_max_error_count=allowed)


def _may_set(db: Database, name: str, value: int) -> bool:
    """Whether the account may set this session variable; if so, it is set."""
    try:
        db.set_session({name: value})
    except LoaderError as error:
        if error.errno != _ACCESS_DENIED:
            raise
        return False
    return True
