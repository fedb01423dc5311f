"""Files of records: LOAD DATA and statements store the same bytes, which are those of the server's own client."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import HEAD, METADATA, load_config
from tests.engines.logical.random_tables import KINDS
from tests.engines.logical.record_tables import DIALECTS, RecordTable, csv_table, dat_table
from tests.faults.tally import rounds
from tests.tables import hashes_by_client, query, table_hashes

TABLES_OF_EACH = 5
DUMPS = rounds(10, 100)
BYTES = {kind.sql for kind in KINDS if kind.form == "bytes"} | {"bit(9)"}


def write(folder: Path, tables: Sequence[RecordTable], *, as_reference: bool) -> Path:
    folder.mkdir()
    (folder / "metadata").write_text(METADATA)
    (folder / "s-schema-create.sql").write_text("CREATE DATABASE `s`;\n")
    for table in tables:
        (folder / f"s.{table.name}-schema.sql").write_text(f"{HEAD}CREATE TABLE `{table.name}` {table.create};\n")
        for name, content in (table.reference if as_reference and table.reference else table.files).items():
            place = f"{folder}/" if as_reference else ""
            (folder / name).write_bytes(content.replace(b"{folder}", place.encode(), 1))
    return folder


@pytest.mark.parametrize("seed", range(DUMPS))
def test_both_ways_and_the_client_store_the_same(
    seed: int, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    dialect = DIALECTS[seed % len(DIALECTS)]
    tables = [
        *(dat_table(random.Random(f"{seed} dat {at}"), f"d{at}") for at in range(TABLES_OF_EACH)),
        *(csv_table(random.Random(f"{seed} csv {at}"), f"c{at}", dialect) for at in range(TABLES_OF_EACH)),
    ]
    reference = hashes_by_client(server, write(tmp_path / "reference", tables, as_reference=True))
    folder = write(tmp_path / "dump", tables, as_reference=False)

    for load_data in (True, False):
        report = load_dump(load_config(folder, csv=dialect.settings, load_data=load_data), target)
        stored = table_hashes(server, ["s"])
        query(server, "DROP DATABASE s")
        query(server, "DROP DATABASE dm_meta")

        assert stored == reference, [each for each in tables if stored[f"s.{each.name}"] != reference[f"s.{each.name}"]]
        sent_as = {table.table: table.sent_as for table in report.tables}
        kinds = {each.name: each.kinds for each in tables}
        for at in range(TABLES_OF_EACH):
            assert sent_as[f"s.d{at}"] == ("load data" if load_data else "statements")
            ways = {"load data" if load_data and dialect.read_by_server else "statements"}
            if server.flavour == "mysql" and not BYTES.isdisjoint(kinds[f"c{at}"]):
                ways.add(
                    "statements"
                )  # its LOAD DATA ends at bytes that are no letters (1300), whatever column they are for
            assert sent_as[f"s.c{at}"] in ways
