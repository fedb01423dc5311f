"""A real dump of tables in many charsets, made by mydumper 0.10, against its source."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.plan import load_plan
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import load_config
from tests.tables import implied_as_before, one, query, table_hashes

DATA = Path(__file__).parents[1] / "data" / "charsets"
CHARSETS = 19


@pytest.mark.parametrize("defer_indexes", [True, False])
@pytest.mark.parametrize("load_data", [True, False])
def test_bytes_labels_defaults_and_names_are_the_sources(
    load_data: bool,
    defer_indexes: bool,
    server: PrivateMariaDB,
    target: TargetConfig,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(load_plan, "LARGE_TABLE_BYTES", 1)
    server.client(implied_as_before(server) + (DATA / "source.sql").read_bytes())
    source = table_hashes(server, ["charsets"])
    query(server, "DROP DATABASE charsets")

    config = load_config(DATA / "mydumper-0.10", load_data=load_data, defer_indexes=defer_indexes)
    report = load_dump(config, target)

    assert table_hashes(server, ["charsets"]) == source
    assert len(source) == CHARSETS
    assert {table.sent_as for table in report.tables} == {"load data" if load_data else "statements"}
    assert one(server, "SELECT HEX(v) FROM charsets.gbk_größe WHERE id = 3") == "BF5C815C"
    assert one(server, "SELECT e FROM charsets.utf16_größe WHERE id = 2") == "表"
