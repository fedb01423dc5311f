"""Credentials of a dump's storage: strict, shown nowhere, and as TiDB's URIs take them."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from airflow_dm_loader import AzureAccess, GcsAccess, S3Access
from airflow_dm_loader.dump.access import DumpAccess
from airflow_dm_loader.dump.storage import open_storage
from airflow_dm_loader.dump.tidb_uri import redact, tidb_uri
from airflow_dm_loader.errors import ConfigError

SECRET = "canary/+=?&%"
S3 = S3Access(access_key="AK" + SECRET, secret_key=SECRET, session_token=SECRET, region="eu-west-1")
EVERY = [
    S3,
    GcsAccess(key_json=SECRET),
    GcsAccess(token=SECRET),
    AzureAccess(account="a", key=SECRET),
    AzureAccess(account="a", sas_token=SECRET),
    AzureAccess(connection_string=SECRET),
]


@pytest.mark.parametrize("access", EVERY)
def test_a_secret_is_in_no_text_of_it(access: DumpAccess) -> None:
    said = repr(access) + str(access) + repr(access.model_dump()) + access.model_dump_json() + f"{access!r}"
    assert "canary" not in said


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (S3Access, {"secret_key": SECRET}),
        (S3Access, {"session_token": SECRET}),
        (S3Access, {"secret": SECRET}),
        (S3Access, {"addressing_style": SECRET}),
        (GcsAccess, {"token": SECRET, "key_json": SECRET}),
        (GcsAccess, {"anonymous": True, "token": SECRET}),
        (AzureAccess, {"key": SECRET}),
        (AzureAccess, {"account": "a", "key": SECRET, "sas_token": SECRET}),
    ],
)
def test_what_is_contradictory_or_unknown_is_refused_without_repeating_it(
    kind: type[DumpAccess], values: dict[str, Any]
) -> None:
    with pytest.raises(ConfigError) as caught:
        kind(**values)
    assert "canary" not in str(caught.value)


def test_an_access_is_for_one_kind_of_storage() -> None:
    with pytest.raises(ConfigError, match=r"in gs://.*for s3://") as caught:
        tidb_uri("gs://b/p", S3)
    assert caught.value.code == 20058
    with pytest.raises(ConfigError, match="local folder"):
        open_storage("/dump", S3)


def parameters(uri: str) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(urlsplit(uri).query, strict_parsing=True).items()}


def test_tidb_s_uri_carries_keys_that_survive_its_escaping() -> None:
    access = S3.model_copy(update={"endpoint": "http://h:9000", "addressing_style": "path"})
    uri = tidb_uri("s3://bucket/a b%20/", access).get_secret_value()
    assert uri.startswith("s3://bucket/a%20b%2520?")
    assert parameters(uri) == {
        "access-key": "AK" + SECRET,
        "secret-access-key": SECRET,
        "session-token": SECRET,
        "region": "eu-west-1",
        "endpoint": "http://h:9000",
        "force-path-style": "true",
    }


def test_tidb_s_uri_of_the_other_storages() -> None:
    assert tidb_uri("gs://b/p/", None).get_secret_value() == "gcs://b/p"
    with_key = tidb_uri("gcs://b/p", GcsAccess(key_path="/etc/key.json")).get_secret_value()
    assert parameters(with_key) == {"credentials-file": "/etc/key.json"}
    azure = tidb_uri("azblob://c/p", AzureAccess(account="a", key=SECRET)).get_secret_value()
    assert azure.startswith("azure://c/p?")
    assert parameters(azure) == {"account-name": "a", "account-key": SECRET}
    assert tidb_uri("file:///dumps/a%20b", None).get_secret_value() == "/dumps/a b"


@pytest.mark.parametrize("access", [GcsAccess(token=SECRET), GcsAccess(key_json=SECRET), GcsAccess(anonymous=True)])
def test_what_tidb_s_uris_can_t_say_is_refused(access: GcsAccess) -> None:
    with pytest.raises(ConfigError, match="can't say") as caught:
        tidb_uri("gs://b/p", access)
    assert "canary" not in str(caught.value)
    with pytest.raises(ConfigError, match="can't say"):
        tidb_uri("azure://c/p", AzureAccess(connection_string=SECRET))


def test_a_redacted_uri_keeps_what_is_no_secret() -> None:
    access = S3.model_copy(update={"endpoint": "http://h:9000"})
    shown = redact(tidb_uri("s3://b/p", access).get_secret_value())
    assert "canary" not in shown
    assert shown == (
        "s3://b/p?access-key=***&secret-access-key=***&session-token=***&region=eu-west-1&endpoint=http://h:9000"
    )
    assert redact("s3://key:canary@b/p?new-parameter=canary") == "s3://***@b/p?new-parameter=***"
    assert redact("/dumps/shop") == "/dumps/shop"
