"""Which columns of a table that exists take the values of the dump as they are: told before any row is sent."""

from __future__ import annotations

import pytest

from airflow_dm_loader.target.column_shapes import ColumnShape, shape_of
from airflow_dm_loader.target.conversions import letters_change, may_change


def shape(definition: str) -> ColumnShape:
    return shape_of("v", definition, charset="utf8mb4")


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("int", "int(11)"),
        ("int(11)", "bigint unsigned"),
        ("bigint", "tinyint"),  # what does not fit is refused
        ("int unsigned", "decimal(10,0)"),
        ("int", "double"),
        ("smallint", "float"),
        ("int", "varchar(20)"),
        ("year", "int"),
        ("decimal(10,2)", "decimal(12,3)"),
        ("float", "double"),
        ("char(3)", "varchar(3)"),
        ("varchar(20)", "text"),
        ("text", "longblob"),
        ("varchar(20)", "varchar(10)"),
        ("binary(4)", "varbinary(9)"),
        ("varbinary(9)", "blob"),
        ("enum('a','b')", "enum('b','c','a')"),
        ("enum('a','b')", "varchar(1)"),
        ("set('a','b')", "set('a','b','c')"),
        ("datetime", "datetime(3)"),
        ("date", "datetime"),
        ("datetime", "varchar(40)"),
        ("json", "longtext"),
        ("bit(3)", "bit(8)"),
        ("point", "geometry"),
        ("numeric(5,1)", "decimal(5,1)"),
        ("uuid", "uuid"),
        ("uuid", "char(36)"),  # MariaDB's, into a server that has not the type
        ("inet6", "varchar(40)"),
        ("inet4", "text"),
    ],
)
def test_each_value_arrives_or_is_refused(source: str, target: str) -> None:
    assert not may_change(shape(source), shape(target))


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("int", "year"),
        ("int", "enum('1','2')"),
        ("int", "bit(8)"),
        ("int", "float"),
        ("bigint", "double"),
        ("int(5) unsigned zerofill", "varchar(9)"),  # 00042 becomes 42
        ("decimal(10,2)", "decimal(10,1)"),
        ("decimal(10,2)", "int"),
        ("decimal(10,2)", "varchar(20)"),
        ("decimal(10,2)", "double"),
        ("double", "float"),
        ("double", "decimal(20,5)"),
        ("double", "double(10,2)"),
        ("varchar(9)", "int"),
        ("varchar(9)", "enum('a','b')"),
        ("varchar(9)", "set('a','b')"),
        ("varchar(9)", "char(9)"),
        ("varchar(9)", "json"),
        ("longtext", "json"),
        ("varchar(9)", "date"),
        ("varchar(9) CHARACTER SET latin1", "varbinary(9)"),
        ("blob", "text"),
        ("varbinary(4)", "binary(4)"),
        ("binary(4)", "binary(6)"),
        ("enum('a','2')", "enum('a','b')"),  # '2' is taken for the second label
        ("set('a','b')", "set('a','c')"),
        ("enum('a')", "set('a')"),
        ("datetime(3)", "datetime"),
        ("datetime", "date"),
        ("datetime", "timestamp"),
        ("timestamp", "datetime"),
        ("time", "datetime"),
        ("bit(8)", "bit(4)"),
        ("json", "varchar(9)"),
        ("geometry", "point"),
        ("geometry", "varchar(40)"),
        ("int DEFAULT NULL", "int NOT NULL AUTO_INCREMENT"),  # a NULL becomes the next number
        ("timestamp NULL", "timestamp NOT NULL"),  # a NULL becomes the moment
    ],
)
def test_a_value_may_change_without_a_word(source: str, target: str) -> None:
    assert may_change(shape(source), shape(target))


def test_what_the_dump_computed_must_be_computed() -> None:
    computed = shape_of("v", "int", generated=True)

    assert may_change(computed, shape("int"))
    assert not may_change(computed, computed)


@pytest.mark.parametrize(
    ("source", "target", "changes"),
    [
        ("utf8mb4", "utf8mb4", False),
        ("utf8", "utf8mb3", False),
        ("utf8mb3", "utf8mb4", False),
        ("ascii", "latin1", False),
        ("utf8mb4", "latin1", True),
        ("latin1", "utf8mb4", True),
        ("utf8mb4", "utf16", True),
        ("latin1", "latin2", True),
    ],
)
def test_charsets_in_which_bytes_are_other_letters(source: str, target: str, changes: bool) -> None:
    ours = shape_of("v", f"varchar(9) CHARACTER SET {source} COLLATE {source}_bin")
    theirs = shape_of("v", "varchar(9)", charset=target)

    assert letters_change(ours, theirs) is changes


def test_a_shape_is_read_of_both_sides_in_their_own_words() -> None:
    dumped = shape_of(
        "a", "enum ( 'it''s' , 'b,c' , '(' ) COLLATE latin1_bin NOT NULL DEFAULT 'b,c'", charset="utf8mb4"
    )
    there = shape_of("a", "enum('it''s','b,c','(')", charset="latin1")

    assert dumped.args == there.args == ("it's", "b,c", "(")
    assert (dumped.charset, dumped.nullable) == ("latin1", False)
    assert there.shown == "enum('it''s','b,c','(') CHARACTER SET latin1"
