from __future__ import annotations

from collections.abc import Mapping

import pytest

from airflow_dm_loader.target.capabilities import Flavour
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.server import Server, ask_server, parse_version


class Answering(Database):
    """A target that gives one answer, and has these variables."""

    def __init__(self, *answer: object, **variables: str) -> None:
        self._answer = answer
        self._variables = variables

    def one(self, sql: str, args: object = (), *, shape: object = None) -> tuple[object, ...]:
        assert sql.startswith("SELECT VERSION()")
        return self._answer

    def query(
        self, sql: str, args: object = (), *, shape: object = None, or_nothing: bool = False
    ) -> list[tuple[object, ...]]:
        assert sql.startswith("SHOW VARIABLES WHERE Variable_name IN (")
        return [(name, value) for name, value in self._variables.items() if f"'{name.lower()}'" in sql]

    def set_session(self, variables: Mapping[str, str | int]) -> None:
        assert dict(variables) == {"max_error_count": 65535}


def server(version: str, **variables: str) -> Server:
    return ask_server(Answering(version, "67108864", 0, **variables))


@pytest.mark.parametrize(
    ("text", "flavour", "version"),
    [
        ("8.0.11-TiDB-v8.5.0", Flavour.TIDB, (8, 5, 0)),
        ("5.7.25-TiDB-v6.1.0-alpha-12-gabc", Flavour.TIDB, (6, 1, 0)),
        ("8.0.11-TiDB-v7.5.2-serverless", Flavour.TIDB, (7, 5, 2)),
        ("10.11.19-MariaDB-0+deb12u1", Flavour.MARIADB, (10, 11, 19)),
        ("5.5.5-10.6.4-MariaDB-log", Flavour.MARIADB, (10, 6, 4)),
        ("11.4.2-MariaDB", Flavour.MARIADB, (11, 4, 2)),
        ("8.0.36-0ubuntu0.22.04.1", Flavour.MYSQL, (8, 0, 36)),
        ("8.4.0", Flavour.MYSQL, (8, 4, 0)),
        ("5.7.44-log", Flavour.MYSQL, (5, 7, 44)),
        ("8.0.35-27", Flavour.MYSQL, (8, 0, 35)),
        ("odd", Flavour.MYSQL, (0,)),
    ],
)
def test_a_server_is_known_by_its_version(text: str, flavour: Flavour, version: tuple[int, ...]) -> None:
    assert parse_version(text) == (flavour, version)


def test_versions_compare_as_numbers() -> None:
    assert parse_version("8.0.11-TiDB-v7.10.0")[1] > parse_version("8.0.11-TiDB-v7.6.0")[1]


def test_a_server_is_asked_for_what_matters_to_a_load() -> None:
    server = ask_server(Answering("10.11.19-MariaDB", "16777216", 1))
    assert server == Server(Flavour.MARIADB, (10, 11, 19), max_allowed_packet=16 << 20, lower_case_table_names=1)
    assert str(server) == "MariaDB 10.11.19"


TIDB = {"tidb_batch_insert": "OFF", "tidb_dml_type": "standard"}
GALERA = {"wsrep_on": "ON", "local_infile": "ON"}


@pytest.mark.parametrize(
    ("found", "named", "optimistic", "local_locks"),
    [
        (server("8.0.11-TiDB-v8.5.0", **TIDB), "TiDB 8.5.0", True, True),
        (server("10.6.4-MariaDB-log", wsrep_on="OFF"), "MariaDB 10.6.4", False, False),
        (server("10.6.4-MariaDB-log", **GALERA), "MariaDB 10.6.4 (Galera)", False, True),
        (server("8.0.35-27", **GALERA), "MySQL 8.0.35 (Galera)", False, True),
        (server("8.0.32", aurora_version="3.05.2"), "MySQL 8.0.32 (Aurora 3.05.2)", False, False),
        (server("8.4.0", unheard_of="1"), "MySQL 8.4.0", False, False),
        (server("8.4.0", group_replication_single_primary_mode="ON"), "MySQL 8.4.0", False, False),
        (server("8.4.0", group_replication_single_primary_mode="OFF"), "MySQL 8.4.0", False, True),
    ],
)
def test_clusters_and_clouds_are_known_by_their_variables(
    found: Server, named: str, optimistic: bool, local_locks: bool
) -> None:
    assert (str(found), found.can.optimistic, found.can.local_locks) == (named, optimistic, local_locks)


@pytest.mark.parametrize(
    ("found", "obstacle"),
    [
        (server("10.11.19-MariaDB", local_infile="ON"), None),
        (server("10.11.19-MariaDB", local_infile="OFF"), "local_infile is off"),
        (server("8.4.0"), "local_infile is off"),
        (server("8.0.32", aurora_version="3.05.2", local_infile="OFF"), "local_infile is off"),
        (server("8.0.35-27", **GALERA, wsrep_load_data_splitting="ON"), "wsrep_load_data_splitting is on"),
        (server("8.0.35-27", **GALERA, wsrep_load_data_splitting="OFF"), None),
        (server("10.4.0-MariaDB", local_infile="ON", wsrep_on="OFF", wsrep_load_data_splitting="ON"), None),
        (server("8.0.11-TiDB-v7.6.0", **TIDB), None),
        (server("8.0.11-TiDB-v7.10.1", **TIDB, local_infile="ON"), None),
        (server("8.0.11-TiDB-v8.5.0", **TIDB, local_infile="OFF"), "local_infile is off"),
        (server("8.0.11-TiDB-v7.5.4", **TIDB, local_infile="ON"), "TiDB below 7.6 commits LOAD DATA by itself"),
        (server("5.7.25-TiDB-v6.5.0", **TIDB), "TiDB below 7.6 commits LOAD DATA by itself"),
    ],
)
def test_load_data_is_used_only_where_it_is_part_of_the_transaction(found: Server, obstacle: str | None) -> None:
    told = found.can.load_data_obstacle
    assert (told is None) if obstacle is None else (told is not None and told.startswith(obstacle))


def test_what_tidb_takes_at_once_is_bounded() -> None:
    tidb, mysql = server("8.0.11-TiDB-v6.5.0", **TIDB), server("8.4.0")
    assert (tidb.can.liked_statement_bytes, tidb.can.most_chunk_bytes, tidb.can.savepoints) == (96 << 10, 4 << 20, True)
    assert not server("5.7.25-TiDB-v6.1.0", **TIDB).can.savepoints
    assert (mysql.can.liked_statement_bytes, mysql.can.most_chunk_bytes, mysql.can.savepoints) == (None, None, True)
