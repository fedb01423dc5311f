from __future__ import annotations

import pytest

from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.server import Flavour, Server, ask_server, parse_version


class Answering(Database):
    """A target that gives one answer."""

    def __init__(self, *answer: object) -> None:
        self._answer = answer

    def one(self, sql: str, args: object = ()) -> tuple[object, ...]:
        assert sql.startswith("SELECT VERSION()")
        return self._answer


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
