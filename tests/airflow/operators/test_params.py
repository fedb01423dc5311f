from __future__ import annotations

import json
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import ParamValidationError
from airflow.sdk import Param
from airflow.sdk.definitions.param import ParamsDict

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.operators.params import load_params, task_file_params
from airflow_dm_loader.settings.fields import field_of
from airflow_dm_loader.settings.table import SETTINGS

PARAMS = load_params()
REQUIRED = {"task_name": "t", "dump_uri": "/d"}


def test_every_setting_has_a_param_of_its_name_and_no_others_but_the_connections() -> None:
    alone = {
        "target_conn_id",
        "dump_conn_id",
        "etcd_conn_id",
        "mask_conn_id",
        "compare_with_conn_id",
        "replica_conn_ids",
    }
    assert set(PARAMS) == {*SETTINGS, *alone}
    assert set(task_file_params()) == {*PARAMS, "dm_task_file"}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_param_has_the_setting_s_default_and_title_and_its_help_names_it(name: str) -> None:
    field, param = field_of(name), PARAMS[name]
    assert param.schema["title"].startswith(str(field.title))
    assert str(param.description).startswith(f"{name}: {field.description}")
    if not field.is_required():
        default = json.loads(LoadConfig(**REQUIRED).to_json())[name]
        assert json.loads(json.dumps(param.resolve())) == default
        assert type(param.value) in (str, int, float, bool, list, dict, type(None))  # what the form can show


def starred(params: dict[str, Param]) -> list[str]:
    """Those at which Airflow's UI puts a star: that can't be null."""
    return [name for name, param in params.items() if "null" not in param.schema["type"]]


def test_stars_are_on_what_must_be_filled_in_which_comes_first() -> None:
    assert starred(PARAMS) == list(PARAMS)[:3] == ["task_name", "dump_uri", "target_conn_id"]
    params = task_file_params()
    assert starred(params) == ["dm_task_file", "target_conn_id"]
    assert next(iter(params)) == "dm_task_file"


@pytest.mark.parametrize(
    ("said", "missing"), [({}, "task_name"), ({"task_name": "t"}, "dump_uri"), ({"task_name": ""}, "task_name")]
)
def test_a_form_that_says_too_little_makes_no_run(said: dict[str, Any], missing: str) -> None:
    params = ParamsDict(load_params(), suppress_exception=True)
    params.update(said)  # as Airflow does before it makes a run
    params.suppress_exception = False
    with pytest.raises(ParamValidationError, match=missing):
        params.validate()


def test_each_value_of_a_choice_is_explained_and_what_deletes_says_so() -> None:
    choices = {name: param.schema for name, param in PARAMS.items() if "enum" in param.schema}
    assert len(choices) > 10
    for name, schema in choices.items():
        assert list(schema["values_display"]) == schema["enum"], name
        assert all(text.startswith(f"{value}: ") for value, text in schema["values_display"].items())
    assert "DELETES all rows" in choices["on_existing_rows"]["values_display"]["truncate"]
    assert "DELETES files of the dump" in PARAMS["clean_dump_files"].schema["title"]
    assert "DELETES the load's record" in PARAMS["remove_meta"].schema["title"]


def test_what_is_of_some_engines_alone_says_of_which() -> None:
    assert str(PARAMS["on_duplicate_logical"].description).endswith(" Only for import_mode logical.")
    assert str(PARAMS["pd_addr"].description).endswith(" Only for import_mode physical.")
    assert "Only for" not in str(PARAMS["checksum"].description)


def test_connections_can_be_offered() -> None:
    target = load_params(target_conn_id=["tidb_a", "tidb_b"])["target_conn_id"]
    assert (target.value, target.schema["enum"], target.schema["type"]) == ("tidb_a", ["tidb_a", "tidb_b"], "string")
    dump = load_params(dump_conn_id=["aws_a"])["dump_conn_id"]
    assert (dump.value, dump.schema["enum"]) == ("aws_a", ["aws_a"])


def test_the_defaults_of_the_form_are_the_defaults_of_the_settings() -> None:
    params = ParamsDict(load_params(**REQUIRED))
    values = params.validate()
    alone = (
        "target_conn_id",
        "dump_conn_id",
        "etcd_conn_id",
        "mask_conn_id",
        "compare_with_conn_id",
        "replica_conn_ids",
    )
    assert [values.pop(name) for name in alone] == ["dm_target", None, None, None, None, None]
    assert LoadConfig(**values) == LoadConfig(**REQUIRED)


def test_the_form_opens_with_what_is_loaded_and_folds_the_rest() -> None:
    opened = [name for name, param in PARAMS.items() if "section" not in param.schema]
    assert opened == [
        "task_name",
        "dump_uri",
        "target_conn_id",
        "source_id",
        "mode",
        "dry_run",
        "import_mode",
        "routes",
        "block_allow_list",
        "dump_conn_id",
    ]
    folded = [param.schema["section"] for name, param in PARAMS.items() if name not in opened]
    assert list(dict.fromkeys(folded)) == [
        "Existing rows",
        "Checks",
        "Advanced",
        "Engine: logical",
        "Engine: physical",
        "Engine: import-into",
    ]


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("checksum", "maybe"), ("pool_size", 0), ("task_name", ""), ("sources", [1]), ("clean_dump_files", "x")],
)
def test_the_form_refuses_a_wrong_value(name: str, wrong: Any) -> None:
    params = ParamsDict(load_params(**REQUIRED))
    with pytest.raises(ParamValidationError, match=name):
        params.update({name: wrong})


def test_a_dag_can_have_defaults_of_its_own() -> None:
    assert load_params(task_name="shop", target_conn_id="t")["task_name"].value == "shop"
    assert load_params(target_conn_id="t")["target_conn_id"].value == "t"
    assert load_params(dump_conn_id="d")["dump_conn_id"].value == "d"
    assert load_params(compare_with_conn_id="s")["compare_with_conn_id"].value == "s"
    for params in (load_params, task_file_params):
        with pytest.raises(ValueError, match="taskname; did you mean 'task_name'"):
            params(taskname="shop")
