"""TLS from a connection's extras, in the forms of mysqlclient, mysql-connector and PyMySQL. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from airflow_dm_loader.errors import ConfigError

_SSL_KEYS = {"ssl_ca": "ca", "ssl_capath": "capath", "ssl_cert": "cert", "ssl_key": "key", "ssl_cipher": "cipher"}
_MODES: dict[str, dict[str, Any]] = {
    "disabled": {},
    "preferred": {},  # as where nothing is said
    "required": {},  # verified by what else is given
    "verify_ca": {"verify_mode": "required", "check_hostname": False},
    "verify_identity": {"verify_mode": "required", "check_hostname": True},
}
TLS_EXTRAS = frozenset({*_SSL_KEYS, "ssl", "ssl_mode", "ssl_disabled", "ssl_verify_cert", "ssl_verify_identity"})


def tls_settings(extras: Mapping[str, Any]) -> dict[str, Any] | Literal["off"] | None:
    """TLS settings by TargetConfig's keys; "off": no TLS; None: nothing is said. Raises ConfigError."""
    mode = str(extras.get("ssl_mode") or "").lower()
    if mode and mode not in _MODES:
        raise ConfigError(f"ssl_mode {mode.upper()} is not one of {', '.join(_MODES).upper()}")
    of_dict = _ssl_dict(extras.get("ssl"))
    settings = dict(of_dict or {})
    _merge(settings, {key: extras[name] for name, key in _SSL_KEYS.items() if extras.get(name)})
    if "ssl_verify_cert" in extras:
        verify = flag("ssl_verify_cert", extras["ssl_verify_cert"])
        _merge(settings, {"verify_mode": "required" if verify else "none"})
    if "ssl_verify_identity" in extras:
        _merge(settings, {"check_hostname": flag("ssl_verify_identity", extras["ssl_verify_identity"])})
    _merge(settings, _MODES.get(mode, {}))

    asked = bool(settings) or of_dict is not None or mode not in ("", "disabled", "preferred")
    off = _is_off(extras.get("ssl")) or flag("ssl_disabled", extras.get("ssl_disabled", False)) or mode == "disabled"
    if off or mode == "preferred":
        if asked:
            raise ConfigError("the connection's extras turn TLS off and ask for it at once")
        return "off" if off else None
    if mode == "required" and not settings.keys() & {"ca", "capath"}:
        settings.setdefault("verify_mode", "none")  # what REQUIRED means everywhere: encrypted, by whomever
    if settings.get("verify_mode") == "none":
        _merge(settings, {"check_hostname": False})
    return settings if asked else None


def flag(name: str, value: Any) -> bool:
    """A boolean, or the text of one: the extras of a connection URI are text."""
    text = str(value).strip().lower()
    if text in ("true", "1", "yes"):
        return True
    if text in ("false", "0", "no", "none", ""):
        return False
    raise ConfigError(f"{name} must be true or false")


def _is_off(value: Any) -> bool:
    return value is False or (isinstance(value, str) and value.strip().lower() in {"off", "false"})


def _ssl_dict(value: Any) -> dict[str, Any] | None:
    """The ``ssl`` extra: a dict, its JSON text, a boolean or "off"."""
    if _is_off(value):
        return None
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise ConfigError("the extra ssl must be a JSON object, or off") from None
    if value is None:
        return None
    if value is True:
        return {}
    if not isinstance(value, Mapping):
        raise ConfigError("the extra ssl must be a JSON object, or off")
    settings = {str(key): item for key, item in value.items() if item is not None}
    if isinstance(settings.get("verify_mode"), bool):
        settings["verify_mode"] = "required" if settings["verify_mode"] else "none"
    elif "verify_mode" in settings:
        settings["verify_mode"] = str(settings["verify_mode"]).lower()
    for key in ("check_hostname", "x509_strict"):
        if key in settings:
            settings[key] = flag(key, settings[key])
    return settings


def _merge(settings: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if settings.setdefault(key, value) != value:
            raise ConfigError(f"the connection's extras contradict each other on TLS: {key}")
