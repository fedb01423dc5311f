"""CREATE TABLEs of random pieces: what we take makes that one table, empty, with the columns that we read, or nothing.

``make fuzz`` runs it on as many inputs as FUZZ says, on each kind of server.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing

import pymysql
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pymysql.connections import Connection
from pymysql.cursors import Cursor

from airflow_dm_loader.dump.create_table import parse_create_table
from airflow_dm_loader.dump.schema_files import checked, read_schema_file
from airflow_dm_loader.dump.schema_objects import ObjectKind, SchemaObject
from airflow_dm_loader.errors import LoaderError
from airflow_dm_loader.target.storage_engines import reaches_out
from tests import servers
from tests.servers import Servers

EXAMPLES = int(os.environ.get("FUZZ", "25"))
_OF_THE_CLIENT = 2000  # numbers of errors that no server says: a lost connection
COLUMNS = (
    "`a` int", "`b` varchar(9) DEFAULT 'x)'", "`c` int NOT NULL", "`d``e` text", "`f` int /* c */ DEFAULT 1",
    '`g"` date', "`h` int GENERATED ALWAYS AS (`a` + 1) VIRTUAL", "`i` enum('a,b','c''d')",
    "`j` int COMMENT '`k` int'", "`l` decimal(9,2)", "`m` varchar(3) DEFAULT ')'", "`n` int CHECK (`n` > 0)",
    "`o` json", "`p` bit(1) DEFAULT b'0'", "q int", "`r` char(1) CHARACTER SET latin1", "`s` timestamp NULL",
    "`t` int -- c\n", "`u` int #c\n DEFAULT 2",
)  # fmt: skip
KEYS = (
    "PRIMARY KEY (`c`)", "KEY `x` (`a`)", "UNIQUE KEY `y` (`a`, `c`)", "CHECK (`a` > 0)",
    "CONSTRAINT `z` CHECK (1)", "FULLTEXT KEY `w` (`b`)", "FOREIGN KEY (`a`) REFERENCES `other` (`a`)",
    "INDEX ((`a` + 1))",
)  # fmt: skip
OPTIONS = (
    "ENGINE=InnoDB", "COMMENT='x'", "AUTO_INCREMENT=7", "DEFAULT CHARSET=utf8mb4", "ROW_FORMAT=DYNAMIC", "/* c */",
    "-- c\n", "PARTITION BY HASH (`a`) PARTITIONS 2",
    "PARTITION BY RANGE (`a`) (PARTITION `p` VALUES LESS THAN (1))", "STATS_PERSISTENT=1",
)  # fmt: skip
ATTACKS = (
    "AS SELECT 1 AS `z`", "SELECT 1 AS `z`", "LIKE `other`", "(SELECT 1 AS `z`)", "/*!40000 AS SELECT 1 AS `z` */",
    "/*M! AS SELECT 1 AS `z` */", "IGNORE SELECT 1 AS `z`", "REPLACE AS VALUES ROW(1)", "TABLE `other`",
    "WITH `q` AS (SELECT 1) SELECT 1", "ENGINE=MyISAM", "ENGINE=MERGE UNION=(`other`)", "ENGINE=CSV",
    "DATA DIRECTORY='/tmp'", "; CREATE TABLE `evil` (a int)", "/*!40000 , `v` int */", "/*!99999 ) */", ")", "(",
    ",", "'", '"', "`", "\\", "/*", "*/", "--", "#", "\x00", "=", "@x",
)  # fmt: skip
HEADS = (
    "CREATE TABLE `t`", "CREATE TABLE IF NOT EXISTS `t`", "create table t", "CREATE /* c */ TABLE `t`",
    "CREATE TABLE `t`.`t`", "CREATE OR REPLACE TABLE `t`", "CREATE TEMPORARY TABLE `t`", "CREATE TABLE `s`.`t`",
    "CREATE TABLE /*!32312 IF NOT EXISTS*/ `t`",
)  # fmt: skip

_mostly = st.one_of(st.sampled_from(HEADS[:2]), st.sampled_from(HEADS))
_body = st.lists(st.sampled_from(COLUMNS), max_size=3, unique=True).flatmap(
    lambda columns: st.lists(st.sampled_from(KEYS + ATTACKS), max_size=1).map(
        lambda keys: ["`c` int NOT NULL", *columns, *keys]
    )
)
_tables = st.tuples(
    _mostly,
    _body.map(lambda items: "(" + ", ".join(items) + ")"),
    st.lists(st.sampled_from(OPTIONS) | st.sampled_from(ATTACKS), max_size=2).map(" ".join),
).map(" ".join)


@pytest.fixture(scope="module", params=servers.fuzzed_kinds())
def session(request: pytest.FixtureRequest, running_servers: Servers) -> Iterator[Connection[Cursor]]:
    with closing(running_servers[request.param].connect()) as connection, connection.cursor() as cursor:
        cursor.execute("DROP DATABASE IF EXISTS fuzz_ddl")
        cursor.execute("CREATE DATABASE fuzz_ddl CHARACTER SET utf8mb4")
        cursor.execute("USE fuzz_ddl")
        cursor.execute("CREATE TABLE other (a int PRIMARY KEY)")
        cursor.execute("INSERT INTO other VALUES (1)")
        yield connection
        cursor.execute("DROP DATABASE fuzz_ddl")


def what_we_take(text: str) -> tuple[bytes, list[str] | None] | None:
    """What would be sent, and its columns, if they can be read; None: it is refused."""
    try:
        file = read_schema_file(text.encode() + b";\n", "s.t-schema.sql")
        taken = checked(file, SchemaObject(ObjectKind.TABLE, "s", "t"))
    except LoaderError as error:
        str(error).encode()
        return None
    if taken.unsafe or any(map(reaches_out, taken.engines)):  # which must be allowed one by one
        return None
    parsed = parse_create_table(taken.create.decode())
    return taken.create, [column.name for column in parsed.columns] if parsed is not None else None


def asked(cursor: Cursor, question: str) -> list[str]:
    cursor.execute(question)
    return [str(row[0]) for row in cursor.fetchall()]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=EXAMPLES)
@given(_tables)
@example("CREATE TABLE `t` (`c` int NOT NULL) ENGINE=InnoDB")
def test_what_we_take_makes_one_empty_table_with_the_columns_that_we_read(
    session: Connection[Cursor], text: str
) -> None:
    taken = what_we_take(text)
    if taken is None:
        return
    with session.cursor() as cursor:
        try:
            session.query(taken[0])  # bytes are sent as they are
        except pymysql.err.Error as error:
            if error.args[0] >= _OF_THE_CLIENT and error.args[0] < 3000:
                raise
            return
        tables = asked(
            cursor, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'fuzz_ddl' ORDER BY 1"
        )
        columns = asked(
            cursor,
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'fuzz_ddl' AND table_name = 't' "
            "ORDER BY ordinal_position",
        )
        rows = asked(cursor, "SELECT COUNT(*) FROM t")
        cursor.execute("DROP TABLE t")
    assert tables == ["other", "t"]
    assert rows == ["0"]
    assert taken[1] in (None, columns)
