"""Rows hold literals, and nothing that a server would run."""

from __future__ import annotations

import pytest

from airflow_dm_loader.dump.lexer import Statement
from airflow_dm_loader.dump.row_values import check_values, without_comments
from airflow_dm_loader.dump.sql_modes import Quoting
from airflow_dm_loader.errors import UnsupportedStatementError

USUAL = Quoting()


def check(values: bytes, quoting: Quoting = USUAL) -> None:
    head = b"INSERT INTO `t` VALUES "
    check_values(Statement(head + values, 1000, 0), len(head), quoting, "s.t.sql")


def refused_at(values: bytes, quoting: Quoting = USUAL) -> int:
    """Where in the values."""
    with pytest.raises(UnsupportedStatementError) as caught:
        check(values, quoting)
    assert caught.value.file == "s.t.sql"
    assert caught.value.offset is not None
    return caught.value.offset - 1000 - len(b"INSERT INTO `t` VALUES ")


@pytest.mark.parametrize(
    "values",
    [
        b"(1,'a')",
        b'(1,\'a\'),\n(2,"b\\"")',
        b"(1)\n,(2)\n",
        b"()",
        b"( ),( )",
        b"(-1.5e-7,.5,+3,1.,2E+10,0)",
        b"(0x00ff,x'00',X'',b'1',B'',0b01,N'x',n'x')",
        b"(_binary 'a',_binary \"a\",_utf8mb4'x',_UTF8MB4 0x41,_latin1 X'41')",
        b"(NULL,null,DEFAULT,TRUE,false)",
        b"(CONVERT(\"{}\" USING UTF8MB4),convert( _binary '{}' using utf8 ))",
        b"('a''b',\"a\"\"b\",'),(',') ON DUPLICATE KEY UPDATE a=(1)')",
        b"('SLEEP(1)','/*','--','@a')",
        b"('a' 'b',\n'a'\n\"b\",(7),( 'x' ),(1),N'a')",
        b"('\xff\x00\n\\'')",
    ],
)
def test_literals_in_the_forms_of_dump_tools_are_sound(values: bytes) -> None:
    check(values)


@pytest.mark.parametrize(
    ("values", "at"),
    [
        (b"(1,(SELECT 1))", 3),
        (b"(1),(2,sleep(5))", 7),
        (b"(1),(@a)", 5),
        (b"(@@version)", 1),
        (b"(a)", 1),
        (b"(`a`)", 1),
        (b"(a.b)", 1),
        (b"(_a0x41)", 1),
        (b"(_binary(1))", 1),
        (b"(1,ST_GeomFromText('POINT(1 2)'))", 3),
        (b"((1)+1)", 1),
        (b"((SELECT 1))", 1),
        (b"(1+1)", 1),
        (b"(1--1)", 1),
        (b"(- 1)", 1),
        (b"(-'1')", 1),
        (b"('a' COLLATE utf8mb4_bin)", 1),
        (b"(CONVERT(sleep(1) USING utf8))", 1),
        (b"(CONVERT(1, CHAR))", 1),
        (b"(DEFAULT(a))", 1),
        (b"(CURRENT_TIMESTAMP)", 1),
        (b"(1,2/*!,3*/)", 3),
        (b"(1,/*M!2*/)", 3),
        (b"(1/* */)", 1),
        (b"(1) ON DUPLICATE KEY UPDATE a=1", 4),
        (b"(1)/**/ON DUPLICATE KEY UPDATE a=(1)", 3),
        (b"(1) AS n", 4),
        (b"(1)RETURNING (a)", 3),
        (b"(1),ROW(2)", 4),
        (b"(1),(2", 5),
        (b"(1),", 4),
        (b"(1,)", 3),
        (b"(,1)", 1),
        (b"(1 2)", 1),
        (b"(1e)", 1),
        (b"(0x)", 1),
        (b"(x'0g')", 1),
        (b"(1;2)", 1),
        (b"('a)", 1),
        (b"", 0),
    ],
)
def test_whatever_else_is_refused_at_its_place(values: bytes, at: int) -> None:
    assert refused_at(values) == at


def test_what_a_quote_and_a_backslash_are_is_the_files_own_sql_mode() -> None:
    assert refused_at(b'("a")', Quoting(ansi_quotes=True)) == 1
    check(rb"('\')", Quoting(backslash_escapes=False))
    assert refused_at(rb"('\')") == 1
    assert refused_at(rb"('\',sleep(1),'\')", Quoting(backslash_escapes=False)) == 5


def test_comments_become_blanks_where_all_servers_pass_over_them() -> None:
    text = b"INSERT /* shard 3 */ INTO `a/*b` VALUES (1,'-- # /* */') -- the last"
    plain = without_comments(Statement(text, 7, 99), USUAL)
    assert plain.text == b"INSERT               INTO `a/*b` VALUES (1,'-- # /* */')"
    assert (plain.offset, plain.end) == (7, 99)


@pytest.mark.parametrize("comment", [b"/*! ,2 */", b"/*!99999 ,2 */", b"/*M!100100 ,2 */", b"/*T! ,2 */", b"/*+ x */"])
def test_a_comment_that_a_server_may_run_is_refused(comment: bytes) -> None:
    plain = without_comments(Statement(b"(1" + comment + b")", 0, 0), USUAL)
    assert plain.text == b"(1" + comment + b")"
    assert refused_at(plain.text) == 1


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "values",
    [
        b"(" * 1_000_000,
        b"(1" + b",1" * 500_000,
        b"(" + b"'" * 1_000_001,
        b"(1)," * 500_000,
        b"(CONVERT(" * 100_000,
        b" " * 1_000_000,
        b"(_a " * 300_000,
        b"(1)" + b" " * 1_000_000 + b"x",
    ],
    ids=lambda values: repr(values[:8]),
)
def test_long_nonsense_is_refused_in_one_pass(values: bytes) -> None:
    refused_at(values)
