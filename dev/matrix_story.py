"""What people do with a load, in ``airflow standalone`` of whichever version this Python has.

    python -m dev.matrix_story [STEP ...]

A form that says too little, a load, one that fails with its remedy in the log, one that is paused and cleared, one that
asks by a form, and one that waits in the triggerer for its dump. AssertionError where one of them goes another way.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import airflow

from dev.private_mariadb import PrivateMariaDB
from dev.running_airflow import STANDALONE, RunningAirflow
from dev.sample_dumps import write_dump

ROOT = Path(__file__).parents[1]
_WAITING = """
import pendulum
from airflow.sdk import DAG
from airflow_dm_loader.task_group import DumpLoadTaskGroup

with DAG("waits", schedule=None) as dag:
    DumpLoadTaskGroup(
        "shop",
        config={{"task_name": "waits", "dump_uri": "{dump}"}},
        wait_for_dump={{"poke_interval": 3, "timeout": 600}},
    )
"""
_TWICE = [(1, "first"), (2, "two"), (1, "second")]


class Story:
    """The steps, each of which ends where the next one can begin."""

    def __init__(self, air: RunningAirflow, folder: Path) -> None:
        self._air = air
        self._folder = folder

    def an_empty_form_makes_no_run(self) -> None:
        refused = ""
        try:
            self._air.trigger("dm_load", "empty", {})
        except RuntimeError as error:
            refused = str(error)
        assert "400" in refused, refused
        assert "task_name" in refused, refused

    def a_dump_is_loaded(self) -> None:
        self._run("good", "success", tables={"orders": [(1, "one"), (2, "two")]})

    def an_error_has_its_remedy_in_the_log(self) -> None:
        self._run("bad", "failed", tables={"bad": [(1, "far longer than the twenty letters of its column")]})
        log = self._air.task_log("dm_load", "bad", "run_import")
        assert "Data too long" in log, log
        assert "What to do: " in log, log
        assert "/dm-loader/errors#rowerror" in log, log

    def a_paused_load_is_accepted_by_a_clear(self) -> None:
        self._run("paused", "failed", tables={"paused": _TWICE}, on_duplicate_logical="manual")
        assert self._air.task("paused", "resolve_conflicts").state == "failed"
        self._air.clear("dm_load", "paused", "resolve_conflicts", downstream=True)
        self._air.wait_until("it is cleared", lambda: self._air.task("paused", "resolve_conflicts").state != "failed")
        self._ends("paused", "success")

    def a_load_asks_by_a_form(self) -> None:
        dump = write_dump(self._folder / "asks", {"asks": _TWICE})
        settings = {"on_duplicate_logical": "manual", "on_conflict": "ask"}
        self._air.trigger("dm_load", "asks", {"task_name": "asks", "dump_uri": str(dump), **settings})
        self._air.wait_until(
            "the load asks",
            lambda: self._air.task("asks", "resolve_conflicts").state in ("deferred", "awaiting_input"),
            300,
        )
        self._air.let_the_scheduler_look()
        self._air.answer("dm_load", "asks", "resolve_conflicts", "Accept")
        self._ends("asks", "success")

    def a_load_waits_in_the_triggerer_for_its_dump(self) -> None:
        self._air.trigger("waits", "waits", {})
        self._air.wait_until("it waits", lambda: self._air.task("waits", "shop.wait_for_dump").state == "deferred", 300)
        write_dump(self._folder / "to-come", {"late": [(1, "one")]})
        self._ends("waits", "success")

    def _run(self, name: str, state: str, *, tables: dict[str, list[tuple[int, str]]], **settings: str) -> None:
        dump = write_dump(self._folder / name, tables)
        self._air.trigger("dm_load", name, {"task_name": name, "dump_uri": str(dump), **settings})
        self._ends(name, state)

    def _ends(self, run_id: str, state: str) -> None:
        self._air.wait_until(f"{run_id} has ended", lambda: self._air.run_state(run_id) in ("success", "failed"), 600)
        assert self._air.run_state(run_id) == state, self._air.task_states(run_id) + self._air.run_log(run_id)


def main(steps: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory() as place, PrivateMariaDB() as server:
        folder = Path(place)
        dags = folder / "dags"
        dags.mkdir()
        shutil.copy(ROOT / "dags" / "dm_load.py", dags)
        (dags / "waits.py").write_text(_WAITING.format(dump=folder / "to-come"))
        target = f"mysql://{server.user}:{quote(server.password, safe='')}@{server.host}:{server.port}/"
        connections = {"AIRFLOW_CONN_DM_TARGET": target}
        with RunningAirflow(folder / "airflow", dags, connections, impatient=False, services=STANDALONE) as air:
            story = Story(air, folder)
            for step in steps or [name for name in vars(Story) if not name.startswith("_")]:
                getattr(story, step)()
                print(f"Airflow {airflow.__version__}: {step.replace('_', ' ')}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
