"""Which tool wrote a file is told by its head, and where that is open, by quotes and number."""

from __future__ import annotations

import pytest

from airflow_dm_loader.dump.dump_tool import UnsureCharset, tool_of
from airflow_dm_loader.dump.lexer import Statement
from airflow_dm_loader.errors import DumpFormatError
from airflow_dm_loader.settings.choices import DumpTool

NAMES = b"/*!40101 SET NAMES binary*/"
KEYS = b"/*!40014 SET FOREIGN_KEY_CHECKS=0*/"
PLAIN_KEYS = b"SET FOREIGN_KEY_CHECKS=0"
MODE = b"/*!40101 SET SQL_MODE='NO_AUTO_VALUE_ON_ZERO'*/"
ZONE = b"/*!40103 SET TIME_ZONE='+00:00' */"
DUMPLING, MYDUMPER, AUTO = DumpTool.DUMPLING, DumpTool.MYDUMPER, DumpTool.AUTO


@pytest.mark.parametrize(
    ("head", "rows", "file", "tool"),
    [
        ([KEYS, NAMES], b"(1)", "s.t.sql", DUMPLING),  # of MySQL and TiDB
        ([NAMES, PLAIN_KEYS], b"(1)", "s.t.sql", DUMPLING),  # of MariaDB
        ([NAMES], b"(1,'a')", "s.t.000000000.sql", DUMPLING),  # until 5.3
        ([NAMES], b"(1)", "s.t.0000000010000.sql.gz", DUMPLING),
        ([NAMES, KEYS, ZONE], b"(1)", "s.t.sql", MYDUMPER),  # 0.9, 0.10
        ([NAMES, KEYS, MODE, ZONE], b"(1)", "s.t.00000.sql", MYDUMPER),  # 1.0
        ([NAMES, KEYS, MODE], b"(1)", "s.t.00000.sql", MYDUMPER),  # 1.0 --skip-tz-utc
        ([NAMES, KEYS], b'(1,"a\'b")', "s.t.sql", MYDUMPER),  # 0.10 --skip-tz-utc
        ([NAMES, KEYS], b"(1,'a\"b')", "s.t.000000000.sql", DUMPLING),
        ([NAMES, KEYS], b"(1,'a')", "s.t.sql", AUTO),
        ([NAMES, KEYS], b"(1)", "s.t.00000.sql", AUTO),
        ([NAMES], b"(1,'a')", "s.t.sql", AUTO),
        ([KEYS, NAMES, ZONE], b"(1)", "s.t.000000000.sql", AUTO),  # dumpling sets no zone
        ([ZONE, NAMES, KEYS], b"(1)", "s.t.sql", AUTO),
        ([b"SET NAMES binary", KEYS, ZONE], b"(1)", "s.t.sql", AUTO),
        ([], b"(1)", "s.t.sql", AUTO),
    ],
)
def test_the_tool_of_a_head(head: list[bytes], rows: bytes, file: str, tool: DumpTool) -> None:
    assert tool_of(head, rows, file) is tool


def check(charset: str, row: bytes, columns: tuple[str, ...] = ("id", "V")) -> None:
    unsure = UnsureCharset.of({"v": charset, "other": "utf8mb4"})
    head = b"INSERT INTO `t` VALUES "
    if unsure is not None:
        unsure.check(Statement(head + row, 100, 0), len(head), columns, True, "s.t.sql")


@pytest.mark.parametrize(
    ("charset", "row"),
    [
        ("latin1", b"(1,'a'),(2,'b')"),
        ("latin1", b"(1,NULL),(2,'b')"),
        ("utf8mb4", "(1,'é')".encode()),
        ("utf8mb3", "(1,'é')".encode()),
        ("binary", b"(1,'\xff')"),
        ("utf16", b"(1,NULL)"),
        ("utf16", b"(1,0x0061)"),
    ],
)
def test_strings_that_mean_the_same_by_either_tool(charset: str, row: bytes) -> None:
    check(charset, row)


@pytest.mark.parametrize(
    ("charset", "row", "offset"),
    [
        ("latin1", "(1,'a'),(2,'é')".encode(), 131),
        ("gbk", b"(1,'\xbf\xd7')", 123),
        ("utf16", b"(1,'ab')", 123),
        ("utf32", b'(1,_binary "ab")', 123),
    ],
)
def test_a_string_that_would_mean_another_asks_for_the_tool(charset: str, row: bytes, offset: int) -> None:
    with pytest.raises(DumpFormatError, match=f"column V is UTF-8 .* and {charset} in mydumper") as caught:
        check(charset, row)

    assert "dump_tool" in caught.value.remedy
    assert (caught.value.file, caught.value.offset) == ("s.t.sql", offset)


def test_letters_of_another_column_do_not_count() -> None:
    check("latin1", "('é',1)".encode(), ("other", "id"))
    check("latin1", "('é','a')".encode(), ("other", "v"))
