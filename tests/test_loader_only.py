"""A load in steps: its schema, its rows, and then its indexes and the comparison."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.errors import ConfigError
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import Table, load_config, write_dump
from tests.tables import count, one, query

WITH_INDEX = (
    "(`id` int NOT NULL, `v` varchar(700), PRIMARY KEY (`id`), KEY `v` (`v`)) ENGINE=InnoDB DEFAULT CHARSET=latin1"
)
ROWS = [f'({at},"{"x" * 600}")' for at in range(2000)]  # so large that its index waits for the rows
INDEXES = "SELECT DISTINCT index_name FROM information_schema.statistics WHERE table_schema = 's' ORDER BY 1"
STATUS = "SELECT status FROM dm_meta.dm_loader_load"


def test_each_step_stops_and_the_last_one_compares(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", WITH_INDEX, ROWS), views={"w": "SELECT `id` FROM `t`"})

    schema = load_dump(load_config(folder, only="schema"), target)
    assert (schema.status, schema.stopped_after, schema.outcome) == ("stopped", "schema", None)
    assert (count(server, "s.t"), one(server, STATUS)) == (0, "stopped")
    assert query(server, INDEXES) == [("PRIMARY",)]
    again = load_dump(load_config(folder, only="schema"), target)
    assert (again.status, again.load_id) == ("stopped", schema.load_id)

    data = load_dump(load_config(folder, only="data"), target)
    assert (data.status, data.stopped_after, data.outcome) == ("stopped", "data", None)
    assert (count(server, "s.t"), one(server, STATUS)) == (2000, "stopped")
    assert query(server, INDEXES) == [("PRIMARY",)]

    last = load_dump(load_config(folder, only="indexes"), target)
    assert (last.status, last.stopped_after, last.outcome, last.rows_sent) == ("finished", "", "clean", 0)
    assert query(server, INDEXES) == [("PRIMARY",), ("v",)]
    assert load_dump(load_config(folder, only="schema"), target).status == "finished"  # it stays that


def test_a_step_may_be_passed_over(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", WITH_INDEX, ROWS))
    load_dump(load_config(folder, only="schema"), target)

    report = load_dump(load_config(folder), target)

    assert (report.status, report.outcome, report.rows_sent) == ("finished", "clean", 2000)
    assert query(server, INDEXES) == [("PRIMARY",), ("v",)]


def test_tables_that_are_swapped_in_have_no_steps() -> None:
    with pytest.raises(ConfigError, match="only: on_existing_rows swap"):
        LoadConfig(task_name="t", dump_uri="/d", only="schema", on_existing_rows="swap")
