"""kill -9 of the loading process in the middle of a script of mysqldump: its pieces are resumed as files are."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import WITHOUT_KEY, load_config, numbered
from tests.faults.attempts import Attempt
from tests.faults.points import CHUNK_POINTS
from tests.faults.tally import rounds, tried
from tests.tables import table_hashes

TABLES = [numbered(f"t{at}", 1500, WITHOUT_KEY) for at in range(3)]
SCRIPT = (
    "/*!40101 SET NAMES utf8mb4 */;\nCREATE DATABASE `s`;\nUSE `s`;\n"
    + "".join(f"CREATE TABLE `{table.name}` {table.create};\n{table.data()}" for table in TABLES)
    + "-- Dump completed on 2026-11-30 23:03:09\n"
).encode()


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_a_process_killed_in_a_script_loads_each_row_once(
    packed: bool, server: PrivateMariaDB, target: TargetConfig, chance: random.Random, tmp_path: Path
) -> None:
    server.client(SCRIPT)
    reference = table_hashes(server, ["s"])
    server.client("DROP DATABASE s")
    (tmp_path / "all.sql").write_bytes(gzip.compress(SCRIPT) if packed else SCRIPT)
    rule = {"path": "all.sql", "type": "mysqldump", "compression": "gz" if packed else "none"}
    config = load_config(tmp_path, files=[rule])
    points = ["before COMMIT", "after COMMIT, before the client knows", *sorted(CHUNK_POINTS)]
    for point in points[: rounds(3, len(points))]:  # each goes on where the one before was killed
        with Attempt(config, target, point=point, nth=chance.randint(2, 6)) as attempt:
            assert attempt.dies()
        tried(f"kill -9 of the loader {point}, in a script")

    report = load_dump(config, target)

    assert (report.outcome, report.rows, table_hashes(server, ["s"])) == ("clean", 4500, reference)
    assert 0 < report.rows_sent < 4500
