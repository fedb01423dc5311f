from __future__ import annotations

import json
from typing import Any

import pytest
from airflow.sdk.definitions.param import ParamsDict
from airflow.sdk.exceptions import ParamValidationError

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.operators.params import load_params
from airflow_dm_loader.settings.fields import field_of
from airflow_dm_loader.settings.table import SETTINGS

PARAMS = load_params()
REQUIRED = {"task_name": "t", "dump_uri": "/d"}


def test_every_setting_has_a_param_of_its_name_and_no_others_but_the_connections() -> None:
    alone = {"target_conn_id", "dump_conn_id", "etcd_conn_id", "compare_with_conn_id", "dm_task_file"}
    assert set(PARAMS) == {*SETTINGS, *alone}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_param_has_the_setting_s_default_title_and_description(name: str) -> None:
    field, param = field_of(name), PARAMS[name]
    assert param.schema["title"] == field.title
    assert param.description == field.description
    if field.is_required():
        assert param.value is None  # a DM task file may say it
    else:
        default = json.loads(LoadConfig(**REQUIRED).to_json())[name]
        assert json.loads(json.dumps(param.resolve())) == default
        assert type(param.value) in (str, int, bool, list, dict, type(None))  # what the form can show


def test_the_defaults_of_the_form_are_the_defaults_of_the_settings() -> None:
    params = ParamsDict(load_params())
    params.update(REQUIRED)
    values = params.validate()
    alone = ("target_conn_id", "dump_conn_id", "etcd_conn_id", "compare_with_conn_id", "dm_task_file")
    assert [values.pop(name) for name in alone] == ["dm_target", None, None, None, None]
    assert LoadConfig(**values) == LoadConfig(**REQUIRED)


def test_the_form_opens_with_what_must_be_said_and_folds_the_rest() -> None:
    opened = [name for name, param in PARAMS.items() if "section" not in param.schema]
    assert opened == [
        "task_name",
        "dump_uri",
        "source_id",
        "mode",
        "dry_run",
        "target_conn_id",
        "dump_conn_id",
        "dm_task_file",
    ]
    assert {param.schema["section"] for name, param in PARAMS.items() if name not in opened} == {
        "How",
        "Physical import",
        "IMPORT INTO",
        "Checks",
        "Several sources",
        "Session and state",
    }


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("checksum", "maybe"), ("pool_size", 0), ("task_name", ""), ("sources", [1]), ("clean_dump_files", "x")],
)
def test_the_form_refuses_a_wrong_value(name: str, wrong: Any) -> None:
    params = ParamsDict(load_params())
    with pytest.raises(ParamValidationError, match=name):
        params.update({**REQUIRED, name: wrong})


def test_a_dag_can_have_defaults_of_its_own() -> None:
    assert load_params(task_name="shop", target_conn_id="t")["task_name"].value == "shop"
    assert load_params(target_conn_id="t")["target_conn_id"].value == "t"
    assert load_params(dump_conn_id="d")["dump_conn_id"].value == "d"
    assert load_params(compare_with_conn_id="s")["compare_with_conn_id"].value == "s"
    with pytest.raises(ValueError, match="taskname"):
        load_params(taskname="shop")
