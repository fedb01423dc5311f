"""Opens connections to the target with our settings, and within our limits.

This, ``local_stream.py``, ``sign_in.py`` and ``connection.py`` are the only places that talk to PyMySQL.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pymysql
from pymysql.constants import CLIENT

from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import ConfigError, LoaderError
from airflow_dm_loader.identifiers import quote
from airflow_dm_loader.logs import visible_log
from airflow_dm_loader.settings.session_variables import only_on_tidb
from airflow_dm_loader.target.driver_errors import translate
from airflow_dm_loader.target.local_stream import LocalStreamConnection, not_a_server
from airflow_dm_loader.target.sign_in import MALFORMED, Credentials, Way
from airflow_dm_loader.target.tls import tls_of
from airflow_dm_loader.target.wire import Patience, Wire, dial

_log = visible_log(__name__)
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
DRIVER_ERRORS = (pymysql.err.Error, OSError, AttributeError, EOFError)
_LONGEST_KEY_BYTES = 1 << 16
_told: set[str] = set()  # addresses whose TLS was said not to be verified


def connect(
    target: TargetConfig,
    *,
    database: str | None = None,
    session: Mapping[str, str | int] | None = None,
    autocommit: bool = False,
    stop: Callable[[], bool] | None = None,
) -> LocalStreamConnection:
    """A PyMySQL connection in utf8mb4 with the given session variables; driver errors come translated.

    No session has a limit of time for its statements, unless ``session`` sets one. A user's variables of TiDB are set
    on TiDB alone. All of it takes ``connect_timeout_s`` at the most.

    Args:
        stop: once true, a wait for the server ends within seconds, and the session with it.
    """
    connection = _open(target, database, stop, autocommit=autocommit)
    try:
        _begin_session(connection, session or {})
        connection.is_set_up()
    except Exception as error:
        with suppress(pymysql.err.Error):
            connection.close()
        raise _translated(error) from error
    return connection


def _open(
    target: TargetConfig, database: str | None, stop: Callable[[], bool] | None, *, autocommit: bool
) -> LocalStreamConnection:
    """A session that is still within the limits of its set-up."""
    until = time.monotonic() + target.connect_timeout_s
    connection = LocalStreamConnection(
        tls=tls_of(target),
        credentials=_credentials(target),
        max_answer_bytes=target.max_answer_bytes,
        host=target.host,
        port=target.port,
        unix_socket=target.unix_socket,
        database=database,
        charset="utf8mb4",
        autocommit=autocommit,
        client_flag=CLIENT.FOUND_ROWS,  # an UPDATE's count is of rows met, not of rows that changed
    )
    outsider = _SecondSession(target, connection)
    patience = Patience(target.connect_timeout_s, target.silent_server_s, stop, outsider)
    try:
        endpoint = dial(target.host, target.port, target.unix_socket, until)
        _watch_peer(endpoint)
        connection.connect(Wire(endpoint, patience, until))
    except OSError as error:
        lost = pymysql.err.OperationalError(2003, f"Can't connect to MySQL server on {target.host!r} ({error})")
        raise translate(lost) from error
    except Exception as error:
        raise _translated(error) from error
    _tell(connection, target)
    return connection


def _begin_session(connection: LocalStreamConnection, session: Mapping[str, str | int]) -> None:
    connection.session_number = int(connection.thread_id())  # type: ignore[no-untyped-call]
    known = _known_there(session, connection)
    with connection.cursor() as cursor:
        cursor.execute(", ".join((_OPENING, *assignments(known))), tuple(known.values()) or None)
        if is_tidb(connection):  # its numbers may have 64 bits, and a connection begins with the lower 32 of them
            cursor.execute("SELECT CONNECTION_ID()")
            row = cursor.fetchone()
            assert row is not None  # a SELECT without FROM gives one row
            connection.session_number = int(row[0])
            connection.rollback()


def _translated(error: Exception) -> LoaderError:
    """Also for what PyMySQL raises where an answer is not what it expects, which a server's own set-up never is."""
    if isinstance(error, pymysql.err.OperationalError) and error.args[0] == MALFORMED:
        return not_a_server(str(error.args[1]))
    if isinstance(error, (LoaderError, *DRIVER_ERRORS)):
        return translate(error)
    return not_a_server("its answers can't be read")


def _credentials(target: TargetConfig) -> Credentials:
    key = None
    if target.server_public_key_path is not None:
        try:
            with Path(target.server_public_key_path).open("rb") as file:
                key = file.read(_LONGEST_KEY_BYTES)
        except (OSError, ValueError) as error:
            raise ConfigError(f"server_public_key_path: the file can't be read: {error}") from None
    return Credentials(target.user.encode(), target.password.get_secret_value().encode(), key)


def _tell(connection: LocalStreamConnection, target: TargetConfig) -> None:
    if connection.way is Way.ENCRYPTED and target.ssl is None and target.address not in _told:
        _told.add(target.address)
        _log.warning(
            "The connection to %s is encrypted, but not verified: nobody can listen, but somebody in between could "
            "pose as the server. Give the connection ssl with a ca, which verifies it; or ssl off, for no TLS",
            target.address,
        )


def _watch_peer(endpoint: socket.socket) -> None:
    """Over TCP, notice within about two minutes that the server's host is gone."""
    if endpoint.family == socket.AF_UNIX:
        return
    endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE.items():
        if (option := getattr(socket, name, None)) is not None:  # not every platform has all of them
            endpoint.setsockopt(socket.IPPROTO_TCP, option, value)


def is_tidb(connection: LocalStreamConnection) -> bool:
    """By the version that the server said when it was connected to."""
    return "TiDB" in str(connection.get_server_info())  # type: ignore[no-untyped-call]


def _known_there(session: Mapping[str, str | int], connection: LocalStreamConnection) -> Mapping[str, str | int]:
    if is_tidb(connection):
        return session
    return {name: value for name, value in session.items() if not only_on_tidb(name)}


def assignments(session: Mapping[str, str | int]) -> Iterator[str]:
    """What SET takes, with places for the values."""
    return (f"SESSION {quote(name)} = %s" for name in session)


class _SecondSession:
    """Looks after a session from another one, which lasts for one question and no longer than a set-up."""

    def __init__(self, target: TargetConfig, watched: LocalStreamConnection) -> None:
        self._target = target
        self._watched = watched

    def sees_it_run(self) -> bool:
        try:
            rows = self._ask("SHOW PROCESSLIST")
            at_work = {int(str(row[0])) for row in rows if row[4] != "Sleep"}
        except (LoaderError, LookupError, ValueError, TypeError) as error:
            _log.info("no second session can look whether the server is still at work: %s", error)
            return False
        return self._watched.session_number in at_work

    def end_it(self) -> None:
        try:
            self._ask(f"KILL {self._watched.session_number}")
        except LoaderError as error:
            _log.info("session %d can't be ended in the server: %s", self._watched.session_number, error)

    def _ask(self, question: str) -> tuple[tuple[object, ...], ...]:
        connection = _open(self._target, None, None, autocommit=True)
        try:
            with connection.cursor() as cursor:
                cursor.execute(question)
                return tuple(cursor.fetchall())
        except Exception as error:
            raise _translated(error) from error
        finally:
            with suppress(pymysql.err.Error):
                connection.close()
