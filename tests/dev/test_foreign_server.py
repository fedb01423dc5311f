"""A server of somebody else's serves the tests, and comes to no harm."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests import foreign_server
from tests.conftest import emptied
from tests.foreign_server import ForeignServer

if TYPE_CHECKING:
    from dev.private_server import PrivateServer


def dsn(server: PrivateServer) -> str:
    return f"mysql://{server.user}:{quote(server.password, safe='')}@{server.host}:{server.port}"


def test_tests_enter_it_by_its_dsn_alone(server: PrivateServer) -> None:
    foreign = ForeignServer("mariadb", dsn(server))

    foreign.client("CREATE DATABASE d; CREATE TABLE d.t (a INT); INSERT INTO d.t VALUES (7)")

    assert server.client("SELECT a FROM d.t", arguments=["-N"]) == b"7\n"
    with pytest.raises(RuntimeError, match="ERROR 1146"):
        foreign.client("SELECT * FROM missing", database="d")
    assert foreign.client("SHOW DATABASES LIKE 'd'", arguments=["-N"]) == b"d\n"
    assert emptied(foreign) is foreign
    assert server.client("SHOW DATABASES LIKE 'd'", arguments=["-N"]) == b""


@pytest.mark.parametrize("used", ["kill9", "restart", "stop", "start"])
def test_what_kills_it_is_left_out_by_name(server: PrivateServer, used: str) -> None:
    foreign = ForeignServer("mysql", dsn(server))
    with pytest.raises(pytest.skip.Exception, match=r"mysql is somebody else's: this test \w+ the server"):
        getattr(foreign, used)()
    assert server.client("SELECT 1", arguments=["-N"]) == b"1\n"


def test_what_looks_into_it_is_left_out_by_name(server: PrivateServer) -> None:
    foreign = ForeignServer("tidb", dsn(server))
    for used in ("folder", "data_folder", "log_file", "socket", "pid"):
        with pytest.raises(pytest.skip.Exception, match="tidb is somebody else's"):
            getattr(foreign, used)


def test_one_that_holds_anything_is_refused(server: PrivateServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign_server, "_found_empty", set())  # as a run begins
    server.client("CREATE DATABASE precious")
    with pytest.raises(pytest.exit.Exception, match=r"TEST_TIDB_DSN: tests drop every schema, .*'precious'"):
        ForeignServer("tidb", dsn(server))
    assert server.client("SHOW DATABASES LIKE 'precious'", arguments=["-N"]) == b"precious\n"
