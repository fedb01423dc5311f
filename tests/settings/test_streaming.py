from __future__ import annotations

from typing import Any

import pytest

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.errors import ConfigError

BUCKET = "s3://dumps/night"


def streamed(**settings: Any) -> LoadConfig:
    return LoadConfig(**{"task_name": "t", "dump_uri": BUCKET, "wait_for_dump": "stream", **settings})


def test_a_bucket_needs_no_list_and_a_folder_does() -> None:
    assert streamed().streams
    assert streamed(dump_uri="/dumps/night", finished_files="finished.txt").streams
    with pytest.raises(ConfigError, match="name the list of them as finished_files"):
        streamed(dump_uri="/dumps/night")


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"require_finished_dump": False}, "require_finished_dump"),
        ({"files": [{"pattern": "x", "schema": "s", "table": "t", "type": "csv"}]}, "files"),
        ({"ignore_columns": [{"table": "t", "columns": ["c"]}]}, "ignore_columns"),
        ({"mask": [{"table": "t", "column": "c", "value": "null"}]}, "mask"),
        ({"on_existing_rows": "swap"}, "on_existing_rows"),
        ({"on_existing_rows": "truncate", "guard": {"rows_drop": 0.5}}, "guard"),
        ({"only": "schema"}, "only"),
        ({"set_gtid_purged": True, "mode": "all"}, "set_gtid_purged"),
    ],
)
def test_what_needs_the_whole_dump_first_is_refused_by_name(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=rf"{named}: .*\(wait_for_dump is stream\)"):
        streamed(**settings)


def test_a_source_that_waits_for_others_is_refused() -> None:
    sources = {"source_id": "a", "sources": ["a", "b"]}
    assert streamed(**sources).streams
    with pytest.raises(ConfigError, match="for a source that waits for no others"):
        streamed(**sources, wait_for_sources=True)


@pytest.mark.parametrize("engine", ["physical", "import-into"])
def test_other_engines_take_a_dump_that_has_finished(engine: str) -> None:
    with pytest.raises(ConfigError, match=f"wait_for_dump: {engine} takes a dump that has finished"):
        streamed(import_mode=engine)


@pytest.mark.parametrize("settings", [{"finished_files": "list"}, {"dump_timeout_s": 7}])
def test_what_belongs_to_stream_alone_is_refused_without_it(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="it is for wait_for_dump stream"):
        streamed(wait_for_dump="finished", **settings)
