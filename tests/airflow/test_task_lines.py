"""What the log of each task says on a normal day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dev.dag_runs import Run

if TYPE_CHECKING:
    import pytest
    from airflow.sdk import DAG

    from tests.airflow.conftest import MakeDump


def test_every_task_says_what_it_did(dm_load: DAG, make_dump: MakeDump, capsys: pytest.CaptureFixture[str]) -> None:
    dump = make_dump({"t": [(1, "one"), (2, "two")], "u": [(1, "one")]})
    run = Run.start(dm_load, {"task_name": "shop", "dump_uri": str(dump)})
    assert run.state == "success", run.states()
    said = capsys.readouterr().out
    for line in (
        "Dump by dumpling, or mydumper until 0.10, started 2026-11-23 17:29:14",
        "A new load: 2 data files, ",
        "Created 2 tables (s.t, s.u); 1 import task to send the rows",
        "3 rows sent in 2 chunks | 2 files of ",
        "Clean | row count passed: 2 tables | checksum not compared: 2 tables",
        "Statistics of 2 tables refreshed",
        "s.u: 1 row, ",
        "shop / mysql-replica-01: finished | 3 rows sent by this run in ",
        "The dump is kept: clean_dump_files is off",
    ):
        assert said.count(line) == 1, line
