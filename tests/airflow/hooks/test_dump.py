from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from airflow_dm_loader.dump.access import AzureAccess, GcsAccess, S3Access
from airflow_dm_loader.dump.storage import open_storage
from airflow_dm_loader.dump.tidb_uri import tidb_uri
from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.hooks.dump import dump_access
from tests.buckets import KEY, KEY_ID, S3Server

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = "canary-secret"


@pytest.fixture
def access(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """What a connection of these fields gives."""

    def of(conn_type: str, **fields: Any) -> Any:
        monkeypatch.setenv("AIRFLOW_CONN_DUMPS", json.dumps({"conn_type": conn_type, **fields}))
        return dump_access("dumps")

    return of


def opened(secret: Any) -> Any:
    return None if secret is None else secret.get_secret_value()


def test_aws_keys_region_and_endpoint_come_through_the_provider_s_hook(access: Callable[..., Any]) -> None:
    found = access(
        "aws",
        login="AKID",
        password=SECRET,
        extra={
            "region_name": "eu-west-1",
            "endpoint_url": "http://127.0.0.1:9000",
            "config_kwargs": {"s3": {"addressing_style": "path"}, "read_timeout": 77},
            "verify": "/etc/ca.pem",
        },
    )
    assert isinstance(found, S3Access)
    assert (opened(found.access_key), opened(found.secret_key), found.session_token) == ("AKID", SECRET, None)
    assert (found.region, found.endpoint, found.addressing_style) == ("eu-west-1", "http://127.0.0.1:9000", "path")
    assert found.verify == "/etc/ca.pem"
    assert found.client.meta.endpoint_url == "http://127.0.0.1:9000"
    assert (found.client.meta.config.read_timeout, found.client.meta.config.max_pool_connections) == (77, 64)
    assert SECRET not in repr(found)


def test_a_role_is_assumed_by_the_provider_s_hook(access: Callable[..., Any], s3: S3Server) -> None:
    s3.put("dump/f", b"content")
    found = access(
        "aws",
        login=KEY_ID,
        password=KEY,
        extra={
            "role_arn": "arn:aws:iam::123456789012:role/reader",
            "region_name": "us-east-1",
            "service_config": {name: {"endpoint_url": s3.endpoint} for name in ("s3", "sts")},
        },
    )
    assert opened(found.session_token)
    assert opened(found.access_key) != KEY_ID
    uri = f"s3://{s3.bucket}/dump"
    assert open_storage(uri, found).read("f", 10) == b"content"
    assert f"session-token={quote(opened(found.session_token), safe='')}" in tidb_uri(uri, found).get_secret_value()


def test_a_role_that_can_t_be_assumed_is_told_without_a_secret(access: Callable[..., Any]) -> None:
    with pytest.raises(ConfigError, match="gives no access") as caught:
        access("aws", login="AKID", password=SECRET, extra={"profile_name": "no-such-profile"})
    assert SECRET not in str(caught.value)


def test_google_s_key_as_a_file_or_as_text(access: Callable[..., Any]) -> None:
    found = access("google_cloud_platform", extra={"key_path": "/k.json", "project": "p", "num_retries": 5})
    assert found == GcsAccess(key_path="/k.json", project="p")
    for key in ({"private_key": SECRET}, json.dumps({"private_key": SECRET})):
        found = access("google_cloud_platform", extra={"extra__google_cloud_platform__keyfile_dict": key})
        assert json.loads(opened(found.key_json)) == {"private_key": SECRET}
    assert access("google_cloud_platform", extra={}) == GcsAccess()


def test_azure_s_key_token_and_connection_string(access: Callable[..., Any]) -> None:
    assert access("wasb", login="acc", password=SECRET) == AzureAccess(account="acc", key=SECRET)
    assert access("wasb", login="acc", extra={"sas_token": SECRET}) == AzureAccess(account="acc", sas_token=SECRET)
    assert access("wasb", extra={"connection_string": SECRET}) == AzureAccess(connection_string=SECRET)
    assert access("wasb", login="acc", host="acc.blob.example", password=SECRET) == AzureAccess(
        account="acc", key=SECRET, endpoint="https://acc.blob.example"
    )


def test_azure_without_a_key_is_refused_and_not_taken_for_public(access: Callable[..., Any]) -> None:
    with pytest.raises(ConfigError, match="has no key"):
        access("wasb", login="acc")


@pytest.mark.parametrize(
    ("conn_type", "extra"),
    [
        ("google_cloud_platform", {"impersonation_chain": SECRET}),
        ("google_cloud_platform", {"key_secret_name": SECRET}),
        ("wasb", {"tenant_id": SECRET}),
    ],
)
def test_extras_that_would_change_who_we_are_are_refused_by_name(
    access: Callable[..., Any], conn_type: str, extra: dict[str, str]
) -> None:
    with pytest.raises(ConfigError, match=next(iter(extra))) as caught:
        access(conn_type, login="a", extra=extra)
    assert SECRET not in str(caught.value)


def test_a_missing_connection_and_one_of_another_type_are_named(access: Callable[..., Any]) -> None:
    with pytest.raises(ConfigError, match="AIRFLOW_CONN_NOWHERE"):
        dump_access("nowhere")
    with pytest.raises(ConfigError, match=r"type 'mysql'.*aws, google_cloud_platform, wasb"):
        access("mysql", password=SECRET)
