from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_dm_loader.plan.filters import TableFilter
from airflow_dm_loader.rules.block_allow_list import BlockAllowList
from tests.plan.rules_by_the_book import is_loaded

NAMES = st.sampled_from(["shop", "shop_eu", "shop_us", "Shop_EU", "mysql", "a", "b1", "sales_00", "sales_01", "t"])
PATTERNS = st.sampled_from([
    "shop", "shop*", "shop_??", "*", "?", "s*", "[a-c]?", "[!s]*", "~^shop", "~_\\d+$", "~us", "SHOP_eu",
    "sales_0[0-1]",
])  # fmt: skip
TABLES = st.lists(st.fixed_dictionaries({"db-name": PATTERNS, "tbl-name": PATTERNS}), max_size=3)
LISTS = st.fixed_dictionaries(
    {},
    optional={
        "do-dbs": st.lists(PATTERNS, max_size=2),
        "ignore-dbs": st.lists(PATTERNS, max_size=2),
        "do-tables": TABLES,
        "ignore-tables": TABLES,
    },
)


def table_filter(rules: dict[str, Any], *, case_sensitive: bool = False) -> TableFilter:
    return TableFilter(BlockAllowList.model_validate(rules), case_sensitive=case_sensitive)


@given(LISTS, NAMES, NAMES)
def test_a_list_is_read_as_dm_s_documentation_says(rules: dict[str, Any], schema: str, table: str) -> None:
    assert table_filter(rules).passes(schema, table) == is_loaded(rules, schema, table)


@pytest.mark.parametrize(
    ("rules", "passing"),
    [
        ({}, {"a.t", "a.u", "b.t", "b.u"}),
        ({"do-dbs": ["a"]}, {"a.t", "a.u"}),
        ({"do-dbs": ["a"], "ignore-dbs": ["a"]}, {"a.t", "a.u"}),  # do-dbs beats ignore-dbs
        ({"ignore-dbs": ["a"]}, {"b.t", "b.u"}),
        ({"do-tables": [{"db-name": "a", "tbl-name": "t"}]}, {"a.t"}),
        (
            {
                "do-tables": [{"db-name": "a", "tbl-name": "t"}],
                "ignore-tables": [{"db-name": "a", "tbl-name": "*"}],
            },
            {"a.t"},  # a match of do-tables wins
        ),
        ({"ignore-tables": [{"db-name": "*", "tbl-name": "t"}]}, {"a.u", "b.u"}),
        ({"do-dbs": ["b"], "do-tables": [{"db-name": "a", "tbl-name": "t"}]}, set()),  # both must pass
    ],
)
def test_precedence(rules: dict[str, Any], passing: set[str]) -> None:
    found = table_filter(rules)
    assert {f"{db}.{table}" for db in "ab" for table in "tu" if found.passes(db, table)} == passing


def test_a_schema_passes_by_the_rules_of_schemas_alone() -> None:
    found = table_filter({"ignore-tables": [{"db-name": "a", "tbl-name": "*"}], "ignore-dbs": ["b"]})
    assert (found.passes_schema("a"), found.passes_schema("b")) == (True, False)


def test_one_rule_s_schema_and_another_rule_s_table_are_no_match() -> None:
    rules = {"do-tables": [{"db-name": "~^a$", "tbl-name": "t"}, {"db-name": "~^b$", "tbl-name": "u"}]}
    found = table_filter(rules)
    assert (found.passes("a", "t"), found.passes("a", "u"), found.passes("b", "u")) == (True, False, True)


def test_case_counts_only_where_it_is_asked_for() -> None:
    rules = {"do-dbs": ["Shop"]}
    assert table_filter(rules).passes("sHOP", "t")
    assert not table_filter(rules, case_sensitive=True).passes("shop", "t")
    assert table_filter(rules, case_sensitive=True).passes("Shop", "t")
