"""Whether a source waits for the others of its load task, where nobody says it."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_dm_loader.config import LoadConfig


@pytest.mark.parametrize(
    ("settings", "waits"),
    [
        ({}, False),  # DM's barrier is for physical import alone
        ({"import_mode": "physical"}, True),
        ({"on_existing_rows": "truncate"}, True),
        ({"on_existing_rows": "append"}, False),
        ({"barrier": "etcd"}, True),
        ({"wait_for_sources": True}, True),
        ({"import_mode": "physical", "wait_for_sources": False}, False),
        ({"on_existing_rows": "truncate", "wait_for_sources": False}, False),
    ],
)
def test_a_source_waits_where_it_must(settings: dict[str, Any], waits: bool) -> None:
    config = LoadConfig(task_name="t", dump_uri="/d", source_id="a", sources=("a", "b"), **settings)
    assert config.waits_for_sources is waits
    assert LoadConfig.from_json(config.to_json()).waits_for_sources is waits
