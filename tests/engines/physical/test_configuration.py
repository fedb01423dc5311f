"""Lightning's configuration: golden files, and no key that is not documented. RECORD_GOLDEN=1 writes the files anew."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from pydantic import SecretStr

from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.engines.physical.checkpoint import Checkpoint, Driver, checkpoint_of, checkpoint_schema
from airflow_dm_loader.engines.physical.configuration import (
    Surroundings,
    check_target,
    lightning_settings,
    sorting_dir,
    task_info_schema,
)
from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.rules.csv_format import CsvFormat
from tests.engines.physical.stand_in import Failure, check_keys, check_versions

GOLDEN = Path(__file__).with_name("golden")
AROUND = Surroundings(
    version=(8, 5, 0),
    source_dir=SecretStr("/dump"),
    session={"time_zone": "+08:00"},
    sql_mode="STRICT_ALL_TABLES",
    checkpoint=Checkpoint(Driver.FILE, "/dump/tidb_lightning_checkpoint.pb"),
    status_port=8289,
)
ROUTES = [
    {
        "schema-pattern": "shop_*",
        "table-pattern": "sales_*",
        "target-schema": "shop",
        "target-table": "sales",
        "extract-table": {"table-regexp": "sales_(.*)", "target-column": "part"},
        "extract-schema": {"schema-regexp": "shop_(.*)", "target-column": "region"},
        "extract-source": {"source-regexp": "(.*)", "target-column": "source"},
    }
]
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {  # load, target, surroundings
    "plain": ({}, {}, {}),
    "old-version": ({}, {}, {"version": (7, 5, 1)}),
    "manual": ({"on_duplicate_physical": "manual"}, {}, {}),
    "manual-old-version": ({"on_duplicate_physical": "manual"}, {}, {"version": (6, 5, 0)}),
    "checksum-optional": ({"checksum": "optional", "analyze": "required"}, {}, {}),
    "checksum-off": ({"checksum": "off"}, {}, {}),
    "session": ({}, {}, {"session": {"time_zone": "UTC", "tidb_mem_quota_query": "1073741824"}}),
    "tuned": (
        {
            "pool_size": 16,
            "pd_addr": "pd:2379",
            "sorting_dir_physical": "/fast/sorted",
            "disk_quota_physical": "50GiB",
            "range_concurrency": 32,
            "compress_kv_pairs": "gzip",
        },
        {},
        {},
    ),
    "database-tls": ({}, {"ssl": {"ca": "/tls/ca.pem", "cert": "/tls/cert.pem", "key": "/tls/key.pem"}}, {}),
    "cluster-tls": ({"pd_security": {"ca": "/pd/ca.pem", "cert": "/pd/cert.pem", "key": "/pd/key.pem"}}, {}, {}),
    "no-tls": ({}, {"ssl": "off"}, {}),
    "both-tls": ({"pd_security": {"ca": "/pd/ca.pem"}}, {"ssl": {"verify_mode": "none"}}, {}),
    "bucket": (
        {"dump_uri": "s3://bucket/dump", "sorting_dir_physical": "/sorted"},
        {},
        {
            "source_dir": SecretStr("s3://bucket/dump?access-key=id&secret-access-key=canary"),
            "checkpoint": Checkpoint(Driver.MYSQL, "test_4115832786_tidb_lightning_checkpoint"),
        },
    ),
    "routes": ({"routes": ROUTES, "case_sensitive": True}, {}, {}),
    "csv": ({}, {}, {"csv": CsvFormat()}),
    "csv-dialect": (
        {},
        {},
        {
            "csv": CsvFormat(
                separator="|+|",
                delimiter="",
                terminator="~",
                null=("nil", ""),
                escaped_by="!",
                header_schema_match=False,
            )
        },
    ),
    "filter": ({}, {}, {"filter": ('"s"."a"', '"s"."b""c"')}),
}


def settings_of(load: dict[str, Any], target: dict[str, Any], around: dict[str, Any]) -> dict[str, Any]:
    config = LoadConfig(**{"task_name": "test", "dump_uri": "/dump", "import_mode": "physical", **load})
    server = TargetConfig(host="tidb", port=4000, user="loader", password='c4n4ry "quoted" \\', **target)
    return lightning_settings(config, server, replace(AROUND, **around))


@pytest.mark.parametrize("name", CASES)
def test_the_configuration_is_the_golden_one(name: str) -> None:
    text = tomli_w.dumps(settings_of(*CASES[name]))
    path = GOLDEN / f"{name}.toml"
    if os.environ.get("RECORD_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("name", CASES)
def test_every_key_is_documented_and_the_kinds_of_conflict_keys_are_never_mixed(name: str) -> None:
    settings = settings_of(*CASES[name])
    check_keys(settings)
    version = CASES[name][2].get("version", AROUND.version)
    check_versions(settings, version)
    assert ("conflict" in settings) == (version >= (8, 0))
    assert ("duplicate-resolution" in settings["tikv-importer"]) == (version < (8, 0))


def test_the_stand_in_refuses_a_key_that_is_not_documented() -> None:
    settings = settings_of(*CASES["plain"])
    settings["tidb"]["passwort"] = "x"
    with pytest.raises(Failure, match=r"unknown configuration options: tidb\.passwort"):
        check_keys(settings)


# -- names


def test_the_checkpoints_schema_has_dms_name_cut_between_characters() -> None:
    assert checkpoint_schema("test", "mysql-replica-01") == "test_4115832786_tidb_lightning_checkpoint"
    assert checkpoint_schema("t" * 80, "s") == "t" * 64
    assert len(checkpoint_schema("日本語" * 8, "s").encode()) in (62, 63, 64)


@pytest.mark.parametrize(
    ("uri", "asked", "driver", "place"),
    [
        ("/dump", "auto", "file", "/dump/tidb_lightning_checkpoint.pb"),
        ("/dump", "mysql", "mysql", "test_4115832786_tidb_lightning_checkpoint"),
        ("s3://bucket/dump", "auto", "mysql", "test_4115832786_tidb_lightning_checkpoint"),
    ],
)
def test_the_checkpoint_is_a_file_beside_a_local_dump_else_a_schema(
    uri: str, asked: str, driver: str, place: str
) -> None:
    config = LoadConfig(task_name="test", dump_uri=uri, import_mode="physical", lightning_checkpoint=asked)
    assert checkpoint_of(config) == Checkpoint(Driver(driver), place)


def test_what_can_not_be_done_is_refused_with_what_to_do() -> None:
    bucket = LoadConfig(
        task_name="test", dump_uri="s3://bucket/dump", import_mode="physical", lightning_checkpoint="file"
    )
    with pytest.raises(ConfigError, match="needs a dump on local disk"):
        checkpoint_of(bucket)
    with pytest.raises(ConfigError, match="sorting_dir_physical: is needed"):
        sorting_dir(bucket)
    with pytest.raises(ConfigError, match="Choose a shorter task_name"):
        task_info_schema(LoadConfig(task_name="t" * 60, dump_uri="/dump"))


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ({"unix_socket": "/run/s.sock"}, "over TCP alone"),
        ({"ssl": {}}, "no use of the system's CAs"),
        ({"ssl": {"ca": "/ca", "cipher": "x"}}, "no setting for cipher"),
        ({"ssl": {"ca": "/ca", "check_hostname": False}}, "not the host name"),
        ({"ssl": {"cert": "/cert", "key": "/key", "verify_mode": "none"}}, "no client certificate without ca"),
    ],
)
def test_a_way_to_the_database_that_lightning_lacks_is_refused(target: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        check_target(TargetConfig(**target))
