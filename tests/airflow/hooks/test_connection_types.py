"""The forms of our connections in Airflow's UI, and what their *Test* says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from airflow.sdk import Connection

from airflow_dm_loader.get_provider_info import get_provider_info
from airflow_dm_loader.hooks.etcd import etcd_config_of
from airflow_dm_loader.hooks.target_config import target_config_of
from dev.private_etcd import PrivateEtcd
from dev.private_mariadb import PrivateMariaDB
from tests.server_words import named
from tests.tables import query

PASSWORD = "canary-p4ssw0rd"
META = "SELECT, INSERT, UPDATE, DELETE, CREATE ON dm_meta.*"
TABLES = "SELECT, INSERT, DELETE, CREATE, ALTER, REFERENCES, CREATE VIEW"

Try = Callable[..., tuple[bool, str]]


def fields_of(conn_type: str) -> dict[str, Any]:
    (found,) = [each for each in get_provider_info()["connection-types"] if each["connection-type"] == conn_type]
    return dict(found["conn-fields"])


def made(conn_type: str, extra: dict[str, Any] | None = None, **fields: Any) -> Connection:
    return Connection(conn_id="c", conn_type=conn_type, extra=json.dumps(extra or {}), **fields)


@pytest.fixture
def try_it(server: PrivateMariaDB, monkeypatch: pytest.MonkeyPatch) -> Try:
    """What *Test* says of a connection whose account has these privileges."""

    def test(*grants: str, schema: str = "", password: str = PASSWORD) -> tuple[bool, str]:
        query(server, "DROP USER IF EXISTS least@'%'")
        query(server, f"CREATE USER least@'%' IDENTIFIED BY '{PASSWORD}'")
        for grant in grants:
            query(server, f"GRANT {grant} TO least@'%'")
        uri = f"dm-target://least:{password}@{server.host}:{server.port}/{schema}"
        monkeypatch.setenv("AIRFLOW_CONN_TRIED", uri)
        able, said = Connection.get("tried").test_connection()
        return bool(able), str(said)

    return test


@pytest.mark.parametrize("conn_type", ["dm_target", "etcd"])
def test_airflow_shows_the_fields_of_the_form(conn_type: str) -> None:
    from airflow.providers_manager import ProvidersManager

    manager = ProvidersManager()
    shown = {name for name in manager.connection_form_widgets if name.startswith(f"extra__{conn_type}__")}
    fields = {f"extra__{conn_type}__{name}" for name in fields_of(conn_type)}
    # Airflow 3.1 knows no fields by description: there the extras are written as JSON.
    assert shown == (fields if hasattr(manager, "_load_ui_metadata") else set())


def test_every_field_of_the_forms_is_an_extra_that_counts() -> None:
    assert {"ssl_mode", "ssl_ca", "connect_timeout", "server_public_key_path"} <= set(fields_of("dm_target"))
    values: dict[str, Any] = {"ssl_mode": "VERIFY_CA", "connect_timeout": 3, "silent_server_s": 4}
    given = {name: values.get(name, f"/{name}") for name in fields_of("dm_target")}
    plain = target_config_of(made("dm_target"))
    for name, value in given.items():
        assert target_config_of(made("dm_target", {name: value})) != plain, name

    bare = etcd_config_of(made("etcd", host="a"))
    for name in fields_of("etcd").keys() - {"endpoints"}:
        values = {"timeout": 3, **{key: f"/{key}" for key in (("cert", "key") if name in ("cert", "key") else ("ca",))}}
        extra = {key: value for key, value in values.items() if key == name or name in ("cert", "key")}
        assert etcd_config_of(made("etcd", extra, host="a")) != bare, name
    several = etcd_config_of(made("etcd", {"endpoints": "http://a:1,http://b:1"}))
    assert several.endpoints == ("http://a:1", "http://b:1")


def test_fields_that_are_left_empty_say_nothing() -> None:
    empty = dict.fromkeys(fields_of("dm_target")) | {"ssl_verify_cert": "", "ssl_ca": ""}
    plain = target_config_of(made("dm_target"))
    assert target_config_of(made("dm_target", empty)) == plain


@pytest.mark.parametrize("schema", ["", "shop"])
def test_an_account_that_can_load_is_told_so_with_its_server(server: PrivateMariaDB, try_it: Try, schema: str) -> None:
    able, said = try_it(META, f"{TABLES} ON shop.*", schema=schema)

    assert able, said
    name = re.escape(named(server))
    assert re.match(rf"Connected to {name} at 127\.0\.0\.1:\d+, (without TLS|TLS by \S+)\. ", said)
    assert "`least`@`%` has the privileges" in said


def test_what_is_missing_is_named_with_the_grants_that_give_it(server: PrivateMariaDB, try_it: Try) -> None:
    able, said = try_it("SELECT ON dm_meta.*", f"{TABLES} ON shop.*", schema="other")

    assert not able
    assert "lacks INSERT, UPDATE, DELETE, CREATE on `dm_meta`.*; SELECT, INSERT, DELETE, CREATE, ALTER" in said
    assert PASSWORD not in said
    for grant in re.findall(r"GRANT .*?;", said):
        query(server, grant)
    able, said = Connection.get("tried").test_connection()
    assert able, said


def test_an_account_that_may_fill_no_schema_at_all_is_told_so(try_it: Try) -> None:
    able, said = try_it(META)
    assert not able
    assert "lacks SELECT, INSERT, DELETE, CREATE, ALTER, REFERENCES, CREATE VIEW on *.*" in said


def test_a_wrong_password_is_told_and_not_repeated(try_it: Try) -> None:
    able, said = try_it(META, password="wr0ng-canary")
    assert not able
    assert "Access denied" in said
    assert "canary" not in said


def test_etcd_s_test_asks_etcd(etcd: PrivateEtcd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_TRIED", f"etcd://127.0.0.1:{etcd.port}")
    assert Connection.get("tried").test_connection() == (True, f"etcd answers at {etcd.url}.")

    monkeypatch.setenv("AIRFLOW_CONN_TRIED", "etcd://127.0.0.1:1?timeout=1")
    able, said = Connection.get("tried").test_connection()
    assert not able
    assert "127.0.0.1:1" in said
