"""A load in steps, and the programs of a dump, in the DAG ``dm_load`` and in one task."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airflow_dm_loader.operators.load_dump import LoadDumpOperator
from dev.dag_runs import Run
from tests.airflow.task_runs import a_dag, run_task

if TYPE_CHECKING:
    from airflow.sdk import DAG

    from tests.airflow.conftest import MakeDump, Query

OBJECTS = Path(__file__).parents[1] / "data" / "objects" / "mariadb"


def test_the_tasks_behind_a_step_are_skipped_and_the_next_run_resumes(
    dm_load: DAG, query: Query, make_dump: MakeDump
) -> None:
    conf: dict[str, Any] = {"task_name": "shop", "dump_uri": str(make_dump({"t": [(1, "one"), (2, "two")]}))}

    schema = Run.start(dm_load, {**conf, "only": "schema"})
    assert schema.state == "success"
    assert {name: schema.states()[name] for name in ("create_tables", "checksum", "finish", "clean_dump_files")} == {
        "create_tables": "success", "checksum": "skipped", "finish": "skipped", "clean_dump_files": "skipped",
    }  # fmt: skip
    assert query("SELECT status, (SELECT COUNT(*) FROM s.t) FROM dm_meta.dm_loader_load") == (("stopped", 0),)

    rest = Run.start(dm_load, {**conf, "only": "indexes"})
    assert rest.state == "success"
    assert (rest.xcom("finish")["status"], query("SELECT COUNT(*) FROM s.t")) == ("finished", ((2,),))


@pytest.mark.usefixtures("dm_target")
def test_one_task_stops_after_a_step_and_makes_the_programs_of_a_dump(query: Query, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(OBJECTS, tmp_path / "dump"))
    objects = {"triggers": "load", "routines": "load", "events": "load"}

    def box(**settings: Any) -> LoadDumpOperator:
        config = {"task_name": "o", "dump_uri": str(folder), "objects": objects, "definer": "drop", **settings}
        with a_dag():
            return LoadDumpOperator(task_id="load", config=config)

    stopped = run_task(box(only="data"))
    assert stopped.state == "success", stopped.error
    assert stopped.xcoms["return_value"]["stopped_after"] == "data"
    rest = run_task(box())
    assert rest.state == "success", rest.error
    assert rest.xcoms["return_value"]["objects"] == {"function": 3, "procedure": 3, "event": 3, "trigger": 4}
    assert query("SELECT COUNT(*) FROM information_schema.triggers WHERE trigger_schema = 'office'") == ((4,),)
