"""Tables swapped in on a real TiDB: filled in the live schema, under longer names, as its foreign keys demand."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import restore_previous
from airflow_dm_loader.config import TargetConfig
from tests.phases.test_swap import load_night, nights
from tests.servers import AnyServer
from tests.tables import query

pytestmark = pytest.mark.needs("tidb")


def test_former_tables_stay_beside_the_live_ones_and_come_back(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    for night in (1, 2, 3):
        load_night(tmp_path, target, night)

    tables = sorted(str(name) for (name,) in query(server, "SHOW TABLES FROM s") if not str(name).startswith("dm_"))
    former = [name for name in tables if "__dm_old_" in name]
    live = [name for name in tables if "__dm_" not in name]
    assert (live, [name.partition("__")[0] for name in former]) == (["c", "p"], ["c", "p"])
    assert nights(server) == [("night 3", 23)]
    assert query(server, f"SELECT DISTINCT v FROM s.`{former[1]}`") == [("night 2",)]
    leads = dict(
        query(
            server,
            "SELECT table_name, referenced_table_name FROM information_schema.key_column_usage "
            "WHERE table_schema = 's' AND referenced_table_name IS NOT NULL",
        )
    )
    assert leads == {"c": "p", former[0]: former[1]}

    restore_previous(target, "shop-3")

    assert nights(server) == [("night 2", 22)]
