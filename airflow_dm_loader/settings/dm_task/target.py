"""``target-database`` as fields of TargetConfig."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from airflow_dm_loader.settings.dm_task.checks import Fail
from airflow_dm_loader.settings.dm_task.decode import Values

_TLS = {"ssl-ca": "ca", "ssl-cert": "cert", "ssl-key": "key"}
_SEPARATOR_AT = 16  # dmctl encrypt: 16 bytes, an "@", the cipher text; in base64


def target_settings(task: Values, fail: Fail, *, with_password: bool) -> dict[str, Any]:
    """The server, its account and its TLS.

    Args:
        with_password: take the file's password, too.

    Raises:
        ConfigError: the password is encrypted (20010), or a certificate stands in the file itself (11112).
    """
    target: Values = task.get("target-database")
    fields = {key: target.get(key) for key in ("host", "port", "user") if target.get(key) not in (None, "", 0)}
    password = target.get("password", "")
    if with_password and password:
        if is_encrypted(password):
            raise fail(
                target.at("password"),
                "target-database.password was made by dmctl encrypt, and only DM has its key: give the plain password "
                "as password=..., or use an Airflow connection",
                20010,
            )
        fields["password"] = password
    security: Values = target.get("security") or Values()
    for key, said in security.values.items():
        if said and key.endswith(("-bytes", "-base64")):
            raise fail(security.at(key), f"{key}: name a file that holds it (ssl-ca, ssl-cert, ssl-key)", 11112)
    tls = {name: security.get(key) for key, name in _TLS.items() if security.get(key)}
    if tls:
        fields["ssl"] = tls
    return fields


def is_encrypted(password: str) -> bool:
    """Whether it has the form that ``dmctl encrypt`` gives."""
    try:
        raw = base64.b64decode(password, validate=True)
    except (binascii.Error, ValueError):
        return False
    return raw[_SEPARATOR_AT : _SEPARATOR_AT + 1] == b"@"
