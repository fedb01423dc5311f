"""A load that sets rows aside, and loads them again, killed on the way: each row of the dump is somewhere, once."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import RowsRefusedError
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import Table, load_config, write_dump
from tests.faults.attempts import Attempt
from tests.faults.points import ASIDE_POINTS, REPLAY_POINTS
from tests.faults.tally import tried
from tests.tables import query

CREATE = "(`id` int NOT NULL, `v` varchar(20)) ENGINE=InnoDB"


def test_each_row_is_loaded_or_set_aside_once_whoever_is_killed(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path, chance: random.Random
) -> None:
    wrong = set(chance.sample(range(900), 25))
    rows = [f'({at},"{"much too long, " * 3 if at in wrong else "row"} {at}")' for at in range(900)]
    tables = [Table(f"t{part}", CREATE, rows[part::3], rows_per_statement=40) for part in range(3)]
    config = load_config(write_dump(tmp_path / "dump", *tables), max_error_rows={"type": 25}, pool_size=3)
    for point in ASIDE_POINTS:
        with Attempt(config, target, point=point) as attempt:
            assert attempt.dies()
        tried(f"kill -9 of the loader {point}")

    with pytest.raises(RowsRefusedError):
        load_dump(config, target)

    loaded = [at for part in range(3) for (at,) in query(server, f"SELECT id FROM s.t{part}")]
    aside = [int(row[1:].split(b",")[0]) for (row,) in query(server, "SELECT row_data FROM dm_meta.dm_loader_conflict")]
    assert (sorted(aside), sorted(loaded + aside)) == (sorted(wrong), list(range(900)))
    assert query(server, "SELECT used FROM dm_meta.dm_loader_error_rows") == [(25,)]

    for part in range(3):
        query(server, f"ALTER TABLE s.t{part} MODIFY v varchar(90)")
    replaying = config.changed(replay_conflicts="insert")
    for point in REPLAY_POINTS:
        with Attempt(replaying, target, point=point, nth=3) as attempt:
            assert attempt.dies()
        tried(f"kill -9 of the loader when {point}")
    report = load_dump(replaying, target)

    loaded = [at for part in range(3) for (at,) in query(server, f"SELECT id FROM s.t{part}")]
    assert sorted(loaded) == list(range(900))
    assert [(table.rows, table.refused, table.row_count) for table in report.tables] == [(300, 0, "passed")] * 3
    assert query(server, "SELECT used FROM dm_meta.dm_loader_error_rows") == [(0,)]
