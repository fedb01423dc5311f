"""A column's own text out of a CREATE TABLE, as ALTER TABLE ... ADD COLUMN takes it."""

from __future__ import annotations

import pytest

from airflow_dm_loader.dump.column_texts import ColumnText, column_texts


def columns(items: str, options: str = "ENGINE=InnoDB", *, ansi_quotes: bool = False) -> dict[str, ColumnText]:
    statement = f"CREATE TABLE `t` ({items}) {options}"
    found = column_texts(statement, statement.index("("), ansi_quotes=ansi_quotes)
    return {column.name: column for column in found}


@pytest.mark.parametrize(
    ("item", "options", "text"),
    [
        ("`a` int DEFAULT NULL", "", "`a` int DEFAULT NULL"),
        ("`a` decimal(10,2) NOT NULL DEFAULT '0.00' COMMENT 'a, b'", "", None),
        ("`a`` ,b` int", "", None),
        ("`a` enum('x,(','y')", "", None),
        ("`a` int /*!80023 INVISIBLE */", "", None),
        ("`a` varchar(10) DEFAULT 'x'", "CHARSET=latin1", "`a` varchar(10) CHARACTER SET latin1 DEFAULT 'x'"),
        (
            "`a` enum('x','(y)') NOT NULL",
            "DEFAULT CHARACTER SET = utf8mb4 COLLATE=utf8mb4_bin",
            "`a` enum('x','(y)') CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL",
        ),
        ("`a` text", "COLLATE utf8mb4_bin PARTITION BY KEY (`a`)", "`a` text COLLATE utf8mb4_bin"),
        ("`a` varchar(9) COLLATE latin1_bin", "CHARSET=utf8mb4", "`a` varchar(9) COLLATE latin1_bin"),
        ("`a` blob", "CHARSET=latin1", "`a` blob"),
        ("`a` int AS (`b` + 1) STORED", "", None),
        ("`a` longtext CHARACTER SET utf8mb4 CHECK (json_valid(`a`))", "CHARSET=latin1", None),
    ],
)
def test_the_text_says_what_the_column_has_of_its_table(item: str, options: str, text: str | None) -> None:
    found = columns(f"`first` int, {item}, PRIMARY KEY (`first`)", options)

    assert [column.text for column in found.values()] == ["`first` int", text or item]
    assert [column.before for column in found.values()] == [None, "first"]


@pytest.mark.parametrize(
    ("item", "demands", "needs_value"),
    [
        ("`a` int NOT NULL", (), True),
        ("`a` int NOT NULL DEFAULT 3", (), False),
        ("`a` int NULL", (), False),
        ("`a` int GENERATED ALWAYS AS (1) VIRTUAL NOT NULL", (), False),
        ("`a` int UNIQUE", ("UNIQUE",), False),
        ("`a` bigint NOT NULL AUTO_INCREMENT", ("AUTO_INCREMENT",), True),
        ("`a` bigint /*T![auto_rand] AUTO_RANDOM(5) */", ("AUTO_RANDOM",), False),
        ("`a` int COMMENT 'PRIMARY KEY'", (), False),
        ("`a` int REFERENCES p (id)", ("REFERENCES",), False),
        ("`a` int /*!50100 , `b` int */", ("a comment over several columns",), False),
    ],
)
def test_what_it_would_bring_besides(item: str, demands: tuple[str, ...], needs_value: bool) -> None:
    found = columns(item)["a"]

    assert (found.demands, found.needs_value) == (demands, needs_value)


def test_names_without_quotes_and_in_double_quotes() -> None:
    assert list(columns("a int, key k (a), b text")) == ["a", "b"]
    assert list(columns('"a" int, "b" int', ansi_quotes=True)) == ["a", "b"]
