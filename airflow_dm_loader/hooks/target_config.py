"""Reads the target out of an Airflow connection of type ``dm_target`` or ``mysql``; the hook's module tells its extras.

Apart from the hook, since the provider's own hook takes a while to import, and no task of a load needs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.hooks.tls import TLS_EXTRAS, flag, tls_settings
from airflow_dm_loader.logs import visible_log

if TYPE_CHECKING:
    from airflow.sdk import Connection

log = visible_log(__name__)

CONNECTION_TYPES = ("dm_target", "mysql")

# "client" chooses MySqlHook's driver; here it is PyMySQL whatever it says.
_KNOWN_EXTRAS = TLS_EXTRAS | {
    "unix_socket", "connect_timeout", "silent_server_s", "max_answer_bytes", "server_public_key_path",
    "cursor", "client", "charset", "iam",
}  # fmt: skip


def target_of(conn_id: str) -> TargetConfig:
    """The server of the Airflow connection with this id. Raises ConfigError."""
    from airflow.providers.common.compat.sdk import AirflowNotFoundException
    from airflow.sdk import BaseHook

    try:
        connection = BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        raise no_connection(conn_id) from None
    return target_config_of(connection)


def no_connection(conn_id: str) -> ConfigError:
    """There is no Airflow connection with this id."""
    return ConfigError(
        f"there is no Airflow connection {conn_id!r}",
        remedy=f"Add a connection of type dm_target with the id {conn_id}, or set AIRFLOW_CONN_{conn_id.upper()}.",
    )


def given_extras(connection: Connection) -> dict[str, Any]:
    """The extras that say something: a form sends its empty fields, too."""
    return {name: value for name, value in connection.extra_dejson.items() if value not in (None, "")}


def target_config_of(connection: Connection) -> TargetConfig:
    """The server that an Airflow connection names. Raises ConfigError, which never repeats a secret."""
    if connection.conn_type not in CONNECTION_TYPES:
        raise ConfigError(
            f"the Airflow connection {connection.conn_id!r} is of type {connection.conn_type!r}",
            remedy="Use a connection of type dm_target or mysql, for TiDB and MariaDB too.",
        )
    extras = given_extras(connection)
    if flag("iam", extras.get("iam", False)):
        raise ConfigError(f"connection {connection.conn_id!r}: this version does not offer iam, so it is refused")
    for name in sorted(set(extras) - _KNOWN_EXTRAS):
        log.warning("Connection %r: the extra %r is not known and has no effect", connection.conn_id, name)
    if str(extras.get("charset", "utf8mb4")).lower() not in ("utf8mb4", "utf8", "utf-8"):
        log.warning("Connection %r: the extra 'charset' has no effect, it is always utf8mb4", connection.conn_id)
    given: dict[str, Any] = {
        "host": connection.host or None,
        "port": connection.port,
        "user": connection.login,
        "password": connection.password,
        "unix_socket": extras.get("unix_socket"),
        "connect_timeout_s": extras.get("connect_timeout"),
        "silent_server_s": extras.get("silent_server_s"),
        "max_answer_bytes": extras.get("max_answer_bytes"),
        "server_public_key_path": extras.get("server_public_key_path"),
        "ssl": tls_settings(extras),
    }
    return TargetConfig(**{name: value for name, value in given.items() if value is not None})
