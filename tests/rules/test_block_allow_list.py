from __future__ import annotations

import pytest

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.rules.block_allow_list import BlockAllowList, TablePattern

LIST = {
    "do-dbs": ["shop_*"],
    "do-tables": [{"db-name": "shop_eu", "tbl-name": "~^sales_"}],
    "ignore-dbs": ["mysql"],
    "ignore-tables": [{"db-name": "*", "tbl-name": "tmp_?"}],
}


def test_a_list_may_be_written_as_dm_writes_it_or_in_snake_case() -> None:
    snake = {"do_dbs": ["a"], "do_tables": [{"db_name": "a", "tbl_name": "b"}]}

    assert BlockAllowList.model_validate(LIST).do_tables == (TablePattern(db_name="shop_eu", tbl_name="~^sales_"),)
    assert BlockAllowList.model_validate(snake) == BlockAllowList.model_validate(
        {"do-dbs": ["a"], "do-tables": [{"db-name": "a", "tbl-name": "b"}]}
    )


def test_a_list_is_given_back_with_dm_s_keys() -> None:
    assert BlockAllowList.model_validate(LIST).to_dm() == LIST


def test_an_empty_list_says_nothing() -> None:
    assert not BlockAllowList()
    assert not BlockAllowList.model_validate({"do-dbs": []})
    assert BlockAllowList.model_validate({"ignore-dbs": ["a"]})


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({"do-db": ["a"]}, "block_allow_list.do_db: there is no such key"),
        ({"do-dbs": [""]}, "a pattern must not be empty"),
        ({"ignore-dbs": ["~["]}, "no regular expression"),
        ({"do-dbs": "a"}, "block_allow_list.do_dbs"),
        ({"do-dbs": [1]}, "block_allow_list.do_dbs.0"),
        ({"do-tables": [{"db-name": "a"}]}, "block_allow_list.do_tables.0.tbl_name: is required"),
        ({"ignore-tables": [{"db-name": "a", "tbl-name": "*b"}]}, "* may only be the last character"),
    ],
)
def test_a_bad_list_is_20044_and_says_what_is_wrong(written: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        LoadConfig(task_name="t", dump_uri="/d", block_allow_list=written)

    assert caught.value.code == 20044
    assert words in caught.value.message
