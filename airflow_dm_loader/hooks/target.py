"""An Airflow connection of type ``dm_target`` as the target of a load; one of type ``mysql`` will do as well.

The extras are those that users of ``MySqlHook`` and of PyMySQL know:

    unix_socket                              path of the server's socket
    connect_timeout                          seconds, for connecting and all that sets a session up
    silent_server_s, max_answer_bytes        how long the server may say nothing, and how much at once
    server_public_key_path                   file of the server's RSA key, for passwords without TLS
    ssl                                      a dict, or its JSON: ca, capath, cert, key, cipher, verify_mode,
                                             check_hostname, x509_strict; true: TLS verified by the system's CAs; off
    ssl_mode                                 DISABLED | PREFERRED | REQUIRED | VERIFY_CA | VERIFY_IDENTITY
    ssl_ca, ssl_cert, ssl_key, ssl_cipher    the same as the keys of ``ssl``
    ssl_verify_cert, ssl_verify_identity     false turns off what is verified by default
    ssl_disabled                             true: no TLS
    cursor                                   SSCursor | DictCursor | SSDictCursor, for the hook's own queries

An unknown extra is warned of, one that contradicts another is refused. Whoever gives a CA gets the
certificate and the host name verified: PyMySQL itself verifies neither with ``ssl_ca`` alone. Where nothing is said of
TLS it is used where the server offers it, without asking who the server is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from airflow.providers.mysql.hooks.mysql import MySqlHook

from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import ConfigError, LoaderError
from airflow_dm_loader.hooks.target_config import given_extras, no_connection, target_config_of

if TYPE_CHECKING:
    from airflow.sdk import Connection
    from pymysql.connections import Connection as PyMySQLConnection
    from sqlalchemy.engine import Engine


__all__ = ["DumpTargetHook", "target_config_of"]


class DumpTargetHook(MySqlHook):
    """``MySqlHook`` over PyMySQL, the loader's own driver: ``run``, ``get_records``, ``insert_rows`` ... work."""

    conn_type = "dm_target"
    hook_name = "DM target (TiDB, MySQL, MariaDB)"
    conn_name_attr = "target_conn_id"
    default_conn_name = "dm_target"

    def target_config(self) -> TargetConfig:
        """The server as the loader wants it. Raises ConfigError."""
        return target_config_of(self._airflow_connection())

    def test_connection(self) -> tuple[bool, str]:  # type: ignore[override]  # SqlHook's says nothing of its type
        """What Airflow's *Test* says: whether a load could work here, and which privileges are missing if not."""
        from airflow_dm_loader.target.connection_check import check_connection

        source = self._airflow_connection()
        try:
            return check_connection(target_config_of(source), schema=self.schema or source.schema or None)
        except LoaderError as error:
            return False, str(error)

    def get_conn(self) -> PyMySQLConnection[Any]:
        """A PyMySQL connection in utf8mb4, with the connection's schema as its database."""
        from airflow_dm_loader.target.connecting import connect

        if self.local_infile or self.init_command:
            raise ConfigError("DumpTargetHook takes neither local_infile nor init_command")
        source = self._airflow_connection()
        connection = connect(target_config_of(source), database=self.schema or source.schema or None)
        if name := given_extras(source).get("cursor"):
            connection.cursorclass = _cursor_class(name)
        return connection

    def get_uri(self) -> str:
        """SQLAlchemy's URI of the server; TLS comes through :meth:`get_sqlalchemy_engine`."""
        source = self._airflow_connection()
        password = f":{quote_plus(source.password)}" if source.password else ""
        login = f"{quote_plus(source.login)}{password}@" if source.login else ""
        port = f":{source.port}" if source.port else ""
        schema = quote_plus(self.schema or source.schema or "")
        return f"mysql+pymysql://{login}{source.host or 'localhost'}{port}/{schema}"

    def get_sqlalchemy_engine(self, engine_kwargs: dict[str, Any] | None = None) -> Engine:
        """An engine whose connections are those of :meth:`get_conn`."""
        from sqlalchemy import create_engine

        return create_engine("mysql+pymysql://", creator=self.get_conn, **(engine_kwargs or {}))

    def _airflow_connection(self) -> Connection:
        from airflow.providers.common.compat.sdk import AirflowNotFoundException

        name = self.get_conn_id()
        try:
            connection: Connection = self._connection or self.get_connection(name)
        except AirflowNotFoundException:
            raise no_connection(name) from None
        return connection


def _cursor_class(name: str) -> Any:
    from pymysql import cursors

    kinds = {
        "sscursor": cursors.SSCursor,
        "dictcursor": cursors.DictCursor,
        "ssdictcursor": cursors.SSDictCursor,
    }
    if name.lower() not in kinds:
        raise ConfigError(f"cursor {name!r} is not one of SSCursor, DictCursor, SSDictCursor")
    return kinds[name.lower()]
