from __future__ import annotations

from typing import Any

import pytest

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.rules.csv_format import CsvFormat


def config(**csv: Any) -> LoadConfig:
    return LoadConfig(task_name="t", dump_uri="/dump", csv=csv)


def test_the_defaults_are_what_dumpling_writes() -> None:
    assert config().reading.csv == CsvFormat(
        separator=",",
        delimiter='"',
        terminator="",
        header=True,
        null="\\N",
        backslash_escape=True,
        character_set="utf8mb4",
    )


def test_keys_may_be_written_as_lightning_writes_them() -> None:
    assert config(**{"backslash-escape": False, "character-set": "LATIN1"}).reading.csv == CsvFormat(
        backslash_escape=False, character_set="latin1"
    )


@pytest.mark.parametrize(
    "csv",
    [
        {"separator": "\t", "delimiter": ""},
        {"separator": "|+|", "terminator": "~~\n"},
        {"null": ""},
        {"null": "NULL", "delimiter": "'"},
        {"backslash_escape": False, "delimiter": "\\", "null": "nil"},
    ],
)
def test_other_dialects_can_be_told(csv: dict[str, Any]) -> None:
    assert config(**csv).reading.csv.model_dump(exclude_defaults=True) == csv


@pytest.mark.parametrize(
    ("csv", "words"),
    [
        ({"seperator": ","}, "csv.seperator: there is no such key"),
        ({"separator": ""}, "separator must not be empty"),
        ({"separator": ",,"}, None),
        ({"delimiter": "«", "character_set": "latin1"}, "delimiter must be ASCII in latin1"),
        ({"separator": "§", "character_set": "cp1251"}, "separator must be ASCII in cp1251"),
        ({"delimiter": ","}, "share the character"),
        ({"separator": "\\"}, "share the character"),
        ({"separator": "\n"}, "share the character"),
        ({"terminator": '"'}, "share the character"),
        ({"terminator": "x,"}, "share the character"),
        ({"null": "a,b"}, "null must not hold the separator"),
        ({"null": '"x"'}, "null must not hold the delimiter"),
        ({"null": "x\n"}, "null must not hold a line end"),
        ({"character_set": "utf16"}, "must be one of"),
        ({"character_set": "gbk", "data_invalid_char_replace": ","}, "share the character"),
        ({"character_set": "binary", "data_invalid_char_replace": "?"}, "has no meaning for bytes"),
        ({"header": "yes"}, "csv.header"),
        ({"null": None}, "csv.null"),
        ({"separator": "x" * 65}, "at most 64 characters"),
    ],
)
def test_a_dialect_that_can_t_be_told_apart_is_refused_by_name(csv: dict[str, Any], words: str | None) -> None:
    if words is None:
        assert config(**csv).reading.csv.separator == csv["separator"]
        return
    with pytest.raises(ConfigError) as caught:
        config(**csv)
    assert words in caught.value.message
    assert caught.value.message.startswith("csv")
