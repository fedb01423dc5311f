from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pymysql
import pytest
from airflow.sdk import Connection

from airflow_dm_loader.errors import ConfigError, TargetError
from airflow_dm_loader.hooks.target import DumpTargetHook, target_config_of
from tests.rogue_servers import Talk, rogue

if TYPE_CHECKING:
    from dev.private_mariadb import PrivateMariaDB


def connection(**kwargs: Any) -> Connection:
    extra = kwargs.pop("extra", None)
    return Connection(conn_id="c", conn_type="mysql", extra=json.dumps(extra) if extra else None, **kwargs)


def test_the_fields_of_a_connection_become_the_target() -> None:
    target = target_config_of(
        connection(
            host="db.example",
            port=4000,
            login="loader",
            password="p:@/",
            schema="ignored_here",
            extra={"unix_socket": "/run/sock", "connect_timeout": "7", "ssl": {"ca": "/ca"}},
        )
    )
    assert (target.host, target.port, target.user) == ("db.example", 4000, "loader")
    assert target.password.get_secret_value() == "p:@/"
    assert (target.unix_socket, target.connect_timeout_s, target.ssl) == ("/run/sock", 7, {"ca": "/ca"})


def test_what_a_connection_leaves_out_has_the_target_s_defaults() -> None:
    target = target_config_of(connection())
    assert (target.host, target.port, target.unix_socket, target.ssl) == ("localhost", 3306, None, None)


def test_an_unknown_extra_is_warned_of_by_name_only(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        target_config_of(
            connection(extra={"init_comand": "SET x=s3cret", "client": "mysqlclient", "charset": "latin1"})
        )
    assert "'init_comand' is not known" in caplog.text
    assert "'charset' has no effect" in caplog.text
    assert "s3cret" not in caplog.text
    assert "client" not in caplog.text


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"extra": {"iam": True}}, "iam"),
        ({"extra": {"connect_timeout": "soon"}}, "connect_timeout_s"),
        ({"port": 70000}, "port"),
    ],
)
def test_what_can_t_be_honoured_is_refused(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        target_config_of(connection(**wrong))


def test_a_connection_of_another_type_is_refused() -> None:
    with pytest.raises(ConfigError, match="of type 'postgres'"):
        target_config_of(Connection(conn_id="c", conn_type="postgres"))


@pytest.fixture
def hook(server: PrivateMariaDB, monkeypatch: pytest.MonkeyPatch) -> DumpTargetHook:
    """A hook whose connection names the database ``shop``, with a password that a URI must quote."""
    with server.connect() as admin, admin.cursor() as cursor:
        cursor.execute("CREATE DATABASE shop")
        cursor.execute("DROP USER IF EXISTS 'it'@'%'")
        cursor.execute("CREATE USER 'it'@'%' IDENTIFIED BY 'p:@/%'")
        cursor.execute("GRANT ALL ON *.* TO 'it'@'%'")
    uri = f"mysql://it:{quote('p:@/%', safe='')}@{server.host}:{server.port}/shop"
    monkeypatch.setenv("AIRFLOW_CONN_DM_TARGET", uri)
    return DumpTargetHook()


def test_the_hook_s_own_methods_work_over_pymysql(hook: DumpTargetHook) -> None:
    hook.run(["CREATE TABLE t (a INT PRIMARY KEY, b VARCHAR(9))", "INSERT INTO t VALUES (1, 'ä')"])
    hook.insert_rows("t", [(2, "b"), (3, None)], target_fields=["a", "b"])
    assert hook.get_records("SELECT a, b FROM t ORDER BY a") == ((1, "ä"), (2, "b"), (3, None))
    assert hook.get_first("SELECT COUNT(*) FROM t WHERE a > %s", parameters=(1,)) == (2,)
    assert isinstance(hook.get_conn(), pymysql.connections.Connection)


def test_a_run_that_fails_half_way_leaves_nothing(hook: DumpTargetHook) -> None:
    hook.run("CREATE TABLE t (a INT PRIMARY KEY) ENGINE = InnoDB")
    with pytest.raises(pymysql.err.IntegrityError):
        hook.run(["INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (1)"])
    assert hook.get_first("SELECT COUNT(*) FROM t") == (0,)


def test_autocommit_is_the_connection_s(hook: DumpTargetHook) -> None:
    connection = hook.get_conn()
    assert hook.get_autocommit(connection) is False
    hook.set_autocommit(connection, True)
    assert hook.get_autocommit(connection) is True


def test_sqlalchemy_goes_through_the_same_connections(hook: DumpTargetHook) -> None:
    with hook.get_sqlalchemy_engine().connect() as connection:
        assert connection.exec_driver_sql("SELECT DATABASE()").scalar() == "shop"
    assert hook.get_uri().startswith("mysql+pymysql://it:p%3A%40%2F%25@")


def test_the_hook_refuses_what_it_would_have_to_ignore(hook: DumpTargetHook) -> None:
    with pytest.raises(ConfigError, match="local_infile"):
        DumpTargetHook(local_infile=True).get_conn()


def test_the_hook_signs_in_by_the_same_rules() -> None:
    def behave(talk: Talk) -> None:
        talk.greet()
        talk.read()
        talk.send(b"\xfemysql_clear_password\0")
        talk.wait_for_the_end()

    with rogue(behave) as server:
        extra = {"connect_timeout": 5, "silent_server_s": "5", "max_answer_bytes": 1 << 20}
        made = connection(host=server.host, port=server.port, login="u", password="secret", extra=extra)
        with pytest.raises(TargetError, match="mysql_clear_password"):
            DumpTargetHook(connection=made).get_first("SELECT 1")

    assert b"secret" not in server.heard
