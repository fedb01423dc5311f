from __future__ import annotations

import inspect
import socket
import ssl
import struct
from collections import Counter

import pymysql
import pytest

from airflow_dm_loader import errors, server_errors
from airflow_dm_loader.errors import (
    CheckpointError,
    ConnectionLostError,
    LoaderError,
    LockedError,
    RetriableError,
    RowError,
    TargetError,
)
from airflow_dm_loader.server_errors import BY_ERRNO
from airflow_dm_loader.target.driver_errors import translate

UNKNOWN_ERRNO = 65_000
DRIVER_CLASSES = [
    kind for _, kind in inspect.getmembers(pymysql.err, inspect.isclass) if issubclass(kind, pymysql.err.MySQLError)
]


def raised_by_pymysql(errno: int, text: str = "said the server") -> Exception:
    """What PyMySQL raises for this answer of a server."""
    packet = b"\xff" + struct.pack("<H", errno) + b"#HY000" + text.encode()
    with pytest.raises(pymysql.err.MySQLError) as caught:
        pymysql.err.raise_mysql_exception(packet)
    return caught.value


def test_no_number_stands_in_the_table_twice() -> None:
    numbers = Counter(errno for _, _, errnos in server_errors._ROWS for errno in errnos)
    assert [errno for errno, count in numbers.items() if count > 1] == []
    assert len(numbers) == len(BY_ERRNO) > 100


@pytest.mark.parametrize("errno", sorted(BY_ERRNO))
def test_a_number_of_the_table_gives_its_class_and_remedy(errno: int) -> None:
    kind, remedy = BY_ERRNO[errno]
    error = translate(raised_by_pymysql(errno))
    assert type(error) is kind
    assert (error.errno, error.message) == (errno, "said the server")
    assert error.remedy == (remedy or kind.default_remedy)
    assert f"server error {errno}" in str(error)


@pytest.mark.parametrize(
    ("errno", "kind"),
    [
        (1062, RowError),  # duplicate key
        (1406, RowError),  # too long
        (1366, RowError),  # wrong bytes
        (4025, RowError),  # CHECK
        (1153, RowError),  # max_allowed_packet
        (1205, LockedError),  # lock wait timeout
        (1213, LockedError),  # deadlock
        (1020, LockedError),  # snapshot isolation
        (2003, ConnectionLostError),
        (2006, ConnectionLostError),
        (2013, ConnectionLostError),
        (1317, ConnectionLostError),  # killed
        (1045, TargetError),  # wrong password: a retry fails the same way
        (1146, TargetError),  # no such table
        (1273, TargetError),  # no such collation
        (1290, RetriableError),  # read-only
        (9007, RetriableError),  # TiDB: write conflict
    ],
)
def test_what_people_meet_most_is_told_to_be_what_it_is(errno: int, kind: type[LoaderError]) -> None:
    assert type(translate(raised_by_pymysql(errno))) is kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Information schema is out of date.", RetriableError),
        ("Information schema is changed during the execution of the statement", RetriableError),
        ("Out Of Memory Quota![conn=7]", TargetError),
        ("anything else", TargetError),
    ],
)
def test_tidb_s_errors_without_a_number_of_their_own_are_told_by_their_text(text: str, kind: type[LoaderError]) -> None:
    error = translate(pymysql.err.OperationalError(1105, text))
    assert (type(error), error.errno, error.message) == (kind, 1105, text)


def test_all_numbers_lead_into_our_tree_and_none_into_its_first_level_but_to_retry() -> None:
    kinds = {kind for kind, _ in BY_ERRNO.values()}
    assert all(kind.__module__ == errors.__name__ for kind in kinds)
    assert kinds == {ConnectionLostError, LockedError, RetriableError, TargetError, RowError}


@pytest.mark.parametrize("kind", DRIVER_CLASSES)
@pytest.mark.parametrize("errno", [1213, 1062])
def test_the_number_counts_whatever_class_the_driver_gave_it(kind: type[Exception], errno: int) -> None:
    assert type(translate(kind(errno, "text"))) is BY_ERRNO[errno][0]


UNKNOWN = {
    "MySQLError": TargetError,
    "Warning": TargetError,
    "Error": TargetError,
    "InterfaceError": ConnectionLostError,
    "DatabaseError": TargetError,
    "DataError": RowError,
    "OperationalError": TargetError,
    "IntegrityError": RowError,
    "InternalError": RetriableError,
    "ProgrammingError": TargetError,
    "NotSupportedError": TargetError,
}


@pytest.mark.parametrize("kind", DRIVER_CLASSES)
def test_an_unknown_number_is_told_by_the_driver_s_class(kind: type[Exception]) -> None:
    assert UNKNOWN_ERRNO not in BY_ERRNO
    error = translate(kind(UNKNOWN_ERRNO, "text"))
    assert type(error) is UNKNOWN[kind.__name__]
    assert (error.errno, error.message) == (UNKNOWN_ERRNO, "text")


@pytest.mark.parametrize("kind", DRIVER_CLASSES)
def test_an_error_without_number_keeps_its_text(kind: type[Exception]) -> None:
    error = translate(kind("text"))
    assert type(error) is UNKNOWN[kind.__name__]
    assert (error.errno, error.message) == (None, f"{kind.__name__}: text")


@pytest.mark.parametrize(
    "lost",
    [
        AttributeError("'NoneType' object has no attribute 'read'"),  # PyMySQL's socket vanished
        ConnectionResetError(104, "Connection reset by peer"),
        BrokenPipeError(32, "Broken pipe"),
        TimeoutError("timed out"),
        socket.gaierror(-2, "Name or service not known"),
        ssl.SSLEOFError(8, "EOF occurred in violation of protocol"),
        OSError(),
        EOFError(),
        pymysql.err.InterfaceError(0, ""),  # PyMySQL: already closed
        pymysql.err.OperationalError(0, "odd"),
    ],
)
def test_a_connection_that_is_gone_is_lost_and_can_be_tried_again(lost: Exception) -> None:
    error = translate(lost)
    assert type(error) is ConnectionLostError
    assert error.message
    assert error.errno is None


def test_tls_that_fails_is_for_a_person_to_look_at() -> None:
    error = translate(ssl.SSLError(1, "wrong version number"))
    assert type(error) is TargetError
    assert error.message == "TLS with the server failed: SSLError"


@pytest.mark.parametrize("errno", [1105, 1062, 59999])
def test_a_server_s_text_without_end_is_cut(errno: int) -> None:
    found = translate(raised_by_pymysql(errno, "x" * 1_000_000))
    assert len(found.message) < 4_200
    assert "(1,000,000 letters in all)" in found.message


def test_a_number_of_the_operating_system_is_not_the_server_s() -> None:
    error = translate(ConnectionResetError(104, "Connection reset by peer"))
    assert error.message == "Connection reset by peer"
    assert "server error" not in str(error)


def test_our_own_errors_stay_as_they_are() -> None:
    ours = CheckpointError("wrong")
    assert translate(ours) is ours
