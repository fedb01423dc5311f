"""Connections to the target: opened with our settings, errors translated, never used again after one.

:class:`Database` is the only place that talks to PyMySQL.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import pymysql
from pymysql.constants import CLIENT, SERVER_STATUS
from pymysql.cursors import SSCursor

from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import ConfigError, ConnectionLostError
from airflow_dm_loader.settings.session_variables import only_on_tidb
from airflow_dm_loader.target.driver_errors import translate
from airflow_dm_loader.target.identifiers import quote
from airflow_dm_loader.target.local_stream import LocalStreamConnection

_WRITE_TIMEOUT_S = 120  # a peer that takes nothing for so long is gone
# A host that lost its power says nothing, and a statement may take hours: let the kernel ask whether it is there.
_KEEPALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 6, "TCP_USER_TIMEOUT": 120_000}
# What every session begins with; what it is opened with comes behind. Each server reads its own comments.
_OPENING = (
    "SET SESSION net_write_timeout = 60"
    # A server's limit on how long a SELECT or a statement may take is not meant for a load, which counts whole tables.
    " /*!50708 , SESSION max_execution_time = 0 */ /*M!100101 , SESSION max_statement_time = 0 */"
    # A loader that froze between a write and its COMMIT would lock others out for as long as wait_timeout: hours.
    " /*M!100300 , SESSION idle_write_transaction_timeout = 120 */"
)
# PyMySQL raises AttributeError where its socket vanished under a running statement.
_DRIVER_ERRORS = (pymysql.err.Error, OSError, AttributeError, EOFError)
_SOURCE_LINE = re.compile(r" ?\(_ssl\.c:\d+\)")
_INFO = re.compile(r"Records: (\d+)\D+(?:Duplicates: (\d+)|Deleted: (\d+)\D+Skipped: (\d+))\D+Warnings: (\d+)")


@dataclass(frozen=True, slots=True)
class Result:
    """What the server said of a statement without rows.

    ``records`` and what follows come from its info text: for inserts of several rows, and for LOAD DATA.
    """

    affected: int
    warnings: int
    records: int | None = None
    deleted: int = 0  # LOAD DATA ... REPLACE
    skipped: int = 0  # LOAD DATA


def connect(
    target: TargetConfig,
    *,
    database: str | None = None,
    session: Mapping[str, str | int] | None = None,
    autocommit: bool = False,
) -> LocalStreamConnection:
    """A PyMySQL connection in utf8mb4 with the given session variables; driver errors come translated.

    No session has a limit of time for its statements, unless ``session`` sets one. A user's variables of TiDB are set
    on TiDB alone.
    """
    connection: LocalStreamConnection | None = None
    try:
        connection = LocalStreamConnection(
            host=target.host,
            port=target.port,
            user=target.user,
            password=target.password.get_secret_value(),
            unix_socket=target.unix_socket,
            database=database,
            charset="utf8mb4",
            autocommit=autocommit,
            connect_timeout=target.connect_timeout_s,
            write_timeout=_WRITE_TIMEOUT_S,
            client_flag=CLIENT.FOUND_ROWS,  # an UPDATE's count is of rows met, not of rows that changed
            ssl=tls_context(target.ssl) if target.ssl is not None else None,
            ssl_disabled=target.ssl is None,
        )
        _watch_peer(connection)
        known = _known_there(session or {}, connection)
        with connection.cursor() as cursor:
            cursor.execute(", ".join((_OPENING, *_assignments(known))), tuple(known.values()) or None)
    except _DRIVER_ERRORS as error:
        if connection is not None:
            with suppress(pymysql.err.Error):
                connection.close()
        raise translate(error) from error
    return connection


def _watch_peer(connection: LocalStreamConnection) -> None:
    """Over TCP, notice within about two minutes that the server's host is gone."""
    endpoint: Any = connection._sock  # type: ignore[attr-defined]
    if endpoint is None or endpoint.family == socket.AF_UNIX:
        return
    endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE.items():
        if (option := getattr(socket, name, None)) is not None:  # not every platform has all of them
            endpoint.setsockopt(socket.IPPROTO_TCP, option, value)


def _is_tidb(connection: LocalStreamConnection) -> bool:
    """By the version that the server said when it was connected to."""
    return "TiDB" in str(connection.get_server_info())  # type: ignore[no-untyped-call]


def _known_there(session: Mapping[str, str | int], connection: LocalStreamConnection) -> Mapping[str, str | int]:
    if _is_tidb(connection):
        return session
    return {name: value for name, value in session.items() if not only_on_tidb(name)}


def _assignments(session: Mapping[str, str | int]) -> Iterator[str]:
    return (f"SESSION {quote(name)} = %s" for name in session)


def tls_context(settings: Mapping[str, Any]) -> ssl.SSLContext:
    """The TLS settings of a target; with a CA, certificate and host name are verified unless told otherwise."""
    unknown = set(settings) - {"ca", "capath", "cert", "key", "cipher", "check_hostname", "verify_mode"}
    if unknown:
        raise ConfigError(f"ssl: unknown keys {sorted(unknown)}")
    with _names_files(settings, "ca", "capath"):
        context = ssl.create_default_context(cafile=settings.get("ca"), capath=settings.get("capath"))
    verify = str(settings.get("verify_mode", "required")).lower()
    modes = {"required": ssl.CERT_REQUIRED, "optional": ssl.CERT_OPTIONAL, "none": ssl.CERT_NONE}
    if verify not in modes:
        raise ConfigError("ssl: verify_mode must be required, optional or none")
    with _names_files(settings, "check_hostname", "verify_mode"):
        context.check_hostname = bool(settings.get("check_hostname", verify == "required"))
        context.verify_mode = modes[verify]
    if settings.get("cert"):
        with _names_files(settings, "cert", "key"):
            context.load_cert_chain(settings["cert"], keyfile=settings.get("key"))
    if settings.get("cipher"):
        with _names_files(settings, "cipher"):
            context.set_ciphers(settings["cipher"])
    return context


@contextmanager
def _names_files(settings: Mapping[str, Any], *keys: str) -> Iterator[None]:
    """Say which of the TLS settings it was: OpenSSL names no file."""
    try:
        yield
    except (OSError, ValueError, TypeError) as error:
        shown = ", ".join(f"{key} {settings[key]!r}" for key in keys if settings.get(key) is not None)
        raise ConfigError(f"ssl: {shown} can't be used: {_SOURCE_LINE.sub('', str(error))}") from error


class Database:
    """One connection. Autocommit is off unless asked for: what is not committed is undone, whatever happens."""

    def __init__(self, connection: LocalStreamConnection) -> None:
        self._connection = connection
        self._default_schema: str | None = None
        self._number: int | None = None
        self._folds_names: bool | None = None

    @classmethod
    def open(
        cls,
        target: TargetConfig,
        *,
        database: str | None = None,
        session: Mapping[str, str | int] | None = None,
        autocommit: bool = False,
    ) -> Self:
        db = cls(connect(target, database=database, session=session, autocommit=autocommit))
        if db.says_tidb:
            db._number = db._ask_number()
        return db

    @property
    def says_tidb(self) -> bool:
        """Whether the server said, when it was connected to, that it is a TiDB."""
        return _is_tidb(self._connection)

    @property
    def connection_id(self) -> int:
        """The server's number of this session, for KILL."""
        return self._number or int(self._connection.thread_id())  # type: ignore[no-untyped-call]

    @property
    def folds_names(self) -> bool:
        """Whether the server compares names of databases and tables without case; asked once."""
        if self._folds_names is None:
            row = self.one("SELECT @@lower_case_table_names")
            self._folds_names = row is not None and int(row[0]) != 0
        return self._folds_names

    def _ask_number(self) -> int:
        """TiDB's numbers may have 64 bits, and a connection begins with the lower 32 of them."""
        row = self.one("SELECT CONNECTION_ID()")
        assert row is not None  # a SELECT without FROM gives one row
        self.rollback()
        return int(row[0])

    @property
    def in_transaction(self) -> bool:
        """Whether the server said, in its last answer, that a transaction is open."""
        return bool(self._connection.server_status & SERVER_STATUS.SERVER_STATUS_IN_TRANS)

    def execute(self, sql: str | bytes, args: Sequence[object] = ()) -> Result:
        """Run a statement; ``bytes`` are sent as they are, in one packet."""
        with self._translated():
            if isinstance(sql, str):
                with self._connection.cursor() as cursor:
                    cursor.execute(sql, tuple(args) or None)
            else:
                self._connection.query(sql)
            return self._result()

    def execute_parts(self, parts: Sequence[bytes | memoryview]) -> Result:
        """Run the statement that ``parts`` make together, without joining them where they are large."""
        with self._translated():
            self._connection.query_parts(parts)
            return self._result()

    def load_local(
        self, statement: bytes, pieces: Iterable[bytes | memoryview], max_packet_bytes: int | None = None
    ) -> Result:
        """LOAD DATA LOCAL from memory; see :class:`LocalStreamConnection`."""
        with self._translated():
            self._connection.load_local(statement, pieces, max_packet_bytes)
            return self._result()

    def query(self, sql: str, args: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query that is known to give few."""
        with self._translated(), self._connection.cursor() as cursor:
            cursor.execute(sql, tuple(args) or None)
            return list(cursor.fetchall())

    def named(self, sql: str, args: Sequence[object] = ()) -> list[dict[str, Any]]:
        """All rows, each by the names of its columns in lower case: for answers that differ by the server's version."""
        with self._translated(), self._connection.cursor() as cursor:
            cursor.execute(sql, tuple(args) or None)
            names = [str(column[0]).lower() for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def stream(self, sql: str, args: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        """Rows of a query that may give many, one at a time; read them all before the next statement."""
        with self._translated(), self._connection.cursor(SSCursor) as cursor:
            cursor.execute(sql, tuple(args) or None)
            yield from iter(cursor.fetchone, None)

    def one(self, sql: str, args: Sequence[object] = ()) -> tuple[Any, ...] | None:
        rows = self.query(sql, args)
        return rows[0] if rows else None

    def use(self, schema: str) -> None:
        """Make a schema the default one, unless it is already."""
        if schema != self._default_schema:
            self.execute(f"USE {quote(schema)}")
            self._default_schema = schema

    def set_session(self, variables: Mapping[str, str | int]) -> None:
        if variables:
            self.execute("SET " + ", ".join(_assignments(variables)), tuple(variables.values()))

    def commit(self) -> None:
        with self._translated():
            self._connection.commit()

    def rollback(self) -> None:
        with self._translated():
            self._connection.rollback()

    def close(self) -> None:
        """Close without a word to the server if need be: an open transaction is undone by it."""
        with suppress(pymysql.err.Error, OSError):
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _result(self) -> Result:
        answer: Any = self._connection._result  # PyMySQL shows warnings and info nowhere else
        info = (answer.message or b"").decode("utf-8", "replace") if answer.message else ""
        counts = _INFO.search(info)
        return Result(
            affected=int(answer.affected_rows or 0),
            warnings=int(counts[5]) if counts else int(answer.warning_count or 0),
            records=int(counts[1]) if counts else None,
            deleted=int((counts and counts[3]) or 0),
            skipped=int((counts and counts[4]) or 0),
        )

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except _DRIVER_ERRORS as error:
            translated = translate(error)
            if isinstance(translated, ConnectionLostError):
                self.close()
            raise translated from error
