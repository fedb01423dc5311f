"""The schemas that a view's query reads, whatever stands around their names."""

from __future__ import annotations

import pytest

from airflow_dm_loader.dump.schema_objects import ObjectKind, SchemaObject, understand

VIEW = SchemaObject(ObjectKind.VIEW, "s", "v")


def read(query: str) -> set[str]:
    return set(understand(f"CREATE VIEW `v` AS {query}", VIEW, most_tokens=1000).reads)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1 FROM mysql.user",
        "SELECT 1 FROM `mysql`.`user`",
        "SELECT 1 FROM mysql/* a */./* b */user",
        "SELECT 1 FROM mysql . user u WHERE u.host = 'x'",
        "SELECT 1 FROM t, mysql.user",
        "SELECT 1 FROM t AS `mysql`, mysql.user",
        "SELECT 1 FROM (t JOIN mysql.user)",
        "SELECT 1 FROM (t JOIN (u STRAIGHT_JOIN mysql.user) ON (t.a = u.a))",
        "SELECT 1 FROM t JOIN u ON t.a = u.a, mysql.user",
        "SELECT 1 FROM (t JOIN u ON t.a IN (1, 2)), mysql.user",
        "SELECT 1 FROM t JOIN u ON t.a = u.a JOIN mysql.user",
        "SELECT (SELECT 1 FROM mysql.user LIMIT 1) FROM t",
        "SELECT 1 FROM t WHERE a IN (SELECT 1 FROM mysql.user)",
        "SELECT 1 FROM t JOIN u ON t.a = (SELECT 1 FROM mysql.user)",
        "SELECT 1 FROM (SELECT 1 FROM mysql.user) x",
        "SELECT 1 FROM t UNION SELECT 1 FROM mysql.user",
        "WITH x AS (SELECT 1 FROM mysql.user) SELECT 1 FROM x",
        "TABLE mysql.user",
        "(SELECT 1 FROM {oj t LEFT OUTER JOIN mysql.user ON 1})",
        "SELECT EXTRACT(DAY FROM a) FROM mysql.user",
    ],
)
def test_the_schema_of_a_table_is_found(query: str) -> None:
    assert "mysql" in read(query)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT mysql.a FROM t AS mysql",
        "SELECT `mysql`.`a` AS `a` FROM `mysql` WHERE `mysql`.`b` = 1 GROUP BY mysql.a HAVING mysql.a ORDER BY mysql.a",
        "SELECT 1 FROM (`t` JOIN `mysql` ON((`t`.`a` = `mysql`.`a`)))",
        "SELECT 1 FROM t JOIN mysql ON mysql.a = t.a AND mysql.b IN (mysql.c, mysql.d)",
        "SELECT mysql.f(1) FROM t",
        "SELECT 'FROM mysql.user' FROM t",
        "SELECT 1 FROM t /* mysql.user */",
    ],
)
def test_a_column_a_function_and_a_text_are_no_table(query: str) -> None:
    assert read(query) <= {"s", "a"}
