"""A setting of an engine that does not run is refused by name, or left out with a note where a DM task file says it."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from airflow_dm_loader.config import ImportMode, LoadConfig
from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.settings.dm_task import read_dm_task
from airflow_dm_loader.settings.fields import plain_default
from airflow_dm_loader.settings.table import EVERY, SETTINGS

# For each setting that not every engine looks at, a value that is not its default.
OTHER: dict[str, Any] = {
    "on_duplicate_logical": "manual",
    "on_duplicate_physical": "manual",
    "import_tasks": 2,
    "max_threads_running": 64,
    "max_replica_lag_s": 10.0,
    "max_flow_control": 0.25,
    "load_data": False,
    "defer_indexes": False,
    "duplicates_within_dump": "accept",
    "on_missing_columns": "pause",
    "keep_duplicate_rows": 7,
    "max_error_rows": {"type": 7},
    "replay_conflicts": "insert",
    "collation_map": {"utf8mb4_0900_ai_ci": "utf8mb4_bin"},
    "convert_engines": True,
    "only": "schema",
    "objects": {"triggers": "refuse"},
    "files": [{"pattern": "a", "type": "ignore"}],
    "definer": "drop",
    "on_existing_rows": "truncate",
    "on_schema_change": "ignore_columns",
    "keep_previous": 3,
    "swap_rebuild": True,
    "guard": {"rows_drop": "off", "tables_gone": "off", "empty": "off"},
    "ignore_columns": [{"table": "t", "columns": ["a"]}],
    "mask": [{"table": "t", "column": "a", "value": "null"}],
    "data_character_set": "gbk",
    "data_invalid_char_replace": "?",
    "max_row_group_bytes": 1 << 20,
    "dump_tool": "dumpling",
    "wait_for_dump": "stream",
    "finished_files": "finished.txt",
    "dump_timeout_s": 60,
    "lightning_path": "/opt/tidb-lightning",
    "lightning_checkpoint": "mysql",
    "pd_addr": "pd:2379",
    "pd_security": {"ca": "/ca.pem"},
    "sorting_dir_physical": "/sort",
    "disk_quota_physical": "10GiB",
    "range_concurrency": 8,
    "compress_kv_pairs": "gzip",
    "status_port": 10081,
    "lightning_version": "8.5.3",
    "lightning": {"tikv-importer": {"store-write-bwlimit": "100MiB"}},
    "import_into_threads": 8,
    "import_into_max_write_speed": "200MiB",
    "import_into_disk_quota": "50GiB",
    "import_into_cloud_storage_uri": "s3://b/sorted",
    "import_into_options": {"RECORD_ERRORS": 5},
    "chunk_bytes": 4096,
    "skip_indexes": True,
    "skip_foreign_keys": True,
    "max_statement_bytes": 8192,
}
# What a setting is refused without.
WITH: dict[str, dict[str, Any]] = {
    "finished_files": {"wait_for_dump": "stream"},
    "dump_timeout_s": {"wait_for_dump": "stream"},
}
CASES = [(name, mode) for name, row in SETTINGS.items() for mode in ImportMode if row.engines != EVERY]


def config(mode: ImportMode, **values: Any) -> LoadConfig:
    return LoadConfig(task_name="t", dump_uri="s3://b/d", import_mode=mode, **values)


def test_every_setting_that_not_every_engine_looks_at_is_tried() -> None:
    assert set(OTHER) == {name for name, row in SETTINGS.items() if row.engines != EVERY}
    assert all(OTHER[name] != plain_default(name) for name in OTHER)


@pytest.mark.parametrize(("name", "mode"), CASES)
def test_a_setting_is_taken_by_its_engines_and_refused_by_the_others(name: str, mode: ImportMode) -> None:
    assert config(mode, **{name: plain_default(name)}) == config(mode)
    if mode in SETTINGS[name].engines:
        with_it = WITH.get(name, {})
        assert config(mode, **{name: OTHER[name]}, **with_it) != config(mode, **with_it)
        return
    for values in ({name: OTHER[name]}, {SETTINGS[name].group: {name: OTHER[name]}}):
        with pytest.raises(ConfigError) as caught:
            config(mode, **values)
        error = caught.value
        assert error.message.startswith(f"{name}: ")
        assert f"import_mode is {mode}" in error.message
        assert all(other.value in error.message for other in SETTINGS[name].engines)
        assert error.code == (SETTINGS[name].dm_code or 20000)


def test_all_of_them_are_named_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        config(ImportMode.LOGICAL, pd_addr="h:1", import_into_threads=3, pool_size=8)
    assert caught.value.message == (
        "pd_addr: it is for import_mode physical, and import_mode is logical; "
        "import_into_threads: it is for import_mode import-into, and import_mode is logical"
    )


# From a DM task file

TASK = """name: shop
task-mode: full
target-database: {host: h}
mysql-instances:
  - source-id: a
    loader-config-name: here
loaders:
  here:
    dir: s3://b/d
    import-mode: MODE
    on-duplicate-logical: error
    on-duplicate-physical: manual
    sorting-dir-physical: /sort
    disk-quota-physical: 10g
    range-concurrency: 8
    compress-kv-pairs: gzip
    pd-addr: pd:2379
"""
OF_PHYSICAL = {
    12: "on-duplicate-physical",
    13: "sorting-dir-physical",
    14: "disk-quota-physical",
    15: "range-concurrency",
    16: "compress-kv-pairs",
    17: "pd-addr",
}


def notes(said: str, caplog: pytest.LogCaptureFixture, **changes: Any) -> tuple[LoadConfig, list[str]]:
    caplog.clear()
    with caplog.at_level(logging.INFO):
        load = LoadConfig.from_dm_task(TASK.replace("MODE", said), **changes)
    return load, [line.removeprefix("the DM task: ") for line in caplog.messages if "left out" in line]


@pytest.mark.parametrize("said", ["logical", "sql", "Loader"])
def test_a_task_file_s_settings_for_physical_are_left_out_of_a_logical_load(
    said: str, caplog: pytest.LogCaptureFixture
) -> None:
    load, told = notes(said, caplog)
    assert told == [
        f"line {line}: {key} is for import-mode physical; it is left out" for line, key in OF_PHYSICAL.items()
    ]
    assert load.physical == config(ImportMode.LOGICAL).physical
    assert load.logical.on_duplicate_logical == "error"


def test_a_task_file_s_settings_for_logical_are_left_out_of_a_physical_load(caplog: pytest.LogCaptureFixture) -> None:
    load, told = notes("physical", caplog)
    assert told == ["line 11: on-duplicate-logical is for import-mode logical; it is left out"]
    assert (load.physical.pd_addr, load.physical.disk_quota_physical) == ("pd:2379", "10GiB")
    assert load.logical.on_duplicate_logical == "replace"


def test_a_task_file_s_settings_for_both_are_left_out_of_an_import_into(caplog: pytest.LogCaptureFixture) -> None:
    _, told = notes("import-into", caplog)
    assert len(told) == 1 + len(OF_PHYSICAL)


@pytest.mark.parametrize("said", ["physical", "Physical", ImportMode.PHYSICAL])
def test_the_engine_that_counts_is_the_one_that_loads(said: str, caplog: pytest.LogCaptureFixture) -> None:
    load, told = notes("logical", caplog, import_mode=said)
    assert told == ["line 11: on-duplicate-logical is for import-mode logical; it is left out"]
    assert load.physical.range_concurrency == 8
    load, _ = notes("physical", caplog, what={"import_mode": "logical"})
    assert load.logical.on_duplicate_logical == "error"


def test_what_the_caller_says_beside_a_task_file_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ConfigError, match="pd_addr: it is for import_mode physical, and import_mode is logical"):
        notes("logical", caplog, pd_addr="other:2379")


def test_an_engine_that_does_not_exist_is_told_before_what_it_would_leave_out() -> None:
    with pytest.raises(ConfigError, match="line 10: import_mode: ") as caught:
        LoadConfig.from_dm_task(TASK.replace("MODE", "teleport"))
    assert caught.value.code == 20053
    assert read_dm_task(TASK.replace("MODE", "teleport")).notes() != ()


def test_swap_is_for_the_logical_engine() -> None:
    for mode in (ImportMode.IMPORT_INTO, ImportMode.PHYSICAL):
        with pytest.raises(ConfigError, match=r"(it|swap) is for import_mode logical"):
            config(mode, on_existing_rows="swap")
    assert config(ImportMode.LOGICAL, on_existing_rows="swap").swaps
