"""kill -9 of the loading process while several small files share a transaction."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import WITHOUT_KEY, load_config, numbered, write_dump
from tests.faults.attempts import Attempt
from tests.faults.points import GROUP_POINTS
from tests.faults.tally import rounds, tried
from tests.tables import hashes_by_client, table_hashes


@pytest.mark.parametrize("point", GROUP_POINTS)
def test_a_process_killed_at_small_files_loads_each_row_once(
    point: str, server: PrivateMariaDB, target: TargetConfig, chance: random.Random, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", *(numbered(f"t{at:03}", 20, WITHOUT_KEY) for at in range(120)))
    reference = hashes_by_client(server, folder)
    config = load_config(folder)
    for _ in range(rounds(2, 4)):  # each goes on where the one before was killed
        with Attempt(config, target, point=point, nth=chance.randint(1, 2)) as attempt:
            assert attempt.dies()
        tried(f"kill -9 of the loader {point}")

    report = load_dump(config, target)

    assert (report.outcome, report.rows, table_hashes(server, ["s"])) == ("clean", 2400, reference)
    assert 0 < report.rows_sent <= 2400
