"""CSV and .dat dumps through the DAG, as a person triggers it: the ``csv`` settings come from the form."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from airflow.sdk import DAG

from dev.dag_runs import Run
from tests.dumps import SAMPLES, expected
from tests.record_dumps import CsvTable, write_records

if TYPE_CHECKING:
    from tests.airflow.conftest import Query


def test_a_csv_sample_of_mydumper_is_loaded_by_two_import_tasks(dm_load: DAG, query: Query) -> None:
    conf = {"task_name": "shop", "dump_uri": str(SAMPLES / "mydumper-1.0-csv"), "import_tasks": 2}

    run = Run.start(dm_load, conf)

    assert run.state == "success"
    for table, (rows, checksum) in expected().items():
        if table.startswith("shop."):
            assert query(f"CHECKSUM TABLE {table}") == ((table, checksum),)
            assert query(f"SELECT COUNT(*) FROM {table}") == ((rows,),)


def test_the_form_says_how_csv_files_read(dm_load: DAG, query: Query, tmp_path: Path) -> None:
    table = CsvTable("t", rows=["1;'it''s; \\'", "2;nil"], columns=None, terminator="\n")
    folder = write_records(tmp_path / "dump", table)
    csv = {"separator": ";", "delimiter": "'", "null": "nil", "header": False, "backslash-escape": False}

    run = Run.start(dm_load, {"task_name": "t", "dump_uri": str(folder), "csv": csv})

    assert run.state == "success"
    assert query("SELECT * FROM s.t ORDER BY id") == ((1, "it's; \\"), (2, None))
