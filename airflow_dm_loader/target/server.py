"""What server the target is, asked once: its flavour, version and the limits that matter to a load."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from airflow_dm_loader.target.connection import Database


class Flavour(StrEnum):
    """The servers that differ in what a load may do."""

    MARIADB = "MariaDB"
    MYSQL = "MySQL"
    TIDB = "TiDB"


@dataclass(frozen=True, slots=True)
class Server:
    """One server. ``version`` is the flavour's own, e.g. (10, 11, 19) or TiDB's (8, 5, 0)."""

    flavour: Flavour
    version: tuple[int, ...]
    max_allowed_packet: int  # bytes of the largest statement that it takes
    lower_case_table_names: int

    def __str__(self) -> str:
        return f"{self.flavour} {'.'.join(map(str, self.version))}"


def parse_version(text: str) -> tuple[Flavour, tuple[int, ...]]:
    """``8.0.11-TiDB-v8.5.0`` -> (TIDB, (8, 5, 0)); ``10.11.19-MariaDB-0+deb12u1`` -> (MARIADB, (10, 11, 19))."""
    if match := re.search(r"TiDB-v?(\d+(?:\.\d+)*)", text):
        flavour, version = Flavour.TIDB, match[1]
    elif match := re.search(r"(\d+(?:\.\d+)+)-MariaDB", text):
        flavour, version = Flavour.MARIADB, match[1]
    else:
        found = re.match(r"\d+(?:\.\d+)*", text)
        flavour, version = Flavour.MYSQL, found[0] if found else "0"
    return flavour, tuple(int(part) for part in version.split("."))


def ask_server(db: Database) -> Server:
    """Ask the server that ``db`` is connected to."""
    row = db.one("SELECT VERSION(), @@max_allowed_packet, @@lower_case_table_names")
    assert row is not None  # a SELECT without FROM gives one row
    flavour, version = parse_version(str(row[0]))
    return Server(flavour, version, int(row[1]), int(row[2]))


def load_data_obstacle(db: Database, server: Server) -> str | None:
    """Why rows can't go by LOAD DATA LOCAL here, in words; None: they can."""
    if server.flavour is Flavour.TIDB:
        return "on TiDB rows go as statements"
    settings = {
        str(name).lower(): str(value).upper()
        for name, value in db.query(
            "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('local_infile', 'wsrep_on', 'wsrep_load_data_splitting')"
        )
    }
    if settings.get("local_infile") not in {"ON", "1"}:
        return "local_infile is off at the server"
    if settings.get("wsrep_on") == "ON" and settings.get("wsrep_load_data_splitting") == "ON":
        return "wsrep_load_data_splitting is on: it would cut a chunk's transaction into pieces"
    return None
