from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from airflow_dm_loader.config import (
    DEFAULT_SOURCE_ID,
    ImportMode,
    Level,
    LoadConfig,
    Mode,
    OnConflict,
    OnDuplicate,
    TargetConfig,
)
from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.settings.fields import field_of
from airflow_dm_loader.settings.table import SETTINGS

CANARY = "c4n4ry-p4ssw0rd"


def config(**values: Any) -> LoadConfig:
    return LoadConfig(**{"task_name": "test", "dump_uri": "/dump", **values})


def refusal(**values: Any) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        config(**values)
    return caught.value


# Defaults and choices


def test_a_load_needs_a_name_and_a_dump_and_has_dm_s_defaults() -> None:
    load = LoadConfig(task_name="test", dump_uri="/dump")
    assert load.what.source_id == DEFAULT_SOURCE_ID == "mysql-replica-01"
    assert load.state.meta_schema == "dm_meta"
    assert (load.what.mode, load.what.import_mode) == (Mode.FULL, ImportMode.LOGICAL)
    assert load.logical.on_duplicate_logical is OnDuplicate.REPLACE
    assert (load.verify.checksum, load.verify.analyze) == (Level.REQUIRED, Level.OPTIONAL)
    assert load.verify.on_conflict is OnConflict.PAUSE
    assert not load.reading.clean_dump_files
    assert not load.state.remove_meta


@pytest.mark.parametrize("missing", ["task_name", "dump_uri"])
def test_what_is_missing_is_named(missing: str) -> None:
    values = {"task_name": "test", "dump_uri": "/dump"}
    del values[missing]
    with pytest.raises(ConfigError, match=f"{missing}: is required"):
        LoadConfig(**values)


@pytest.mark.parametrize(
    ("field", "written", "meant"),
    [
        ("mode", "ALL", Mode.ALL),
        ("import_mode", "Logical", ImportMode.LOGICAL),
        ("on_duplicate_logical", " Manual ", OnDuplicate.MANUAL),
        ("on_duplicate_physical", "NONE", "none"),
        ("checksum", "OFF", Level.OFF),
        ("analyze", "Required", Level.REQUIRED),
        ("on_conflict", "Accept", OnConflict.ACCEPT),
        ("barrier", "TARGET", "target"),
    ],
)
def test_choices_may_be_written_in_any_case(field: str, written: str, meant: str) -> None:
    assert config(**{field: written}).flat()[field] == meant


# Refusals


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("import_mode", "sql", 20053),
        ("on_duplicate_logical", "overwrite", 20054),
        ("dump_uri", "", 20058),
        ("dump_uri", "/dump\n", 20058),
        ("on_duplicate_physical", "replace", 20062),
        ("checksum", "yes", 20063),
        ("analyze", True, 20065),
        ("block_allow_list", "db", 20044),
        ("routes", "r", 20045),
        ("mode", "incremental", 20000),
        ("on_conflict", "wait", 20000),
        ("task_name", "", 20000),
        ("task_name", "x" * 256, 20000),
        ("task_name", " test", 20000),
        ("source_id", "a\x00b", 20000),
        ("pool_size", 0, 20000),
        ("pool_size", 257, 20000),
        ("pool_size", "many", 20000),
        ("import_tasks", 0, 20000),
        ("chunk_bytes", 4095, 20000),
        ("chunk_bytes", (1 << 30) + 1, 20000),
        ("meta_schema", "m" * 65, 20000),
        ("barrier_timeout_s", 0, 20000),
        ("clean_dump_files", "perhaps", 20000),
    ],
)
def test_a_wrong_value_is_refused_by_name_with_dm_s_code(field: str, value: object, code: int) -> None:
    error = refusal(**{field: value})
    assert error.code == code
    assert error.message.startswith(f"{field}: ")
    assert error.remedy


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"compress_kv_pairs": "lz4"}, "compress_kv_pairs: must be gzip or gz"),
        ({"disk_quota_physical": "much"}, "disk_quota_physical: must be a size"),
        ({"pd_security": {"ca": "/ca", "password": CANARY}}, "pd_security: takes ca, cert and key, not password"),
        ({"pd_security": {"ca": "/ca", "cert": "/cert"}}, "pd_security: needs ca, and cert and key together"),
        ({"import_mode": "physical", "collation_map": {"ascii": "latin1"}}, "collation_map: tidb-lightning creates"),
    ],
)
def test_what_tidb_lightning_can_not_do_is_refused(values: dict[str, object], text: str) -> None:
    error = refusal(**values)
    assert text in error.message
    assert CANARY not in str(error)


@pytest.mark.parametrize(
    ("name", "meant"), [("task-name", "task_name"), ("pool_sise", "pool_size"), ("Mode", "mode"), ("target", None)]
)
def test_an_unknown_name_is_refused_by_name_with_the_one_that_is_close(name: str, meant: str | None) -> None:
    error = refusal(**{name: CANARY})
    close = f"; did you mean {meant!r}?" if meant else ""
    assert error.message == f"{name}: LoadConfig has no such setting{close}"
    assert CANARY not in str(error)


def test_all_that_is_wrong_is_said_at_once() -> None:
    error = refusal(pool_size=0, analyze="x", nonsense=1)
    assert [part.split(":")[0] for part in error.message.split("; ")] == ["analyze", "pool_size", "nonsense"]
    assert error.code == 20065


def test_validating_a_mapping_is_as_strict() -> None:
    with pytest.raises(ConfigError, match="pool_size"):
        LoadConfig.model_validate({"task_name": "test", "dump_uri": "/dump", "pool_size": 0})
    with pytest.raises(ConfigError, match="pool_size"):
        LoadConfig.model_validate_json('{"task_name": "test", "dump_uri": "/dump", "pool_size": 0}')


# Sources


def test_a_load_without_sources_is_alone() -> None:
    assert config(source_id="a").what.all_sources == ("a",)


def test_sources_have_one_order_for_all_of_them() -> None:
    assert config(source_id="b", sources=["b", "a"]).what.all_sources == ("a", "b")
    assert config(source_id="a", sources=("a", "b")).what.all_sources == ("a", "b")


def test_sources_must_hold_this_one() -> None:
    assert "'c'" in refusal(source_id="c", sources=["a", "b"]).message


def test_a_source_may_not_take_part_twice() -> None:
    assert "twice" in refusal(source_id="a", sources=["a", "b", "a"]).message


# Session variables


@pytest.mark.parametrize("name", ["wait_timeout", "tidb_distsql_scan_concurrency", "A1", "_x"])
def test_session_variables_have_plain_names(name: str) -> None:
    assert config(session={name: 1}).connection.session == {name: 1}


@pytest.mark.parametrize("name", ["", "a b", "a=1,b", "@@x", "GLOBAL.x", "1a", "a;", "a\n", "é"])
def test_what_is_no_name_of_a_session_variable_is_refused(name: str) -> None:
    error = refusal(session={name: CANARY})
    assert f"{name!r} is not the name of a session variable" in error.message
    assert CANARY not in str(error)


@pytest.mark.parametrize("value", [1.5, None, ["a"]])
def test_session_variables_are_texts_or_integers(value: object) -> None:
    assert refusal(session={"a": value}).message.startswith("session.a")


# Storing and freezing


def test_settings_survive_being_stored() -> None:
    load = config(
        source_id="b", sources=["b", "a"], mode="all", session={"a": 1, "b": "x"}, sql_mode="", chunk_bytes=4096
    )
    assert LoadConfig(**json.loads(load.to_json())) == load
    assert LoadConfig.model_validate_json(load.to_json()) == load
    assert pickle.loads(pickle.dumps(load)) == load


def test_the_same_settings_are_stored_the_same_way() -> None:
    one = config(session={"a": 1, "b": 2}, mode="FULL")
    other = LoadConfig(dump_uri="/dump", mode=Mode.FULL, session={"b": 2, "a": 1}, task_name="test")
    assert one.to_json() == other.to_json()


@pytest.mark.parametrize("frozen", [config(), TargetConfig()])
def test_settings_can_not_be_changed(frozen: LoadConfig | TargetConfig) -> None:
    name = next(iter(type(frozen).model_fields))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(frozen, name, "other")


def test_each_setting_is_described_for_the_form() -> None:
    for name, field in ((name, field_of(name)) for name in SETTINGS):
        assert field.title, name
        assert field.description, name
        assert field.description.endswith((".", "fail")), name


# The target


def test_a_password_is_shown_nowhere() -> None:
    target = TargetConfig(host="h", user="u", password=SecretStr(CANARY), ssl={"ca": "/ca.pem"})
    assert target.password.get_secret_value() == CANARY
    for shown in (repr(target), str(target), target.address, target.model_dump_json(), repr(target.model_dump())):
        assert CANARY not in shown


@pytest.mark.parametrize(
    "values",
    [
        {"password": CANARY, "port": 0},
        {"password": CANARY, "nonsense": 1},
        {"passwort": CANARY},
        {"password": [CANARY]},
        {"password": {"a": CANARY}, "port": "x"},
        {"port": CANARY},
        {"ssl": CANARY},
        {"connect_timeout_s": CANARY},
    ],
)
def test_a_refusal_never_repeats_a_value(values: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        TargetConfig(**values)
    error = caught.value
    assert CANARY not in str(error)
    assert CANARY not in repr(error)
    assert error.__cause__ is None
    assert CANARY not in repr(error.__context__)
    assert CANARY not in str(error.__context__)


@pytest.mark.parametrize("values", [{"task_name": CANARY + "\n"}, {"session": {"a": [CANARY]}}, {"mode": CANARY}])
def test_a_refused_load_repeats_no_value_either(values: dict[str, Any]) -> None:
    assert CANARY not in str(refusal(**values))


@pytest.mark.parametrize("port", [0, 65536, "x"])
def test_a_port_is_a_port(port: object) -> None:
    with pytest.raises(ConfigError, match="port: "):
        TargetConfig.model_validate({"port": port})


def test_the_address_is_the_socket_where_there_is_one() -> None:
    assert TargetConfig(host="db", port=4000).address == "db:4000"
    assert TargetConfig(host="db", unix_socket="/run/db.sock").address == "/run/db.sock"
