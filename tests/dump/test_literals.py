"""Literals are read as the bytes that the server makes of them."""

from __future__ import annotations

import pytest

from airflow_dm_loader.dump.literals import literal_bytes


@pytest.mark.parametrize(
    ("literal", "plain"),
    [
        (b"'it''s'", b"it's"),
        (b"'it\\'s'", b"it's"),
        (b'"a ""b"" \\" \\n \\% \\x"', b'a "b" " \n \\% x'),
        (b"''", b""),
        (b"''''", b"'"),
        (b" _binary 'a' ", b"a"),
        (b"_utf8mb4'a'", b"a"),
        (b"x'4142'", b"AB"),
        (b"_binary 0x4142", b"AB"),
        (b"0xABC", b"\x0a\xbc"),
        (b"-1.5e3", b"-1.5e3"),
        (b"'\\\\'", b"\\"),
    ],
)
def test_forms_that_tools_write(literal: bytes, plain: bytes) -> None:
    assert literal_bytes(literal, backslash_escapes=True) == plain


@pytest.mark.parametrize(
    "literal", [b"'a' 'b'", b"_latin1 'a'", b"CONVERT('a' USING utf8)", b"('a')", b"b'01'", b"'a", b"N'a'"]
)
def test_what_is_no_such_form_is_none(literal: bytes) -> None:
    assert literal_bytes(literal, backslash_escapes=True) is None


def test_a_backslash_is_a_letter_where_the_mode_says_so() -> None:
    assert literal_bytes(b"'a\\'", backslash_escapes=False) == b"a\\"
    assert literal_bytes(b"'a\\''b'", backslash_escapes=False) == b"a\\'b"
