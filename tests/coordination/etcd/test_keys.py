"""DM's layout in etcd, against what DM's own code and tests write."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_dm_loader.coordination.etcd.keys import (
    BARRIER,
    LOAD_TASK,
    from_value,
    key_of,
    prefix_of,
    source_of,
    to_value,
)
from airflow_dm_loader.errors import CheckpointError


def test_keys_are_those_of_dm() -> None:
    part = "74657374/6d7973716c2d7265706c6963612d3031"
    assert key_of(BARRIER, "test", "mysql-replica-01") == f"/dm-master/lightning-coord/{part}"
    assert key_of(LOAD_TASK, "test", "mysql-replica-01") == f"/dm-master/load-task/{part}"


def test_a_task_s_prefix_is_not_that_of_a_longer_name() -> None:
    assert not key_of(BARRIER, "testing", "a").startswith(prefix_of(BARRIER, "test"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("not-ready", '"not-ready"'),
        ('a"b\\c', '"a\\"b\\\\c"'),
        ("ü", '"ü"'),
        ("a<b>&c", '"a\\u003cb\\u003e\\u0026c"'),
        ("\u2028", '"\\u2028"'),
        ("\n", '"\\n"'),
    ],
)
def test_values_are_written_as_go_writes_them(text: str, value: str) -> None:
    assert to_value(text) == value


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.text(st.characters(exclude_categories=["Cs"])))
def test_keys_and_values_come_back(name: str, value: str) -> None:
    assert source_of(BARRIER, name, key_of(BARRIER, name, value)) == value
    assert from_value("/k", to_value(value)) == json.loads(to_value(value)) == value


@pytest.mark.parametrize("value", ["", "ready", "1", "null", '{"a": 1}', '["a"]'])
def test_a_value_that_is_no_json_string_is_refused_with_its_key(value: str) -> None:
    with pytest.raises(CheckpointError, match="the key '/k' in etcd can't be understood: its value is no JSON string"):
        from_value("/k", value)


@pytest.mark.parametrize("last", ["xyz", "ff", "61/62"])
def test_a_key_that_is_not_dm_s_is_refused(last: str) -> None:
    with pytest.raises(CheckpointError, match="no hex text"):
        source_of(BARRIER, "t", f"{prefix_of(BARRIER, 't')}{last}")
