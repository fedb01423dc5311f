from __future__ import annotations

from typing import Any

import pytest

from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.hooks.tls import tls_settings

VERIFIED = {"verify_mode": "required", "check_hostname": True}
ENCRYPTED = {"verify_mode": "none", "check_hostname": False}


@pytest.mark.parametrize(
    ("extras", "settings"),
    [
        ({}, None),
        ({"ssl_mode": "PREFERRED"}, None),
        ({"ssl": False}, "off"),
        ({"ssl": "off"}, "off"),
        ({"ssl_disabled": "true"}, "off"),
        ({"ssl_mode": "DISABLED"}, "off"),
        ({"ssl": {"ca": "/ca", "x509_strict": "false"}}, {"ca": "/ca", "x509_strict": False}),
        ({"ssl": True}, {}),
        ({"ssl": {"ca": "/ca"}}, {"ca": "/ca"}),
        ({"ssl": '{"ca": "/ca", "cert": "/c", "key": "/k"}'}, {"ca": "/ca", "cert": "/c", "key": "/k"}),
        ({"ssl": {"ca": "/ca", "verify_mode": False}}, {"ca": "/ca", **ENCRYPTED}),
        ({"ssl": {"check_hostname": "false", "verify_mode": "REQUIRED"}}, VERIFIED | {"check_hostname": False}),
        ({"ssl_ca": "/ca", "ssl_cert": "/c", "ssl_key": "/k"}, {"ca": "/ca", "cert": "/c", "key": "/k"}),
        ({"ssl_ca": "/ca", "ssl": {"ca": "/ca"}}, {"ca": "/ca"}),
        ({"ssl_ca": "/ca", "ssl_verify_cert": "true", "ssl_verify_identity": "true"}, {"ca": "/ca", **VERIFIED}),
        ({"ssl_ca": "/ca", "ssl_verify_identity": "false"}, {"ca": "/ca", "check_hostname": False}),
        ({"ssl_verify_cert": False}, ENCRYPTED),
        ({"ssl_mode": "required"}, ENCRYPTED),
        ({"ssl_mode": "REQUIRED", "ssl_ca": "/ca"}, {"ca": "/ca"}),
        ({"ssl_mode": "VERIFY_CA", "ssl_ca": "/ca"}, {"ca": "/ca", "verify_mode": "required", "check_hostname": False}),
        ({"ssl_mode": "VERIFY_IDENTITY", "ssl_ca": "/ca"}, {"ca": "/ca", **VERIFIED}),
    ],
)
def test_every_driver_s_form_becomes_one(extras: dict[str, Any], settings: dict[str, Any] | str | None) -> None:
    assert tls_settings(extras) == settings


@pytest.mark.parametrize(
    ("extras", "says"),
    [
        ({"ssl_disabled": True, "ssl_ca": "/ca"}, "at once"),
        ({"ssl_mode": "DISABLED", "ssl": {"ca": "/ca"}}, "at once"),
        ({"ssl_disabled": True, "ssl_mode": "REQUIRED"}, "at once"),
        ({"ssl": {"ca": "/a"}, "ssl_ca": "/b"}, "contradict each other on TLS: ca"),
        ({"ssl_mode": "VERIFY_CA", "ssl_verify_cert": False}, "verify_mode"),
        ({"ssl_verify_cert": False, "ssl_verify_identity": True}, "check_hostname"),
        ({"ssl_mode": "PREFERRED", "ssl_ca": "/ca"}, "at once"),
        ({"ssl": "off", "ssl_ca": "/ca"}, "at once"),
        ({"ssl_mode": "PREFERABLY"}, "PREFERABLY is not one of"),
        ({"ssl": "on"}, "JSON object"),
        ({"ssl": "[1]"}, "JSON object"),
        ({"ssl_disabled": "perhaps"}, "ssl_disabled must be true or false"),
    ],
)
def test_what_contradicts_itself_is_refused(extras: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        tls_settings(extras)
