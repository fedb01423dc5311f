from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_dm_loader.dump.lexer import Statement, StatementReader
from airflow_dm_loader.dump.statements import HeadSettings, Rows, classify, head_settings, split_rows
from airflow_dm_loader.errors import DumpFormatError, UnsupportedStatementError


def kind_of(text: bytes) -> Rows | HeadSettings:
    (statement,) = StatementReader.of_bytes(text + b";", file="s.t.sql")
    return classify(statement, file="s.t.sql")


def rows_of(text: bytes) -> Rows:
    kind = kind_of(text)
    assert isinstance(kind, Rows)
    return kind


def split(values: bytes, *, backslash_escapes: bool = True) -> list[bytes]:
    spans = split_rows(values, file="f.sql", offset=0, backslash_escapes=backslash_escapes)
    return [values[start:end] for start, end in spans]


# Rows


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        (b"INSERT INTO `t` VALUES (1)", "INSERT"),
        (b"INSERT IGNORE INTO `t` VALUES (1)", "INSERT IGNORE"),
        (b"insert  ignore\ninto `t` values(1)", "INSERT IGNORE"),
        (b"REPLACE INTO `t` VALUES\n(1)", "REPLACE"),
        (b"INSERT `t` VALUES (1)", "INSERT"),
        (b"INSERT INTO `t` VALUE (1)", "INSERT"),
    ],
)
def test_rows_come_by_three_verbs(text: bytes, verb: str) -> None:
    rows = rows_of(text)
    assert (rows.verb, rows.schema, rows.table, rows.columns) == (verb, None, "t", None)
    assert text[rows.values_at :] == b"(1)"


@pytest.mark.parametrize(
    ("name", "schema", "table"),
    [
        (b"`t`", None, "t"),
        (b"t", None, "t"),
        (b'"t"', None, "t"),
        (b"`s`.`t`", "s", "t"),
        (b"`s` . `t`", "s", "t"),
        (b"s.t", "s", "t"),
        (b"`a``b`.`c.d`", "a`b", "c.d"),
        (b'"a""b"', None, 'a"b'),
        (b"`values (1)`", None, "values (1)"),
        ("`表`".encode(), None, "表"),
        ("表".encode(), None, "表"),
        (b"`\xff`", None, "\udcff"),
    ],
)
def test_the_name_of_the_table_is_unquoted(name: bytes, schema: str | None, table: str) -> None:
    rows = rows_of(b"INSERT INTO " + name + b" VALUES (1)")
    assert (rows.schema, rows.table) == (schema, table)


@pytest.mark.parametrize(
    "columns", [b"(`a`)", b"(`a`,`b`)", b"( `a` , b )", b"(`a``(`,`)`)", b'("a","b,")', b"(`VALUES (1)`)"]
)
def test_a_column_list_is_kept_as_it_stands(columns: bytes) -> None:
    text = b"INSERT INTO `t` " + columns + b" VALUES (1,2)"
    rows = rows_of(text)
    assert rows.columns == columns
    assert text[rows.values_at :] == b"(1,2)"


@pytest.mark.parametrize(
    "text",
    [
        b"INSERT INTO t SELECT * FROM x",
        b"INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a=1",
        b"INSERT INTO t SET a=1",
        b"INSERT INTO t (a b) VALUES (1,2)",
        b"INSERT DELAYED INTO t VALUES (1)",
        b"INSERT INTO t PARTITION (p0) VALUES (1)",
        b"UPDATE t SET a=1",
        b"DELETE FROM t",
        b"DROP TABLE t",
        b"CREATE TABLE t (a int)",
        b"LOAD DATA LOCAL INFILE 't.dat' INTO TABLE t",
        b"LOCK TABLES `t` WRITE",
        b"/*!40000 ALTER TABLE `t` DISABLE KEYS */",
        b"SET GLOBAL sql_mode=''",
        b"SET @a=1",
        b"SET autocommit=0",
        b"SET sql_mode=@OLD_SQL_MODE",
        b"COMMIT",
        b"nonsense",
    ],
)
def test_any_other_statement_is_refused_with_its_place_and_text(text: bytes) -> None:
    statement = Statement(text, 17, 18 + len(text))
    with pytest.raises(UnsupportedStatementError) as caught:
        classify(statement, file="s.t.sql")
    error = caught.value
    assert (error.code, error.file, error.offset) == (34009, "s.t.sql", 17)
    assert error.statement == text.decode()
    assert text.decode() in str(error)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("columns", [b"SELECT " + b"a" * 5000 + b".b", b"a" * 5000, b"a," * 3000 + b".", b" " * 5000])
def test_an_odd_column_list_is_refused_in_no_time(columns: bytes) -> None:
    with pytest.raises(UnsupportedStatementError):
        kind_of(b"INSERT INTO t (" + columns + b"!) VALUES (1)")


# Head settings


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (b"/*!40101 SET NAMES binary*/", {"names": "binary"}),
        (b"SET NAMES 'utf8mb4' COLLATE 'utf8mb4_bin'", {"names": "utf8mb4"}),
        (b"set names UTF8", {"names": "utf8"}),
        (b"/*!40014 SET FOREIGN_KEY_CHECKS=0*/", {"foreign_key_checks": "0"}),
        (b"/*!40103 SET TIME_ZONE='+00:00' */", {"time_zone": "+00:00"}),
        (b'/*M!100100 SET time_zone = "Europe/Berlin" */', {"time_zone": "Europe/Berlin"}),
        (b"SET SQL_MODE='NO_AUTO_VALUE_ON_ZERO,ANSI'", {"sql_mode": "NO_AUTO_VALUE_ON_ZERO,ANSI"}),
        (b"SET SESSION sql_mode := ''", {"sql_mode": ""}),
        (b"SET @@SESSION.time_zone='SYSTEM', @@unique_checks = 0", {"time_zone": "SYSTEM", "unique_checks": "0"}),
        (b"SET character_set_client = utf8mb4", {"character_set_client": "utf8mb4"}),
    ],
)
def test_the_settings_of_a_head_are_read(text: bytes, values: dict[str, str]) -> None:
    assert kind_of(text) == HeadSettings(values)


@pytest.mark.parametrize(
    "text",
    [
        b"SET",
        b"SET @PREV_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT",
        b"SET character_set_client = @PREV",
        b"SET @@GLOBAL.time_zone='+00:00'",
        b"SET PERSIST time_zone='+00:00'",
        b"SET time_zone='+00:00', wait_timeout=1",
        b"SET time_zone='+00:00' junk",
        b"SET time_zone=CONCAT('a','b')",
        b"SELECT 1",
        b"/*!40101 SET NAMES binary*/ /*!40014 SET FOREIGN_KEY_CHECKS=0*/",
    ],
)
def test_what_is_no_setting_of_a_head_is_not_guessed(text: bytes) -> None:
    assert head_settings(text) is None


# Single rows

QUOTED = st.builds(
    lambda text, quote: quote + text.replace(b"\\", b"\\\\").replace(quote, b"\\" + quote) + quote,
    st.lists(st.sampled_from([b"'", b'"', b"\\", b"(", b")", b",", b"),(", b"\n", b"\xff", b"\0"])).map(b"".join),
    st.sampled_from([b"'", b'"']),
)
PLAIN_VALUES = st.sampled_from([b"NULL", b"-1.5e-7", b"0x00ff", b"b'1'", b"x'00'", b"TRUE"])
CALLS = st.recursive(
    QUOTED | PLAIN_VALUES,
    lambda inner: st.one_of(
        inner.map(lambda value: b"f(" + value + b")"),
        inner.map(lambda value: b"CONVERT(_binary " + value + b" USING utf8mb4)"),
    ),
    max_leaves=3,
).filter(lambda value: value.count(b"f(") + value.count(b"CONVERT(") <= 3)
ROWS = st.lists(CALLS, min_size=1, max_size=4).map(lambda values: b"(" + b",".join(values) + b")")


@given(rows=st.lists(ROWS, min_size=1, max_size=5), comma=st.sampled_from([b",", b",\n", b"\n,", b" , "]))
def test_rows_come_apart_as_they_were_joined(rows: list[bytes], comma: bytes) -> None:
    values = comma.join(rows)
    spans = list(split_rows(values, file="f.sql", offset=0))
    assert [values[start:end] for start, end in spans] == rows
    gaps = [values[end:start] for (_, end), (start, _) in pairwise(spans)]
    assert gaps == [comma] * (len(rows) - 1)


@given(
    rows=st.lists(
        st.lists(st.sampled_from([b"\\", b"),(", b"a", b"''", b'"', b"\n"]), max_size=6).map(
            lambda pieces: b"('" + b"".join(pieces) + b"')"
        ),
        min_size=1,
    )
)
def test_rows_come_apart_without_backslash_escapes_too(rows: list[bytes]) -> None:
    assert split(b",\n".join(rows), backslash_escapes=False) == rows


def test_functions_may_nest() -> None:
    rows = [b"(ST_GeomFromText(CONCAT('POINT(',UPPER('1 2)'),')')),1)", b'(CONVERT(_binary "{)" USING UTF8MB4))']
    assert split(b",".join(rows)) == rows


@pytest.mark.parametrize(
    ("values", "at"),
    [
        (b"(1),(2", 4),
        (b"(1),2)", 4),
        (b"(1) (2)", 0),
        (b"(1),\n('a)", 4),
        (b"(1),,(2)", 4),
        (b"(1),(2))", 4),
        (b"(1) ON DUPLICATE KEY UPDATE a=VALUES(a)", 0),
        (b"(1),((((((1))))))", 4),
        (rb"('a\')", 0),
    ],
)
def test_rows_that_can_not_be_told_apart_are_an_error_with_their_place(values: bytes, at: int) -> None:
    with pytest.raises(DumpFormatError, match="rows can't be told apart here") as caught:
        list(split_rows(values, file="f.sql", offset=1000))
    assert (caught.value.file, caught.value.offset) == ("f.sql", 1000 + at)
    assert caught.value.statement == values[at:].decode()


@pytest.mark.timeout(20)
@pytest.mark.parametrize("values", [b"(" * 3000, b"('" * 3000, b"(f(" * 2000 + b")", b"(1" + b",f(1)" * 20_000])
def test_broken_rows_are_found_in_no_time(values: bytes) -> None:
    with pytest.raises(DumpFormatError):
        list(split_rows(values, file="f.sql", offset=0))
