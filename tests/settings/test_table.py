"""The table of settings and the fields of their groups say the same, and forms and pages have all of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.settings.dm_task.keys import TASK, Key, Kind, Unit
from airflow_dm_loader.settings.fields import field_of, group_model, plain_default, schemas
from airflow_dm_loader.settings.table import GROUPS, SETTINGS


def test_every_field_of_every_group_has_a_row_and_every_row_a_field() -> None:
    fields = [name for group in GROUPS for name in group_model(group).model_fields]
    assert sorted(fields) == sorted(SETTINGS)
    assert {name: row.group for name, row in SETTINGS.items()} == {
        name: group for group in GROUPS for name in group_model(group).model_fields
    }


def test_the_groups_are_those_of_the_configuration_and_none_has_a_setting_s_name() -> None:
    assert set(GROUPS) == set(LoadConfig.model_fields)
    assert not set(GROUPS) & set(SETTINGS)


_schemas = cache(schemas)  # they are made anew at each call


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_has_what_forms_and_pages_show(name: str) -> None:
    field = field_of(name)
    assert field.title
    assert field.description
    assert "type" in _schemas()[name]
    assert SETTINGS[name].engines
    if not field.is_required():
        assert _schemas()[name].get("default", plain_default(name)) == plain_default(name)


def keys_of(keys: dict[str, Key], path: str = "") -> Iterator[tuple[str, Key]]:
    for name, key in keys.items():
        yield f"{path}{name}", key
        inside = {Kind.NAMED: ".*", Kind.BLOCKS: "[]"}.get(key.kind, "")
        yield from keys_of(dict(key.keys), f"{path}{name}{inside}.")


def test_dm_s_keys_lead_to_the_settings_that_the_table_gives_them_and_back() -> None:
    known = dict(keys_of(dict(TASK)))
    for name, row in SETTINGS.items():
        if row.dm_path:
            assert known[row.dm_path].unit is Unit.LOAD, name
            assert known[row.dm_path].setting in {name, "source_id", "session"}, name
    becomes = {key.setting for path, key in known.items() if not path.startswith("target-database.")}
    assert becomes - {"", "TargetConfig"} <= {name for name, row in SETTINGS.items() if row.dm_path}
