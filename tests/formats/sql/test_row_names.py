from __future__ import annotations

import pytest

from airflow_dm_loader.dump.lexer import Statement
from airflow_dm_loader.dump.statements import Rows, classify
from airflow_dm_loader.formats.base import TableColumns
from airflow_dm_loader.formats.sql.row_names import row_names

PLAIN = TableColumns(("a", "c"), {"a": "int", "c": "int"})
GENERATED = TableColumns(("a", "c"), {"a": "int", "c": "int"}, with_generated=("a", "b", "c"), generated=frozenset("b"))


@pytest.mark.parametrize(
    ("table", "sql", "names"),
    [
        (PLAIN, "INSERT INTO `t` VALUES (1,2,3)", ("a", "c")),
        (GENERATED, "INSERT INTO `t` VALUES (1,2)", ("a", "c")),
        (GENERATED, "INSERT INTO `t` VALUES (1,2,3)", ("a", "b", "c")),
        (GENERATED, "INSERT INTO `t` VALUES\n(1,'2),(3',-3),(1,2,3)", ("a", "b", "c")),
        (GENERATED, "INSERT INTO `t` VALUES (1,'it\\'s, 2')", ("a", "c")),
        (GENERATED, "INSERT INTO `t` VALUES (1,2,3,4)", ("a", "c")),  # the server refuses it
        (GENERATED, "INSERT INTO `t` (`a`,`b`) VALUES (1,2)", ("a", "b")),
    ],
)
def test_the_first_row_tells_whether_generated_columns_have_values(
    table: TableColumns, sql: str, names: tuple[str, ...]
) -> None:
    text = sql.encode()
    rows = classify(Statement(text, 0, len(text)), file="s.t.sql")
    assert isinstance(rows, Rows)
    assert row_names(table, rows, text) == names
