from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from tests.dumps import Table, load_config, write_dump
from tests.servers import AnyServer
from tests.tables import query

CREATE = "(`id` int NOT NULL AUTO_INCREMENT, `v` varchar(40), PRIMARY KEY (`id`)) ENGINE=InnoDB"


@pytest.mark.parametrize("changes", [{"sql_mode": "NO_ZERO_DATE"}, {"session": {"sql_mode": ""}, "load_data": False}])
def test_a_0_is_no_next_number_whatever_sql_mode_the_user_sets(
    changes: dict[str, object], server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", CREATE, ['(0,"a")', '(5,"b")']))

    assert load_dump(load_config(folder, **changes), target).outcome == "clean"

    assert query(server, "SELECT id FROM s.t ORDER BY id") == [(0,), (5,)]
