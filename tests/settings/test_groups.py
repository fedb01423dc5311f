"""Settings are said with their group or without, read by their group, and stored without."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.settings.table import GROUPS, SETTINGS

CANARY = "c4n4ry-p4ssw0rd"
REQUIRED = {"task_name": "t", "dump_uri": "/d"}


def refusal(**values: Any) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        LoadConfig(**{**REQUIRED, **values})
    assert CANARY not in str(caught.value)
    return caught.value


def test_a_setting_is_said_with_its_group_or_without() -> None:
    flat = LoadConfig(
        task_name="t",
        dump_uri="/d",
        pool_size=8,
        chunk_bytes=4096,
        routes=[{"schema-pattern": "a", "target-schema": "b"}],
    )
    by_group = LoadConfig(
        what={"task_name": "t", "dump_uri": "/d"},
        work={"pool_size": 8},
        logical={"chunk_bytes": 4096},
        where={"routes": [{"schema-pattern": "a", "target-schema": "b"}]},
    )
    mixed = LoadConfig(**REQUIRED, work={"pool_size": 8}, chunk_bytes=4096, where=flat.where)
    assert flat == by_group == mixed
    assert flat.work.pool_size == 8
    assert flat.where.routes[0].target_schema == "b"


def test_what_was_read_is_what_can_be_said() -> None:
    load = LoadConfig(
        **REQUIRED, sources=["a", "b"], source_id="b", session={"x": 1}, import_mode="physical", pd_addr="h:1"
    )
    assert LoadConfig(**load.model_dump()) == load
    assert LoadConfig(**load.model_dump(mode="json")) == load
    assert LoadConfig(**load.flat()) == load
    assert LoadConfig(**{group: getattr(load, group) for group in GROUPS}) == load


def test_a_setting_that_is_said_twice_is_refused() -> None:
    error = refusal(pool_size=8, work={"pool_size": CANARY})
    assert error.message == "pool_size: it is said twice, with its group and without"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"logical": {"pool_size": 8}}, "pool_size: it is in the group work, not in logical"),
        (
            {"logical": {"chunk_byte": CANARY}},
            "logical.chunk_byte: the group logical has no such setting; did you mean 'chunk_bytes'?",
        ),
        ({"logical": {"z": 1}}, "logical.z: the group logical has no such setting"),
        ({"logicla": {"chunk_bytes": 1}}, "logicla: LoadConfig has no such setting"),
        ({"work": {"pool_size": 0}}, "pool_size: Input should be greater than or equal to 1"),
        ({"csv": {"seperator": ";"}}, "csv.seperator: there is no such key"),
    ],
)
def test_what_is_wrong_in_a_group_is_told_by_name(values: dict[str, Any], message: str) -> None:
    assert refusal(**values).message == message


@pytest.mark.parametrize("wrong", [CANARY, 3, None, [CANARY]])
def test_a_group_that_is_no_mapping_is_refused(wrong: object) -> None:
    assert refusal(work=wrong).message.startswith("work: ")


def test_settings_are_changed_by_name_and_checked_as_new_ones() -> None:
    load = LoadConfig(**REQUIRED, pool_size=8)
    assert load.changed(chunk_bytes=4096, work={"import_tasks": 2}) == LoadConfig(
        **REQUIRED, pool_size=8, chunk_bytes=4096, import_tasks=2
    )
    assert load.model_copy(update={"pool_size": 3}) == load.changed(pool_size=3)
    assert load.model_copy() == load
    for wrong in ({"pool_size": 0}, {"pool_sise": 3}, {"pd_addr": "h:1"}):
        with pytest.raises(ConfigError):
            load.changed(**wrong)
        with pytest.raises(ConfigError):
            load.model_copy(update=wrong)


# As a version before groups stored it, with settings of engines that did not run: it took those in silence.
STORED = """
{"analyze": "optional", "barrier": "target", "barrier_timeout_s": 86400, "block_allow_list": {"do_dbs": ["a"],
"do_tables": [], "ignore_dbs": [], "ignore_tables": []}, "case_sensitive": false, "checksum": "required",
"chunk_bytes": 4096, "clean_dump_files": false, "collation_map": {}, "compress_kv_pairs": null,
"convert_engines": false, "csv": {"backslash_escape": true, "character_set": "utf8mb4", "delimiter": "\\"",
"header": true, "null": "\\\\N", "separator": ",", "terminator": ""}, "defer_indexes": true,
"disk_quota_physical": "10GiB", "dry_run": false, "dump_uri": "/d", "hide_values": false,
"import_into_cloud_storage_uri": null, "import_into_disk_quota": null, "import_into_max_write_speed": null,
"import_into_threads": null, "import_mode": "logical", "import_tasks": 1, "lightning_checkpoint": "auto",
"lightning_path": null, "load_data": true, "meta_schema": "dm_meta", "mode": "full", "on_conflict": "pause",
"on_duplicate_logical": "replace", "on_duplicate_physical": "manual", "pd_addr": "pd:2379", "pd_security": {},
"pool_size": 3, "range_concurrency": null, "remove_meta": false, "require_finished_dump": true, "routes":
[{"schema_pattern": "a", "target_schema": "b"}], "session": {}, "sorting_dir_physical": null, "source_id":
"mysql-replica-01", "sources": [], "sql_mode": null, "task_name": "t", "time_zone": null}"""


def test_what_an_older_version_stored_is_read() -> None:
    load = LoadConfig.from_json(STORED)
    assert (load.what.task_name, load.work.pool_size, load.logical.chunk_bytes) == ("t", 3, 4096)
    assert load.where.block_allow_list.do_dbs == ("a",)
    assert load.physical.pd_addr is None  # it had no effect
    with pytest.raises(ConfigError, match="pd_addr: it is for import_mode physical"):
        LoadConfig(**json.loads(STORED))


def test_what_is_stored_can_be_read_by_the_older_version_again() -> None:
    stored = json.loads(LoadConfig(**REQUIRED).to_json())
    assert set(json.loads(STORED)) <= set(stored) == set(SETTINGS)


def test_a_setting_of_a_newer_version_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="lasers: LoadConfig has no such setting"):
        LoadConfig.from_json(json.dumps({**REQUIRED, "lasers": 1}))
