"""INSERTs of random pieces: the server reads as many rows as we do, or refuses; and what we refuse, it refuses too.

``make fuzz`` runs it on as many inputs as FUZZ says, on each kind of server.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pymysql
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymysql.connections import Connection
from pymysql.cursors import Cursor

from airflow_dm_loader.dump.lexer import StatementReader
from airflow_dm_loader.dump.row_values import check_values, without_comments
from airflow_dm_loader.dump.sql_modes import Quoting
from airflow_dm_loader.dump.statements import Rows, classify, split_rows
from airflow_dm_loader.errors import LoaderError
from tests import servers
from tests.servers import Servers

_OF_THE_CLIENT = 2000  # numbers of errors that no server says: a lost connection
HEAD = b"INSERT INTO `t` VALUES "
LITERALS = (
    b"1", b"-1", b"+.5e3", b"NULL", b"DEFAULT", b"TRUE", b"'a'", b'"b"', b"''", b"'\\''", b"'\\\\'", b"'a''b'",
    b"x'41'", b"0x41", b"b'01'", b"0b01", b"_binary 'x'", b"_utf8mb4'x'", b"N'x'", b"CONVERT('x' USING utf8mb4)",
    b"_binary x'41'", b"'a' 'b'", b"'\xe4\xb8\xad'",
)  # fmt: skip
# They are no literals, so we refuse what the server may well take.
PROGRAM = (b"SLEEP(0)", b"@@version", b"1+1", b"USER()", b"/*!1*/", b"`", b"--1", b"(1)")
SCRAPS = (
    b"/*c*/", b"-- x\n", b"#y\n", b"--\x01\n", b" ", b"\n", b"\t", b",", b"(", b")", b"),(", b"'", b'"', b"\\", b"*/",
    b"/*", b"\x00", b"1e", b"0x", b"_a0x41", b"x'4'", b"-",
)  # fmt: skip

_values = st.one_of(
    st.sampled_from(LITERALS),
    st.lists(st.sampled_from(LITERALS + PROGRAM + SCRAPS), min_size=1, max_size=3).map(b"".join),
)
_rows = st.lists(st.tuples(_values, _values), min_size=1, max_size=3)


def rows_that_we_read(statement: bytes) -> tuple[bytes, int] | None:
    """What would be sent and how many rows it has, by all that is proved of a statement; None: it is refused."""
    try:
        statements = list(StatementReader.of_bytes(statement, file="f"))
        if len(statements) != 1:
            return None
        kind = classify(statements[0], file="f")
        if not isinstance(kind, Rows):
            return None
        shown = without_comments(statements[0], Quoting())
        check_values(shown, kind.values_at, Quoting(), "f")
        return shown.text, len(list(split_rows(shown.text[kind.values_at :], file="f", offset=0)))
    except LoaderError:
        return None


def rows_that_the_server_reads(session: Connection[Cursor], statement: bytes) -> int | None:
    """None: it refuses the statement."""
    try:
        return int(session.query(statement))  # bytes are sent as they are
    except pymysql.err.Error as error:
        if error.args[0] >= _OF_THE_CLIENT:
            raise
        return None
    finally:
        session.rollback()


@pytest.fixture(scope="module", params=servers.fuzzed_kinds())
def session(request: pytest.FixtureRequest, running_servers: Servers) -> Iterator[Connection[Cursor]]:
    with closing(running_servers[request.param].connect()) as connection, connection.cursor() as cursor:
        cursor.execute("DROP DATABASE IF EXISTS fuzz")
        cursor.execute("CREATE DATABASE fuzz")
        cursor.execute("USE fuzz")
        cursor.execute("CREATE TABLE t (a longblob, b longblob) ENGINE=InnoDB")
        cursor.execute("SET sql_mode = ''")
        yield connection
        cursor.execute("DROP DATABASE fuzz")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(_rows)
def test_the_server_reads_the_rows_that_we_read(session: Connection[Cursor], rows: list[tuple[bytes, bytes]]) -> None:
    statement = HEAD + b",".join(b"(" + b",".join(row) + b")" for row in rows) + b";\n"
    read = rows_that_we_read(statement)
    sent = statement.rstrip(b"\n").removesuffix(b";") if read is None else read[0]
    taken = rows_that_the_server_reads(session, sent)
    if read is not None:
        assert taken in (None, read[1])
    elif not any(word in statement for word in PROGRAM):
        assert taken is None
