from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_dm_loader.dump.create_table import parse_create_table
from airflow_dm_loader.dump.ddl_changes import charset_names, map_collations, with_innodb

MAP = {"utf8mb4_0900_ai_ci": "utf8mb4_bin", "utf8mb3": "utf8mb4"}


def in_innodb(statement: str) -> str:
    parsed = parse_create_table(statement)
    assert parsed is not None
    return with_innodb(statement, parsed)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("CREATE TABLE t (v text) COLLATE=utf8mb4_0900_ai_ci", "CREATE TABLE t (v text) COLLATE=utf8mb4_bin"),
        ("CREATE TABLE t (v text) collate UTF8MB4_0900_AI_CI", "CREATE TABLE t (v text) collate utf8mb4_bin"),
        ("CREATE TABLE t (v text) CHARSET = utf8mb3", "CREATE TABLE t (v text) CHARSET = utf8mb4"),
        ("CREATE TABLE t (v text CHARACTER SET utf8mb3)", "CREATE TABLE t (v text CHARACTER SET utf8mb4)"),
        (
            "CREATE DATABASE d /*!40100 CHARACTER SET = utf8mb3 */",
            "CREATE DATABASE d /*!40100 CHARACTER SET = utf8mb4 */",
        ),
        ("CREATE VIEW v AS SELECT CONVERT(a USING utf8mb3)", "CREATE VIEW v AS SELECT CONVERT(a USING utf8mb4)"),
    ],
)
def test_names_are_replaced_where_the_grammar_has_them(before: str, after: str) -> None:
    assert map_collations(before, MAP) == after


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE t (v text COMMENT 'COLLATE utf8mb4_0900_ai_ci')",
        "CREATE TABLE t (`COLLATE utf8mb4_0900_ai_ci` text)",
        "CREATE TABLE t (utf8mb4_0900_ai_ci int, utf8mb3 int)",
        "CREATE TABLE t (v int /* COLLATE utf8mb4_0900_ai_ci */)",
        "CREATE TABLE t (v text COLLATE utf8mb4_0900_ai_ci_more)",
    ],
)
def test_nothing_else_is_touched(statement: str) -> None:
    assert map_collations(statement, MAP) == statement


@given(text=st.text(max_size=200))
def test_without_a_map_any_text_stays_as_it_is(text: str) -> None:
    assert map_collations(text, {}) == text
    assert map_collations(text, {"no_such_collation_at_all": "x"}) == text


def test_all_names_are_found_once() -> None:
    statement = "CREATE TABLE t (v text CHARACTER SET Latin1 COLLATE latin1_bin) CHARSET=utf8mb4 COLLATE=latin1_bin"
    assert charset_names(statement) == ("latin1", "latin1_bin", "utf8mb4")
    assert charset_names("CREATE TABLE t (v text COLLATE uca1400_ai_ci, `COLLATE x` int) CHARSET=default") == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("CREATE TABLE t (a int) ENGINE=MyISAM", "CREATE TABLE t (a int) ENGINE=InnoDB"),
        (
            "CREATE TABLE t (a int) ENGINE Aria COMMENT='ENGINE=Aria'",
            "CREATE TABLE t (a int) ENGINE InnoDB COMMENT='ENGINE=Aria'",
        ),
        ("CREATE TABLE t (a int)", "CREATE TABLE t (a int) ENGINE=InnoDB"),
        ("CREATE TABLE t (engine int) ENGINE=CSV ROW_FORMAT=FIXED", "CREATE TABLE t (engine int) ENGINE=InnoDB "),
        (
            "CREATE TABLE t (a int) ENGINE=Aria ROW_FORMAT=DYNAMIC",
            "CREATE TABLE t (a int) ENGINE=InnoDB ROW_FORMAT=DYNAMIC",
        ),
        (
            "CREATE TABLE t (a int) ENGINE=Aria /*!50100 PARTITION BY HASH (a) (PARTITION p ENGINE = Aria) */",
            "CREATE TABLE t (a int) ENGINE=InnoDB /*!50100 PARTITION BY HASH (a) (PARTITION p ENGINE = InnoDB) */",
        ),
    ],
)
def test_a_table_of_another_engine_becomes_one_of_innodb(before: str, after: str) -> None:
    assert in_innodb(before) == after
    assert in_innodb(after).rstrip() == after.rstrip()
