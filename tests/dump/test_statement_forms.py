"""Statements of data files that no dump tool writes, in the form in which tools would."""

from __future__ import annotations

import pytest

from airflow_dm_loader.dump.lexer import Statement
from airflow_dm_loader.dump.sql_modes import Quoting
from airflow_dm_loader.dump.statement_forms import form_name, passed_over, plain_insert
from airflow_dm_loader.dump.statements import head_settings


def plain(text: bytes) -> bytes:
    return b" ".join(plain_insert(Statement(text, 0, len(text)), Quoting()).text.split())


@pytest.mark.parametrize(
    ("text", "same"),
    [
        (b"INSERT LOW_PRIORITY INTO t VALUES (1)", b"INSERT INTO t VALUES (1)"),
        (b"INSERT DELAYED IGNORE INTO t VALUES (1)", b"INSERT IGNORE INTO t VALUES (1)"),
        (b"replace delayed t values (1)", b"replace t values (1)"),
        (b"INSERT /*+ MAX_EXECUTION_TIME(1) */ HIGH_PRIORITY INTO t VALUES (1)", b"INSERT INTO t VALUES (1)"),
        (b"INSERT /*+ SET_VAR(a=1) */ INTO t VALUES (1)", b"INSERT /*+ SET_VAR(a=1) */ INTO t VALUES (1)"),
        (b"INSERT INTO `t` SET `a` = 1, t.`c` := 'x, b = 2'", b"INSERT INTO `t` (`a`,`c`) VALUES (1,'x, b = 2')"),
        (b"REPLACE s.t SET a=0x41", b"REPLACE s.t (a) VALUES (0x41)"),
        (b"INSERT INTO t SET a = b + 1", b"INSERT INTO t SET a = b + 1"),
        (b"INSERT INTO t SET a = (SELECT 1)", b"INSERT INTO t SET a = (SELECT 1)"),
        (b"INSERT INTO t SET a = 1 AS new", b"INSERT INTO t SET a = 1 AS new"),
        (b"INSERT INTO t VALUES ('LOW_PRIORITY SET a = 1')", b"INSERT INTO t VALUES ('LOW_PRIORITY SET a = 1')"),
    ],
)  # fmt: skip
def test_an_insert_is_put_into_the_form_of_tools_where_that_means_the_same(text: bytes, same: bytes) -> None:
    assert plain(text) == same


@pytest.mark.parametrize(
    "text",
    [
        b"LOCK TABLES `t` WRITE",
        b"LOCK TABLES `a` READ, `b` WRITE",
        b"UNLOCK TABLES",
        b"/*!40000 ALTER TABLE `t` DISABLE KEYS */",
        b"ALTER TABLE t ENABLE KEYS",
        b"COMMIT",
        b"START TRANSACTION",
        b"set autocommit=0",
        b"/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */",
        b"/*!40111 SET @OLD_SQL_NOTES=@@SQL_NOTES, SQL_NOTES=0 */",
        b"/*M!100616 SET @OLD_NOTE_VERBOSITY=@@NOTE_VERBOSITY, NOTE_VERBOSITY=0 */",
    ],
)
def test_what_changes_no_row_is_passed_over(text: bytes) -> None:
    found = passed_over(text)
    assert found is not None
    assert not found.restores


def test_a_restored_variable_is_known_as_that() -> None:
    found = passed_over(b"/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */")
    assert found is not None
    assert found.restores


@pytest.mark.parametrize(
    "text",
    [
        b"ALTER TABLE t DROP COLUMN a",
        b"ALTER TABLE t DISABLE KEYS, DROP COLUMN a",
        b"LOCK TABLES t WRITE; DROP TABLE t",
        b"SET GLOBAL autocommit=0",
        b"SET @a = 1",
        b"SET @a = @@sql_mode, sql_mode = ''",
        b"DROP TABLE t",
        b"ROLLBACK",
    ],
)
def test_whatever_else_is_not_passed_over(text: bytes) -> None:
    assert passed_over(text) is None


def test_a_setting_behind_what_it_saves_is_a_head_setting() -> None:
    found = head_settings(b"/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */")
    assert found is not None
    assert found.values == {"sql_mode": "NO_AUTO_VALUE_ON_ZERO"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (b"INSERT INTO t SELECT * FROM u", "rows out of a query"),
        (b"INSERT INTO t (a) SELECT a FROM `u`", "rows out of a query"),
        (b"INSERT INTO t TABLE u", "rows out of a query"),
        (b"INSERT INTO t PARTITION (p0) VALUES (1)", "INSERT ... PARTITION"),
        (b"INSERT INTO t VALUES ROW(1), ROW(2)", "VALUES ROW(...)"),
        (b"INSERT /*+ SET_VAR(time_zone='+01:00') */ INTO t VALUES (1)", "an optimizer hint that sets a variable"),
        (b"DELETE FROM t", None),
    ],
)
def test_what_is_refused_has_a_name(text: bytes, name: str | None) -> None:
    assert form_name(text) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (b"INSERT INTO t VALUES (1,'a') ON DUPLICATE KEY UPDATE v='x'", "ON DUPLICATE KEY UPDATE"),
        (b"INSERT INTO t SET a=1 on duplicate key update a=2", "INSERT ... SET with what is no literal"),
        (b"INSERT INTO t SET a=CONCAT('a','b')", "INSERT ... SET with what is no literal"),
        (b"INSERT INTO t VALUES (1,'a') RETURNING id", "RETURNING"),
        (b"INSERT INTO t VALUES (1,'a') AS new", "a name for the rows"),
    ],
)
def test_a_clause_behind_the_rows_is_refused_by_its_name(text: bytes, name: str) -> None:
    assert form_name(text) == name
