"""Takes the pictures of docs/images from a real Airflow: ``python -m dev.screenshots [NAME ...]``, as root or not.

Each is of a window of 1,440 by 900 pixels, in a headless Chromium, and is refused where it does not show what it is
there to show. Needs Debian's package ``chromium``.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from dev.browser import Browser
from dev.private_mariadb import PrivateMariaDB
from dev.running_airflow import RunningAirflow
from dev.sample_dumps import write_dump

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
_SIZE = (1440, 900)
_TENANTS = '''
from pathlib import Path

from airflow.sdk import DAG, task
from airflow_dm_loader.operators.load_dump import LoadDumpOperator

with DAG("tenants", schedule=None):

    @task
    def find_dumps():
        """The settings of each load: dumps that have finished have the file metadata."""
        return [
            {{"task_name": f"tenant-{{path.parent.name}}", "dump_uri": str(path.parent)}}
            for path in sorted(Path("{folder}").glob("*/metadata"))
        ]

    LoadDumpOperator.partial(
        task_id="load", target_conn_id="dm_target", map_index_template="{{{{ task.config['task_name'] }}}}"
    ).expand(config=find_dumps())
'''


@dataclass(frozen=True)
class Stage:
    """What a picture is taken of, and with."""

    airflow: RunningAirflow
    browser: Browser
    folder: Path

    def dump(self, name: str, tables: Mapping[str, list[tuple[int, str]]]) -> Path:
        """A dump of the schema ``shop``: table -> rows (id, v), where v has room for 20 letters."""
        return write_dump(self.folder / name, tables)

    def run(self, run_id: str, **settings: Any) -> None:
        """Trigger ``dm_load`` and wait until the run has ended."""
        self.airflow.trigger("dm_load", run_id, {"task_name": run_id, **settings})
        self.airflow.wait_until(
            f"{run_id} has ended", lambda: self.airflow.run_state(run_id) in ("success", "failed"), 600
        )

    def open(self, path: str) -> None:
        self.browser.open(self.airflow.url + path)

    def press(self, label: str) -> None:
        """The button that says so."""
        button = f"[...document.querySelectorAll('button')].find(each => each.innerText.trim() === {label!r})"
        self.browser.wait_for(button)
        self.browser.evaluate(f"{button}.click()")

    def picture_of_frame(self, name: str, *shown: str) -> None:
        """The same for a page inside a frame of Airflow's."""
        for text in shown:
            self.browser.wait_for(f"document.querySelector('iframe').contentDocument.body.innerText.includes({text!r})")
        self.browser.screenshot(IMAGES / f"{name}.png")

    def picture(self, name: str, *shown: str) -> None:
        """Take it, once all of these texts are on the page; each must be inside the window, without scrolling."""
        for text in shown:
            self.browser.wait_for(_visible(text))
        self.browser.screenshot(IMAGES / f"{name}.png")


def error(stage: Stage) -> None:
    """A task's error, as its log opens."""
    dump = stage.dump("bad", {"orders": [(1, "fits"), (2, "far longer than the twenty letters of its column")]})
    stage.run("too-long", dump_uri=str(dump))
    stage.open("/dags/dm_load/runs/too-long/tasks/run_import/mapped/0")
    stage.picture("error", "the load resumes at this chunk.", "Where: table shop.orders", "/dm-loader/errors#rowerror")


def progress(stage: Stage) -> None:
    """The page of a run's loads, inside Airflow: a load that waits for somebody's word."""
    rows = [(number, f"order {number}") for number in range(1, 2001)]
    dump = stage.dump("twice", {"orders": [*rows, (7, "order 7, once more")], "customers": rows[:500]})
    stage.run("night-17", dump_uri=str(dump), on_duplicate_logical="manual")
    stage.open("/dags/dm_load/runs/night-17/plugin/dm-loads")
    stage.browser.wait_for("document.querySelector('iframe')")
    stage.picture_of_frame("progress", "shop.orders", "The first rows in conflict", "somebody who accepts")


def form(stage: Stage) -> None:
    """What a person fills in who triggers a load."""
    stage.open("/dags/dm_load")
    stage.press("Trigger")
    stage.picture("form", "Task name", "This field is required")


def conflict(stage: Stage) -> None:
    """What a person is asked: rows that `manual` set aside, each beside the one that stayed."""
    dump = stage.dump(
        "asks", {"orders": [(number, f"order {number}") for number in range(1, 9)] + [(7, "order seven")]}
    )
    settings = {"dump_uri": str(dump), "on_duplicate_logical": "manual", "on_conflict": "ask"}
    stage.airflow.trigger("dm_load", "asks", {"task_name": "asks", **settings})
    stage.airflow.wait_until(
        "the load asks",
        lambda: stage.airflow.task("asks", "resolve_conflicts").state in ("deferred", "awaiting_input"),
        300,
    )
    stage.open("/dags/dm_load/runs/asks/tasks/resolve_conflicts/required_actions")
    stage.picture("conflict", "order seven", "SELECT", "Accept")


def box(stage: Stage) -> None:
    """A load in one task, mapped over the dumps that were found when the run began."""
    for name, rows in (("north", 300), ("south", 200), ("west", 100)):
        stage.dump(f"tenants/{name}", {f"orders_{name}": [(number, f"order {number}") for number in range(rows)]})
    stage.airflow.trigger("tenants", "night", {})
    stage.airflow.wait_until(
        "the night has ended", lambda: stage.airflow.run_state("night") in ("success", "failed"), 600
    )
    stage.open("/dags/tenants/runs/night/tasks/load/mapped")
    stage.picture("box", "find_dumps", "tenant-north", "tenant-south", "tenant-west")


def connection(stage: Stage) -> None:
    """A connection of our own type, and what it is asked for."""
    stage.airflow.create_connection("warehouse", "dm_target", host="db.example.com", login="loader")
    stage.open("/connections")
    edit = "document.querySelector('button[aria-label=\"Edit Connection\"]')"
    stage.browser.wait_for(edit)
    stage.browser.evaluate(f"{edit}.click()")
    stage.picture("connection", "Connection Type", "dm_target", "Host", "Password")


PICTURES: Mapping[str, Callable[[Stage], None]] = {
    "error": error,
    "progress": progress,
    "form": form,
    "conflict": conflict,
    "box": box,
    "connection": connection,
}


@contextmanager
def _stage() -> Iterator[Stage]:
    with tempfile.TemporaryDirectory() as folder, PrivateMariaDB() as server:
        target = f"mysql://{server.user}:{quote(server.password, safe='')}@{server.host}:{server.port}/"
        dags = Path(folder) / "dags"
        shutil.copytree(ROOT / "dags", dags)
        (dags / "tenants.py").write_text(_TENANTS.format(folder=Path(folder) / "tenants"))
        settings = {"AIRFLOW_CONN_DM_TARGET": target, "AIRFLOW__CORE__TEST_CONNECTION": "Enabled"}
        with (
            RunningAirflow(Path(folder) / "airflow", dags, settings, impatient=False) as air,
            Browser(*_SIZE) as browser,
        ):
            yield Stage(air, browser, Path(folder))


def _visible(text: str) -> str:
    """Whether an element that holds the text, and little else, is inside the window; as JavaScript."""
    return f"""[...document.querySelectorAll('*')].some(element => {{
        if (element.children.length > 8 || !(element.innerText || '').includes({text!r})) return false;
        const box = element.getBoundingClientRect();
        return box.height > 0 && box.top >= 0 && box.bottom <= window.innerHeight;
    }})"""


def main(names: list[str]) -> None:
    with _stage() as stage:
        for name in names or PICTURES:
            PICTURES[name](stage)
            print(IMAGES / f"{name}.png")


if __name__ == "__main__":
    main(sys.argv[1:])
