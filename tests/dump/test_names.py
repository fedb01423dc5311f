from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_dm_loader.dump.names import escape, is_stand_in, unescape, unquote
from tests.dump import dumpling

TRICKY = st.text(st.sampled_from("a%2E5C7D-schemaSCHEMA./\\:\"'`\n\0 ä"), max_size=20)


@given(st.text() | TRICKY)
def test_escaping_round_trips(name: str) -> None:
    assert unescape(escape(name)) == name


@given(st.text() | TRICKY)
def test_escaping_is_dumplings(name: str) -> None:
    assert escape(name) == dumpling.escape(name)


@given(st.text() | TRICKY)
def test_an_escaped_name_holds_no_dot_and_no_slash(name: str) -> None:
    assert not set(escape(name)) & set('./\\:*?<>|"\n\0')


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        ("a.b", "a%2Eb"),
        ("100%", "100%25"),
        ("t-schema", "t%2Dschema"),
        ("t-SCHEMA-x", "t%2DSCHEMA-x"),
        ("a-b c'd`e", "a-b c'd`e"),
        ("a%2Eb", "a%252Eb"),
        ("line\nfeed", "line%0Afeed"),
    ],
)
def test_known_escapes(name: str, escaped: str) -> None:
    assert escape(name) == escaped
    assert unescape(escaped) == name


@pytest.mark.parametrize("text", ["50%", "50%off", "%", "%2", "%2e", "%20", "%2D", "%41", "%zz", "%%"])
def test_a_percent_that_dumpling_would_not_write_stays(text: str) -> None:
    assert unescape(text) == text


@pytest.mark.parametrize(
    ("name", "stands_in"), [("mydumper_0", True), ("mydumper_12", True), ("mydumper_", False), ("mydumper_1a", False)]
)
def test_stand_ins(name: str, stands_in: bool) -> None:
    assert is_stand_in(name) is stands_in


def test_names_in_metadata_double_their_quote_and_replace_newlines() -> None:
    assert unquote('a``b""c', "`") == 'a`b""c'
    assert unquote('a``b""c', '"') == 'a``b"c'
    assert unquote("two\u10000lines", "`") == "two\nlines"
