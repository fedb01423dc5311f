"""CSV and .dat files, plain and compressed, loaded by a process that is killed at random instants."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import WITHOUT_KEY, load_config
from tests.faults.random_kills import killed_at_random
from tests.faults.tally import rounds
from tests.record_dumps import CsvTable, DatTable, csv_rows, dat_rows, write_records
from tests.tables import one, table_hashes


@pytest.mark.parametrize("load_data", [True, False], ids=["load data", "statements"])
@pytest.mark.timeout(600)
def test_a_process_killed_again_and_again_loads_each_record_once(
    load_data: bool, server: PrivateMariaDB, target: TargetConfig, chance: random.Random, tmp_path: Path
) -> None:
    tables = [
        CsvTable("plain", WITHOUT_KEY, csv_rows(0, 2000)),
        DatTable("tabs", WITHOUT_KEY, dat_rows(0, 2000)),
        CsvTable("zipped", WITHOUT_KEY, csv_rows(0, 2000)),
    ]
    folder = write_records(tmp_path / "dump", *tables)
    zipped = folder / tables[2].data_file
    (folder / f"{zipped.name}.gz").write_bytes(gzip.compress(zipped.read_bytes()))
    zipped.unlink()
    config = load_config(folder, load_data=load_data)
    load_dump(config, target)
    whole = table_hashes(server, ["s"])
    killed = "kill -9 of the loader at a random instant, files of records"
    for _ in killed_at_random(config, target, server, chance, kills=rounds(3, 30), longest_s=0.5, what=killed):
        report = load_dump(config, target)

        assert table_hashes(server, ["s"]) == whole
        assert (report.outcome, report.rows) == ("clean", 6000)
        assert one(server, "SELECT COUNT(*) - COUNT(DISTINCT id) FROM s.plain") == 0
