"""Which server is meant, and its password: an Airflow connection, an option file, or options and the environment."""

from __future__ import annotations

import configparser
import os
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import ConfigError

MASK_KEY_VARIABLE = "DM_LOADER_MASK_KEY"
PASSWORD_VARIABLE = "DM_LOADER_PASSWORD"  # noqa: S105  # the name of a variable
_GROUPS = ("client", "dm_loader")  # the later one comes first
_FIELDS = {"host": "host", "port": "port", "user": "user", "password": "password", "socket": "unix_socket"}
_LARGEST_BYTES = 1 << 20


def target(said: Namespace) -> TargetConfig:
    """The server. Raises ConfigError, which never repeats a secret."""
    if said.conn_id is not None:
        from airflow_dm_loader.hooks.target_config import target_of

        return target_of(said.conn_id)
    found: dict[str, Any] = _from_file(said.option_file) if said.option_file is not None else {}
    if (password := os.environ.get(PASSWORD_VARIABLE)) is not None:
        found["password"] = password
    options = {"host": said.host, "port": said.port, "user": said.user, "unix_socket": said.socket}
    found |= {name: value for name, value in options.items() if value is not None}
    if said.ssl_ca is not None:
        found["ssl"] = {**found.get("ssl", {}), "ca": said.ssl_ca}
    return TargetConfig(**found)


def _from_file(path: str) -> dict[str, Any]:
    said = {name: value for group in _GROUPS for name, value in _group(path, group).items()}
    found: dict[str, Any] = {field: said[name] for name, field in _FIELDS.items() if name in said}
    if "port" in found and not found["port"].isdigit():
        raise ConfigError(f"{path}: port is not a number")
    if tls := {name: said[f"ssl_{name}"] for name in ("ca", "cert", "key", "capath") if f"ssl_{name}" in said}:
        found["ssl"] = tls
    return found


def _group(path: str, group: str) -> dict[str, str]:
    """A group of an option file; names are as clients take them, with ``-`` or ``_``."""
    parser = configparser.RawConfigParser(allow_no_value=True, strict=False, delimiters=("=",), comment_prefixes="#;")
    try:
        with Path(path).open(encoding="utf-8") as file:
            text = file.read(_LARGEST_BYTES)
        parser.read_string("\n".join(line for line in text.splitlines() if not line.startswith("!")))
    except OSError as error:
        raise ConfigError(f"the option file {path} can't be read: {error.strerror}") from None
    except (configparser.Error, ValueError) as error:  # whose text repeats lines of the file
        raise ConfigError(f"{path} is no option file: {type(error).__name__}") from None
    if not parser.has_section(group):
        return {}
    said: Mapping[str, str | None] = parser[group]  # a name without a value has None
    return {name.replace("-", "_"): _plain(value) for name, value in said.items() if value is not None}


def _plain(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if quoted else value
