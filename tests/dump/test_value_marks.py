"""Introducers go before the strings of some columns, and touch nothing else in a row."""

from __future__ import annotations

import pytest

from airflow_dm_loader.dump.value_marks import Marks, Places

ROWS = b"""(1,_binary "a(b,'c",NULL,'{"x":1}') , (2,"z\\"",CONVERT("{}" USING utf8mb4),"q"),
(3,x'41',_binary '1','2')"""


def marks(columns: str, kinds: dict[str, str], *, binary: bool = True, backslash_escapes: bool = True) -> Marks | None:
    return Marks.of(columns.split(), kinds, binary=binary, backslash_escapes=backslash_escapes)


@pytest.mark.parametrize(
    ("kinds", "marked"),
    [
        (
            {"b": "uuid"},
            b"""(1,_utf8mb4"a(b,'c",NULL,'{"x":1}') , (2,_utf8mb4"z\\"",CONVERT("{}" USING utf8mb4),"q"),
(3,x'41',_binary '1','2')""",
        ),
        (
            {"C": "json", "D": "inet6"},
            b"""(1,_binary "a(b,'c",NULL,_utf8mb4'{"x":1}') , (2,"z\\"",CONVERT("{}" USING utf8mb4),_utf8mb4"q"),
(3,x'41',_utf8mb4'1',_utf8mb4'2')""",
        ),
    ],
)
def test_strings_of_text_types_are_text_in_a_binary_session(kinds: dict[str, str], marked: bytes) -> None:
    found = marks("a b c d", kinds)

    assert found is not None
    assert found.on(ROWS) == marked
    assert found.on(memoryview(ROWS)) == marked


def test_strings_of_binary_types_are_bytes_in_another_session() -> None:
    found = marks("a b", {"a": "geometry", "b": "varchar"}, binary=False)

    assert found is not None
    assert found.on(b"('\xe9\\'',\"a\"),(NULL,'b')") == b"(_binary'\xe9\\'',\"a\"),(NULL,'b')"


def test_without_backslash_escapes() -> None:
    found = marks("a b", {"b": "json"}, backslash_escapes=False)

    assert found is not None
    assert found.on(b"('\\','\"a''b\"')") == b"('\\',_utf8mb4'\"a''b\"')"


def test_a_table_without_such_columns_needs_none() -> None:
    assert marks("a b", {"a": "int", "b": "varchar"}) is None
    assert marks("a b", {"a": "blob", "b": "varchar"}) is None


def test_rows_of_another_form_stay_as_they_are() -> None:
    found = marks("a b", {"b": "json"})

    assert found is not None
    assert found.on(b"(1,'{}'),(2,'{}',3),(4,'{}')") == b"(1,_utf8mb4'{}'),(2,'{}',3),(4,'{}')"


@pytest.mark.parametrize("row", [b"(" * 4000, b"(1," + b"_binary " * 4000, b"(1,'" + b"\\" * 4001, b"(1" + b" " * 9000])
def test_hostile_rows_are_left_alone(row: bytes) -> None:
    found = marks("a b", {"b": "json"})

    assert found is not None
    assert found.on(row) == row


def test_values_of_some_places() -> None:
    assert list(Places(4, (0, 2)).values(ROWS)) == [
        (0, (b"1", b"NULL")),
        (38, (b"2", b'CONVERT("{}" USING utf8mb4)')),
        (81, (b"3", b"_binary '1'")),
    ]
