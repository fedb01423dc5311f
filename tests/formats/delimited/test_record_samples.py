"""mydumper's own .dat dumps: every table is as at the source, whichever way it goes."""

from __future__ import annotations

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import SAMPLES, expected, load_config
from tests.tables import is_like_the_source, query, table_hashes

NAMES = ("mydumper-1.0-csv", "mydumper-1.0-load-data", "mydumper-1.0-load-data-gz")


@pytest.mark.parametrize("load_data", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_loaded_with_the_rows_and_checksums_of_its_source(
    name: str, load_data: bool, server: PrivateMariaDB, target: TargetConfig
) -> None:
    report = load_dump(load_config(SAMPLES / name, load_data=load_data), target)

    tables = {key: value for key, value in expected().items() if key.startswith("shop.")}
    assert {table.table: table.rows for table in report.tables} == {key: rows for key, (rows, _) in tables.items()}
    for table, (rows, checksum) in tables.items():
        if is_like_the_source(server):
            assert query(server, f"CHECKSUM TABLE {table}") == [(table, checksum)]
        assert query(server, f"SELECT COUNT(*) FROM {table}") == [(rows,)]
    if server.flavour != "mariadb":
        found = table_hashes(server, ["shop"])
        query(server, "DROP DATABASE shop")
        shop = {"do-dbs": ["shop"]}
        load_dump(load_config(SAMPLES / "mydumper-1.0", task_name="as SQL", block_allow_list=shop), target)
        assert found == table_hashes(server, ["shop"])
    sent_as = {table.sent_as for table in report.tables if table.rows}
    assert sent_as == {"load data" if load_data else "statements"}
