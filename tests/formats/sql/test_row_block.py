from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_dm_loader.errors import DumpFormatError, RowError
from airflow_dm_loader.formats.sending.into import into_clause
from airflow_dm_loader.formats.sql.row_block import RowBlock

INTO = into_clause("s", "t", None, ("a", "b"))
ROOM = 1024 + len(INTO)  # of a packet, what is kept free for all but the rows


def block(values: bytes, *, backslash_escapes: bool = True) -> RowBlock:
    return RowBlock("s", "t", INTO, memoryview(values), "s.t.sql", 1000, backslash_escapes)


def rows_of(part: RowBlock) -> list[bytes]:
    return [bytes(part.values[start:end]) for start, end in part.row_spans()]


STRINGS = st.lists(st.sampled_from([b"x" * 9, b"),(", b"\\'", b'"', b"\n", b"\xff"]), max_size=6).map(b"".join)
ROWS = st.lists(STRINGS.map(lambda text: b"('" + text + b"',1)"), min_size=1, max_size=12)


@given(rows=ROWS, comma=st.sampled_from([b",", b",\n", b"\n,"]), room=st.integers(0, 200))
def test_all_rows_are_sent_once_in_order_and_in_packets_that_fit(rows: list[bytes], comma: bytes, room: int) -> None:
    whole = block(comma.join(rows))
    max_packet_bytes = ROOM + max(map(len, rows)) + room
    parts = list(whole.fit(max_packet_bytes))
    assert [row for part in parts for row in rows_of(part)] == rows
    for part in parts:
        assert all(sum(map(len, part.sql(verb))) <= max_packet_bytes for verb in ("INSERT", "REPLACE", "INSERT IGNORE"))
        assert bytes(whole.values[part.offset - whole.offset :]).startswith(part.values)
        assert (part.schema, part.table, part.into, part.file) == ("s", "t", INTO, "s.t.sql")


@given(rows=ROWS)
def test_no_packet_is_left_half_empty(rows: list[bytes]) -> None:
    room = max(map(len, rows))
    parts = list(block(b",".join(rows)).fit(ROOM + room))
    for part, after in pairwise(parts):
        assert len(part.values) + 1 + len(rows_of(after)[0]) > room


def test_a_block_that_fits_stays_as_it_is_and_is_not_split() -> None:
    whole = block(b"rows that nobody looks at")
    assert list(whole.fit(ROOM + len(whole.values))) == [whole]


def test_a_row_that_is_too_large_is_named_with_both_numbers() -> None:
    values = b"('a',1),\n('" + b"x" * 5000 + b"',2),\n('b',3)"
    with pytest.raises(RowError) as caught:
        list(block(values).fit(ROOM + 4000))
    error = caught.value
    assert "a row of 5006 bytes" in error.message
    assert f"max_allowed_packet of {ROOM + 4000} bytes" in error.message
    assert (error.file, error.offset, error.table) == ("s.t.sql", 1000 + values.index(b"('x"), "s.t")
    assert "max_allowed_packet" in error.remedy
    assert len(str(error)) < 1000


def test_rows_that_can_not_be_told_apart_are_an_error_with_their_place() -> None:
    values = b"('a',1),('" + b"x" * 5000
    with pytest.raises(DumpFormatError) as caught:
        list(block(values).fit(ROOM + 4000))
    assert (caught.value.file, caught.value.offset) == ("s.t.sql", 1008)


def test_backslashes_are_letters_where_the_head_says_so() -> None:
    whole = block(rb"('c:\',1),('d:\',2)", backslash_escapes=False)
    parts = list(whole.fit(ROOM + 10))
    assert [part.values for part in parts] == [rb"('c:\',1)", rb"('d:\',2)"]
    assert not any(part.backslash_escapes for part in parts)


def test_a_part_knows_its_place_in_the_file() -> None:
    part = block(b"(1),(2),(3)").part(4, 11)
    assert (bytes(part.values), part.offset) == (b"(2),(3)", 1004)
    assert part.part(4, 7).offset == 1008


def test_the_statement_is_sent_with_the_load_s_own_verb() -> None:
    assert (
        b"".join(block(b"('\xff',1)").sql("INSERT IGNORE")) == b"INSERT IGNORE INTO `s`.`t` (`a`,`b`) VALUES ('\xff',1)"
    )


def test_columns_are_always_named() -> None:
    assert into_clause("s", "t", None, ("a", "b")) == b"`s`.`t` (`a`,`b`)"
    assert into_clause("s", "t", b"( `b` , a )", ("a", "b")) == b"`s`.`t` ( `b` , a )"


def test_odd_names_are_quoted_byte_for_byte() -> None:
    assert into_clause("a`b", "表", None, ("c`", "\udcff")) == "`a``b`.`表` (`c```,`".encode() + b"\xff`)"
