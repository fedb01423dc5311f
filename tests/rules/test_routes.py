from __future__ import annotations

from typing import Any

import pytest

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.rules.routes import Route, TableExtractor

RULE = {"schema-pattern": "shop_*", "table-pattern": "sales_*", "target-schema": "shop", "target-table": "sales"}
SHARD = {"target-column": "shard", "table-regexp": "sales_(.*)"}


def refusal(rule: object) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        LoadConfig(task_name="t", dump_uri="/d", routes=[rule])
    return caught.value


def test_a_rule_may_be_written_as_dm_writes_it_or_in_snake_case() -> None:
    kebab = Route.model_validate(RULE | {"extract-table": SHARD})
    snake = Route.model_validate(
        {
            "schema_pattern": "shop_*",
            "table_pattern": "sales_*",
            "target_schema": "shop",
            "target_table": "sales",
            "extract_table": {"target_column": "shard", "table_regexp": "sales_(.*)"},
        }
    )

    assert kebab == snake
    assert kebab.extract_table == TableExtractor(target_column="shard", table_regexp="sales_(.*)")
    assert (kebab.is_schema_rule, str(kebab)) == (False, "shop_*.sales_* -> shop.sales")


def test_a_rule_is_given_back_with_dm_s_keys() -> None:
    rule = RULE | {"extract-table": SHARD}

    assert Route.model_validate(rule).to_dm() == rule


def test_a_rule_without_a_table_pattern_is_a_schema_rule() -> None:
    rule = Route.model_validate({"schema-pattern": "a", "target-schema": "b"})

    assert (rule.is_schema_rule, str(rule), rule.to_dm()) == (
        True,
        "a -> b",
        {"schema-pattern": "a", "target-schema": "b"},
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema-pattern": ""}, "schema_pattern: a pattern must not be empty"),
        ({"target-schema": ""}, "routes.0.target_schema"),
        ({"table-pattern": "a*b"}, "* may only be the last character"),
        ({"schema-pattern": "~("}, "no regular expression"),
        ({"target": "x"}, "routes.0.target: there is no such key"),
        ({"schema_pattern": "twice"}, "schema_pattern is given twice"),
        ({"target-table": 7}, "routes.0.target_table"),
        ({"extract-table": {"target-column": "c"}}, "routes.0.extract_table.table_regexp: is required"),
        ({"extract-table": {"target-column": "", "table-regexp": "(.)"}}, "target_column"),
        ({"extract-table": {"target-column": "c", "table-regexp": "a"}}, "has no capture group"),
        ({"extract-schema": {"target-column": "c", "schema-regexp": "(a"}}, "no regular expression"),
        ({"extract-source": {"target-column": "c", "table-regexp": "(a)"}}, "there is no such key"),
        ({"extract-table": SHARD, "extract-source": {"target-column": "SHARD", "source-regexp": "(.)"}}, "same column"),
    ],
)
def test_a_bad_rule_is_20045_and_says_what_is_wrong(change: dict[str, Any], words: str) -> None:
    error = refusal(RULE | change)

    assert error.code == 20045
    assert words in error.message


def test_a_missing_target_schema_is_named() -> None:
    assert "routes.0.target_schema: is required" in refusal({"schema-pattern": "a"}).message
