from __future__ import annotations

import json
from typing import Any

import pytest
from airflow.sdk import Connection

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.coordination.etcd.settings import EtcdConfig
from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.hooks.etcd import etcd_config, etcd_config_of

CANARY = "c4n4ry-p4ssw0rd"
CONFIG = LoadConfig(task_name="t", dump_uri="/d", barrier="etcd")


def of(conn_type: str = "etcd", *, extra: dict[str, Any] | None = None, **fields: Any) -> EtcdConfig:
    return etcd_config_of(Connection(conn_id="c", conn_type=conn_type, extra=json.dumps(extra or {}), **fields))


@pytest.mark.parametrize(
    ("uri", "endpoints"),
    [
        ("etcd://one:2379", ("http://one:2379",)),
        ("etcd://one", ("http://one:2379",)),
        ("http://one:1/", ("http://one:1",)),
        ("https://one:1/", ("https://one:1",)),
        ("etcd://one:1/?ca=%2Fca.pem", ("https://one:1",)),
        ("etcd:///?endpoints=http%3A%2F%2Fa%3A1%2C+http%3A%2F%2Fb%3A2", ("http://a:1", "http://b:2")),
    ],
)
def test_where_etcd_is(monkeypatch: pytest.MonkeyPatch, uri: str, endpoints: tuple[str, ...]) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_DM_ETCD", uri)
    found = etcd_config(CONFIG, "dm_etcd")
    assert found is not None
    assert found.endpoints == endpoints


def test_account_files_and_timeout() -> None:
    found = of(host="one", login="u", password="p", extra={"ca": "/ca", "cert": "/c", "key": "/k", "timeout": 2})
    assert (found.user, found.password.get_secret_value()) == ("u", "p")
    assert (found.ca, found.cert, found.key, found.timeout_s) == ("/ca", "/c", "/k", 2)
    assert of(host="::1").endpoints == ("http://[::1]:2379",)
    assert of(extra={"endpoints": ["https://a:1"]}, conn_type="generic").endpoints == ("https://a:1",)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"conn_type": "mysql", "host": "h"}, "is of type 'mysql'"),
        ({}, "needs a host, or endpoints"),
        ({"host": "h", "extra": {"endpoints": "http://a"}}, "only one of them"),
        ({"extra": {"endpoints": {"a": 1}}}, "must be a list of URLs"),
        ({"host": "h", "extra": {"ssl_ca": CANARY}}, "the extras ssl_ca are not known"),
        ({"extra": {"endpoints": f"http://u:{CANARY}@a"}}, "endpoints: number 1 must be"),
        ({"host": "h", "password": CANARY}, "user and password belong together"),
    ],
)
def test_what_is_not_known_is_refused_without_repeating_it(fields: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        of(**fields)
    assert CANARY not in str(caught.value)


def test_a_connection_that_is_not_there_is_named_and_none_is_asked_for_without_need() -> None:
    with pytest.raises(ConfigError, match="there is no Airflow connection 'nowhere'"):
        etcd_config(CONFIG, "nowhere")
    assert etcd_config(CONFIG, "") is None
    assert etcd_config(LoadConfig(task_name="t", dump_uri="/d"), "nowhere") is None
