from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.plan.router import Extracted, Placement, Router
from tests.plan.rules_by_the_book import target_of

NAMES = st.sampled_from(["shop", "shop_eu", "shop_us", "Shop_EU", "a", "b1", "sales_00", "sales_01", "t"])
PATTERNS = st.sampled_from(["shop", "shop*", "shop_??", "*", "[a-c]?", "[!s]*", "~^shop", "~_\\d+$", "SHOP_eu", "s*"])
RULES = st.lists(
    st.fixed_dictionaries(
        {"schema-pattern": PATTERNS, "target-schema": st.sampled_from(["x", "y"])},
        optional={"table-pattern": PATTERNS, "target-table": st.sampled_from(["p", "q"])},
    ),
    max_size=4,
)
SALES = {"schema-pattern": "shop_*", "table-pattern": "sales_*", "target-schema": "shop", "target-table": "sales"}


def router(*rules: dict[str, Any], **settings: Any) -> Router:
    return Router(LoadConfig(**{"task_name": "t", "dump_uri": "/d", "routes": rules, **settings}))


@given(RULES, NAMES, NAMES)
def test_routes_are_read_as_dm_reads_them(rules: list[dict[str, Any]], schema: str, table: str) -> None:
    expected = target_of(rules, schema, table)
    if expected is None:
        with pytest.raises(ConfigError, match="matches more than one rule") as caught:
            router(*rules).place(schema, table)
        assert caught.value.code == 20045
    else:
        placed = router(*rules).place(schema, table)
        assert (placed.schema, placed.table) == expected


def test_table_rules_come_before_schema_rules() -> None:
    found = router({"schema-pattern": "shop_*", "target-schema": "rest"}, SALES)

    assert found.place("shop_eu", "sales_00") == Placement("shop", "sales")
    assert found.place("shop_eu", "customers") == Placement("rest", "customers")
    assert found.place("other", "sales_00") == Placement("other", "sales_00")


def test_two_rules_of_one_level_are_refused_with_both() -> None:
    with pytest.raises(ConfigError) as caught:
        router(SALES, SALES | {"schema-pattern": "*"}).place("shop_eu", "sales_00")

    assert caught.value.message == (
        "shop_eu.sales_00 matches more than one rule of routes: shop_*.sales_* -> shop.sales, "
        "and *.sales_* -> shop.sales"
    )


def test_a_schema_without_tables_is_placed_by_schema_rules() -> None:
    found = router(SALES, {"schema-pattern": "empty*", "target-schema": "x"})

    assert (found.place_schema("shop_eu"), found.place_schema("empty_1")) == ("shop_eu", "x")


def test_extractors_take_from_the_source_s_own_names() -> None:
    rule = SALES | {
        "extract-table": {"target-column": "shard", "table-regexp": "_(\\d)(\\d)$"},
        "extract-schema": {"target-column": "region", "schema-regexp": "Shop_(.*)"},
        "extract-source": {"target-column": "source", "source-regexp": "^mysql-(.+)$"},
    }
    placed = router(rule, source_id="mysql-01").place("Shop_EU", "sales_07")

    assert placed.extracted == (Extracted("shard", "07"), Extracted("region", "EU"), Extracted("source", "01"))


def test_an_expression_that_does_not_match_gives_an_empty_text_and_says_so() -> None:
    rule = SALES | {"extract-table": {"target-column": "shard", "table-regexp": "x(.*)"}}

    (found,) = router(rule).place("shop_eu", "sales_00").extracted

    assert (found.column, found.value) == ("shard", "")
    assert found.unmatched == "'x(.*)' does not match 'sales_00'"


def test_rules_that_nothing_was_placed_by_are_known() -> None:
    found = router(SALES, {"schema-pattern": "typo", "target-schema": "x"})
    found.place("shop_eu", "sales_00")

    assert [str(route) for route in found.unused()] == ["typo -> x"]


def test_a_schemas_rule_is_in_use_beside_one_for_its_tables() -> None:
    rules = [
        {"schema_pattern": "s1", "target_schema": "d"},
        {"schema_pattern": "s1", "table_pattern": "t*", "target_schema": "d", "target_table": "t"},
        {"schema_pattern": "s1", "table_pattern": "typo", "target_schema": "d", "target_table": "t"},
    ]
    found = router(*rules)
    assert (found.place("s1", "t1").schema, found.place("s1", "t1").table) == ("d", "t")
    assert [str(route) for route in found.unused()] == ["s1.typo -> d.t"]
