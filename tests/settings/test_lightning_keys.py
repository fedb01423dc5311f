"""Settings of tidb-lightning and IMPORT INTO by their own names: what may be said, and from which version on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.engines.import_into.import_statement import job_options
from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.settings.lightning_keys import LIGHTNING_KEYS, options_too_new, too_new

KNOWN: dict[str, list[str]] = json.loads(
    (Path(__file__).parents[1] / "engines" / "physical" / "lightning_keys.json").read_text()
)


def config(mode: str, **values: Any) -> LoadConfig:
    return LoadConfig(task_name="t", dump_uri="s3://b/d", import_mode=mode, **values)


def test_every_key_is_one_of_lightning_s() -> None:
    assert all(set(keys) <= set(KNOWN[section]) for section, keys in LIGHTNING_KEYS.items())


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"tikv-importer": {"backend": "tidb"}}, "tikv-importer.backend is said by the setting import_mode"),
        ({"tikv-importer": {"incremental-import": False}}, "tikv-importer.incremental-import is the loader's own"),
        ({"lightning": {"status-addr": ":1"}}, "lightning.status-addr is the loader's own"),
        ({"lightning": {"file": "/x"}}, "lightning.file is the loader's own"),
        ({"tidb": {"password": "x"}}, "tidb.password is the loader's own"),
        ({"tidb": {"pd-addr": "x"}}, "tidb.pd-addr is said by the setting pd_addr"),
        ({"mydumper": {"data-invalid-char-replace": "?"}}, "mydumper.data-invalid-char-replace is the loader's own"),
        ({"checkpoint": {"enable": False}}, r"\[checkpoint\] is the loader's own"),
        ({"nonsense": {}}, "'nonsense' is no section: lightning, "),
        ({"tikv-importer": {"store-write-bwlimits": 1}}, "or unknown; what can be said here: store-write-bwlimit"),
    ],
)
def test_what_the_loader_owns_can_t_be_said(said: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        config("physical", lightning=said)


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"thread": 8}, "thread is said by the setting import_into_threads"),
        ({"DETACHED": True}, "DETACHED is the loader's own"),
        ({"SKIP_ROWS": 1}, "SKIP_ROWS is the loader's own"),
        ({"DISABLE_PRECHECK": "yes"}, "DISABLE_PRECHECK takes true or false"),
        ({"RECORD_ERRORS": True}, "RECORD_ERRORS takes a value"),
    ],
)
def test_the_same_of_import_into(said: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        config("import-into", import_into_options=said)


def test_what_a_version_has_not_yet_is_told_by_name() -> None:
    asked = {"tikv-importer": {"store-write-bwlimit": "1MiB", "block-size": "16KiB"}}
    assert too_new(asked, (7, 5, 1)) == ["tikv-importer.block-size (from 7.6 on)"]
    assert too_new(asked, (8, 5, 3)) == []
    assert options_too_new({"DISABLE_PRECHECK": True}, (7, 5)) == ["DISABLE_PRECHECK (from 8.4 on)"]


def test_options_stand_beside_the_loader_s() -> None:
    said = {"disable_tikv_import_mode": True, "record_errors": 5, "DISABLE_PRECHECK": False}
    options = job_options(config("import-into", import_into_options=said), None)
    assert options == {"CHECKSUM_TABLE": "required", "DISABLE_TIKV_IMPORT_MODE": True, "RECORD_ERRORS": 5}
