"""CSV and .dat dumps through the DAG, as a person triggers it: the ``csv`` settings come from the form."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from airflow.sdk import DAG

from dev.dag_runs import Run
from tests.dumps import copy_sample, expected
from tests.record_dumps import CsvTable, write_records
from tests.tables import sample_checksums

if TYPE_CHECKING:
    from dev.private_mariadb import PrivateMariaDB
    from tests.airflow.conftest import Query


def test_a_sample_of_mydumper_and_a_csv_file_are_loaded_as_the_form_says(
    dm_load: DAG, server: PrivateMariaDB, query: Query, tmp_path: Path
) -> None:
    checksums = sample_checksums(server)
    folder = copy_sample("mydumper-1.0-csv", tmp_path / "dump")
    table = CsvTable("t", rows=["1;'it''s; \\'", "2;nil"], columns=None, terminator="\n")
    for path in write_records(tmp_path / "more", table).glob("s[.-]*"):
        path.rename(folder / path.name)
    csv = {"separator": ";", "delimiter": "'", "null": "nil", "header": False, "backslash-escape": False}

    run = Run.start(dm_load, {"task_name": "shop", "dump_uri": str(folder), "csv": csv, "import_tasks": 2})

    assert run.state == "success"
    assert query("SELECT * FROM s.t ORDER BY id") == ((1, "it's; \\"), (2, None))
    for name, (rows, _) in expected().items():
        if name.startswith("shop."):
            assert query(f"CHECKSUM TABLE {name}") == ((name, checksums[name]),)
            assert query(f"SELECT COUNT(*) FROM {name}") == ((rows,),)
