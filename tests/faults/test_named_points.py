"""kill -9 of the loading process at instants that have a name."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import load_config
from tests.faults.attempts import Attempt
from tests.faults.points import CHUNK_POINTS, OTHER_POINTS
from tests.faults.reference import FaultDump
from tests.faults.tally import rounds, tried


@pytest.mark.parametrize("load_data", [True, False], ids=["load data", "statements"])
@pytest.mark.parametrize("point", CHUNK_POINTS)
def test_a_process_killed_at_a_chunk_loads_each_row_once(
    point: str, load_data: bool, server: PrivateMariaDB, target: TargetConfig, dump: FaultDump, chance: random.Random
) -> None:
    config = load_config(dump.folder, load_data=load_data)
    for _ in range(rounds(1, 3)):  # each goes on where the one before was killed
        with Attempt(config, target, point=point, nth=chance.randint(1, 14)) as attempt:
            assert attempt.dies()
        tried(f"kill -9 of the loader {point}")

    report = load_dump(config, target)

    dump.assert_arrived_once(server)
    assert (report.outcome, report.rows) == ("clean", dump.rows)
    assert 0 < report.rows_sent <= dump.rows


@pytest.mark.parametrize("point", OTHER_POINTS)
def test_a_process_killed_elsewhere_loads_each_row_once(
    point: str, server: PrivateMariaDB, target: TargetConfig, dump: FaultDump, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(dump.folder, tmp_path / "dump"))
    config = load_config(folder, clean_dump_files=True, pool_size=1)
    nth = 2 if point.startswith(("between two index", "in the ")) else 1
    with Attempt(config, target, point=point, nth=nth) as attempt:
        assert attempt.dies()
    tried(f"kill -9 of the loader {point}")
    assert folder.exists()

    report = load_dump(config, target)

    dump.assert_arrived_once(server)
    assert (report.outcome, report.rows, report.status) == ("clean", dump.rows, "finished")
    assert not folder.exists()
