"""Strings in other charsets become UTF-8 on the way, for a target that takes nothing else."""

from __future__ import annotations

import pytest

from airflow_dm_loader.dump.codecs import UnknownLettersError
from airflow_dm_loader.dump.recoding import Recoding, to_recode

LATIN1 = {"v": "latin1"}


def recoded(rows: bytes, *columns: str, charsets: dict[str, str], backslash_escapes: bool = True) -> bytes:
    recoding = Recoding.of(columns, charsets, backslash_escapes=backslash_escapes)
    assert recoding is not None
    return recoding.on(rows)


@pytest.mark.parametrize(
    ("rows", "sent"),
    [
        (b"(1,'n\xe9'),\n(2,NULL)", "(1,'né'),\n(2,NULL)".encode()),
        (b'(1,"n\xe9\\"\\\'\\\\\\n\\0")', "(1,'né\"''\\\\\n\0')".encode()),
        (b'(1,_binary "\xe9")', "(1,'é')".encode()),
        (b"(1,'it''s \xe9')", "(1,'it''s é')".encode()),
        (b"(1,'\\%\\_\xe9')", "(1,'\\\\%\\\\_é')".encode()),
        (b"(1,0xE9),(2,x'e9')", "(1,'é'),(2,'é')".encode()),
        (b"(1,'plain'),(2,'')", b"(1,'plain'),(2,'')"),
        (b"(1,'a),(\xe9')", "(1,'a),(é')".encode()),
        (b"(1,'\xe9',3)", b"(1,'\xe9',3)"),  # another number of values: the server refuses the row
    ],
)
def test_a_string_of_a_column_becomes_utf_8(rows: bytes, sent: bytes) -> None:
    assert recoded(rows, "id", "v", charsets=LATIN1) == sent


def test_each_column_has_its_charset_and_others_stay_as_they_are() -> None:
    rows = b"(x'ff','\xe9',_binary '\xff\xe9','" + "汉乗".encode("gbk").replace(b"\\", b"\\\\") + b"',1.5)"

    sent = recoded(rows, "b", "V", "raw", "g", "n", charsets={"v": "latin1", "g": "gbk"})

    assert sent == b"(x'ff','" + "é".encode() + b"',_binary '\xff\xe9','" + "汉乗".encode() + b"',1.5)"


def test_a_backslash_is_a_letter_where_the_file_says_so() -> None:
    assert recoded(b"('\\\xe9''')", "v", charsets=LATIN1, backslash_escapes=False) == "('\\é''')".encode()


def test_letters_of_which_nothing_is_certain_are_refused() -> None:
    with pytest.raises(UnknownLettersError, match="no gbk"):
        recoded(b"('\xff\xff')", "v", charsets={"v": "gbk"})
    with pytest.raises(UnknownLettersError, match="in a form"):
        recoded(b"(_latin1'\xe9')", "v", charsets=LATIN1)


def test_what_is_utf_8_is_left_alone() -> None:
    charsets = {"a": "utf8mb4", "B": "latin1", "c": "ascii", "d": "binary"}

    assert to_recode("binary", charsets) == {"b": "latin1"}
    assert to_recode("utf8mb4", charsets) == {}
    assert to_recode("cp1251", {"a": "utf8mb4"}) == {"a": "cp1251"}
    assert Recoding.of(("a",), {}, backslash_escapes=True) is None
