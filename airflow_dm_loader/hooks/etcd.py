"""The Airflow connection to etcd (``etcd_conn_id``), of type etcd, http, https or generic.

    host, port, login, password    one member, and the account where etcd asks for one
    endpoints                      in the extras: the URLs of all members, a list or a text with commas; then no host
    ca, cert, key                  in the extras: files; with them, or with type https, the way is TLS
    timeout                        in the extras: seconds of one call to one member

An unknown extra is refused: it could have been meant to protect something.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook

from airflow_dm_loader.config import BarrierKind, LoadConfig
from airflow_dm_loader.coordination.etcd.settings import EtcdConfig
from airflow_dm_loader.errors import ConfigError, LoaderError
from airflow_dm_loader.hooks.target_config import given_extras

if TYPE_CHECKING:
    from airflow.sdk import Connection

_TYPES = ("etcd", "http", "https", "generic")
_EXTRAS = ("endpoints", "ca", "cert", "key", "timeout")


class EtcdHook(BaseHook):
    """An Airflow connection to etcd, whose *Test* asks it for a key of DM's."""

    conn_type = "etcd"
    hook_name = "etcd"
    conn_name_attr = "etcd_conn_id"
    default_conn_name = "dm_etcd"

    def __init__(self, etcd_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.etcd_conn_id = etcd_conn_id

    def get_conn(self) -> EtcdConfig:
        """How etcd is reached. Raises ConfigError."""
        return etcd_config_of(self.get_connection(self.etcd_conn_id))

    def test_connection(self) -> tuple[bool, str]:
        """Whether etcd answers, and lets the account read what DM writes there."""
        try:
            config = self.get_conn()
            from airflow_dm_loader.coordination.etcd.client import EtcdClient
            from airflow_dm_loader.coordination.etcd.keys import BARRIER, prefix_of

            with EtcdClient.open(config) as client:
                client.get(prefix_of(BARRIER, ""))
        except LoaderError as error:
            return False, str(error)
        return True, f"etcd answers at {', '.join(config.endpoints)}."


def etcd_config(config: LoadConfig, conn_id: str | None) -> EtcdConfig | None:
    """What a load needs to know of etcd; None where its barrier is in the target.

    Raises:
        ConfigError: there is no such connection, or it says what is not known here. No secret is repeated.
    """
    if config.coordination.barrier is not BarrierKind.ETCD or not conn_id:
        return None
    from airflow.providers.common.compat.sdk import AirflowNotFoundException

    try:
        connection = BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        raise ConfigError(
            f"there is no Airflow connection {conn_id!r}",
            remedy=f"Add a connection of etcd with the id {conn_id}, or set AIRFLOW_CONN_{conn_id.upper()}.",
        ) from None
    return etcd_config_of(connection)


def etcd_config_of(connection: Connection) -> EtcdConfig:
    """The same of a connection that is there already."""
    if connection.conn_type not in _TYPES:
        raise ConfigError(
            f"the Airflow connection {connection.conn_id!r} is of type {connection.conn_type!r}",
            remedy=f"For etcd_conn_id use a connection of type {', '.join(_TYPES)}.",
        )
    extras = given_extras(connection)
    if unknown := sorted(set(extras) - set(_EXTRAS)):
        raise ConfigError(
            f"connection {connection.conn_id!r}: the extras {', '.join(unknown)} are not known, so they are refused",
            remedy=f"Known are {', '.join(_EXTRAS)}.",
        )
    given: dict[str, Any] = {
        "endpoints": _endpoints(connection, extras),
        "user": connection.login,
        "password": connection.password,
        **{name: extras.get(name) for name in ("ca", "cert", "key")},
        "timeout_s": extras.get("timeout"),
    }
    return EtcdConfig(**{name: value for name, value in given.items() if value is not None})


def _endpoints(connection: Connection, extras: dict[str, Any]) -> tuple[str, ...]:
    listed = extras.get("endpoints")
    if listed is not None:
        if connection.host:
            raise ConfigError(f"connection {connection.conn_id!r} has a host and endpoints: only one of them may be")
        urls = listed.split(",") if isinstance(listed, str) else listed
        if not isinstance(urls, list) or not all(isinstance(url, str) for url in urls):
            raise ConfigError(f"connection {connection.conn_id!r}: endpoints must be a list of URLs")
        return tuple(url.strip() for url in urls)
    if not connection.host:
        raise ConfigError(f"connection {connection.conn_id!r} needs a host, or endpoints in its extras")
    is_tls = connection.conn_type == "https" or any(name in extras for name in ("ca", "cert", "key"))
    host = f"[{connection.host}]" if ":" in connection.host else connection.host
    return (f"{'https' if is_tls else 'http'}://{host}:{connection.port or 2379}",)
