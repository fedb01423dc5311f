"""What a server reads as we do passes, letter by letter; what hides a backslash is refused by the charset's name."""

from __future__ import annotations

import pytest

from airflow_dm_loader.dump.hidden_backslashes import HiddenBackslashes
from airflow_dm_loader.errors import DumpFormatError


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("gbk", "(1,'汉字\\n\\'')".encode("gbk")),
        ("gb18030", "(1,'汉字🙂\\\\')".encode("gb18030")),
        ("sjis", "(1,'日本ｱ')".encode("shift_jis")),
        ("cp932", "(1,'日本ｱ')".encode("cp932")),
        ("big5", "(1,'中文')".encode("big5")),
        ("latin1", b"(1,'\xbf\\\\')"),
        ("utf8mb4", "(1,'é\\\\')".encode()),
        ("binary", b"(1,'\xbf\\\\')"),
    ],
)
def test_letters_without_a_backslash(charset: str, text: bytes) -> None:
    HiddenBackslashes(charset, "f").check(text, 0)


@pytest.mark.parametrize(
    ("charset", "text", "at"),
    [
        ("gbk", b"(1,'\xbf\\'),(2,'a')", 4),
        ("gbk", b"(1,'a\\\xbf\\'),(2,'a')", 5),  # the server skips one byte behind a backslash
        ("gbk", b"(`\xbf``)", 2),
        ("gb18030", b"(1,'\xbf\\')", 4),
        ("sjis", "(1,'表')".encode("shift_jis"), 4),
        ("cp932", "(1,'ソ')".encode("cp932"), 4),
        ("big5", "(1,'許')".encode("big5"), 4),
        ("gbk", b"(1,'\xff')", 4),
    ],
)
def test_letters_that_hide_one(charset: str, text: bytes, at: int) -> None:
    with pytest.raises(DumpFormatError, match=f"SET NAMES {charset}") as caught:
        HiddenBackslashes(charset, "s.t.sql").check(text, 100)

    assert (caught.value.file, caught.value.offset) == ("s.t.sql", 100 + at)


def test_statements_that_can_not_be_told_apart_name_the_charset() -> None:
    error = DumpFormatError("never closed", file="f", offset=7)

    assert HiddenBackslashes("latin1", "f").named(error) is error
    assert "gbk" in HiddenBackslashes("gbk", "f").named(error).message
