"""Texts of TiDB's jobs and of tidb-lightning without values of rows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_dm_loader.engines.hiding import Hiding
from airflow_dm_loader.identifiers import TableName

HIDING = Hiding.of([TableName("shop", "orders"), TableName("a b", "c`d")], ["shop.orders.000000001.sql.gz"])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "[Lightning:Restore:ErrEncodeKV]encode kv error in file shop.orders.000000001.sql.gz:0 at offset 1234: "
            "[types:1406]Data too long for 'canary'",
            "Lightning:Restore:ErrEncodeKV, shop.orders.000000001.sql.gz:0 at offset 1234, types:1406 (hidden)",
        ),
        ("`shop`.`orders`: [kv:1062]Duplicate entry 'canary'", "`shop`.`orders`, kv:1062 (hidden)"),
        ("Error 1062 (23000): Duplicate entry 'canary' in shop.orders", "Error 1062 (23000), shop.orders (hidden)"),
        ("`a b`.`c``d` and `a b`.`canary`", "`a b`.`c``d` (hidden)"),
        ("s3://b/p/shop.orders.000000001.sql.gz?x=canary", "shop.orders.000000001.sql.gz (hidden)"),
        ("[Lighting:Restore:ErrChecksumMismatch]11 vs 12", "Lighting:Restore:ErrChecksumMismatch (hidden)"),
        ("shop.canary canary.orders orders xshop.orders", "(hidden)"),
        ("[12345] 12345 [canary:1234]", "(hidden)"),
        ("", ""),
        ("  ", ""),
    ],
)
def test_codes_and_places_in_this_load_are_all_that_is_shown(text: str, shown: str) -> None:
    assert HIDING.text(text) == shown


WORDS = (
    "`shop`.`orders`",
    "shop.orders.000000001.sql.gz",
    "[types:1366]",
    "'",
    '"',
    "\\",
    "`",
    ": ",
    ", ",
    "=",
    "[",
    "]",
)


@given(st.lists(st.sampled_from(WORDS), max_size=6), st.lists(st.sampled_from(WORDS), max_size=6))
def test_no_value_is_shown_whatever_stands_around_it(before: list[str], after: list[str]) -> None:
    assert "canary" not in HIDING.text(f"{''.join(before)}canary 4711{''.join(after)}")
    assert "4711" not in HIDING.text(f"{''.join(before)} canary4711{''.join(after)}")
