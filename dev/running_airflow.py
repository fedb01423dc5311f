"""A real Airflow of our own: its services as processes, and its REST API to talk to it.

It has LocalExecutor and SQLite, unless it is told otherwise.

Nothing of an Airflow that the machine has is touched or heeded. A service can be ended or killed in the middle of a
run, and started again. All of it goes when this process does, even by ``kill -9``.

    with RunningAirflow(folder, dags, environment={"AIRFLOW_CONN_DM_TARGET": "mysql://..."}) as airflow:
        airflow.trigger("dm_load", "run", {"task_name": "t", "dump_uri": "/dump"})
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from dev.airflow_database import AirflowDatabase, SqliteFile
from dev.guard import Guard
from dev.places import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

SERVICES = ("api-server", "scheduler", "dag-processor")
STANDALONE = ("standalone",)  # all of them and a triggerer, as `airflow standalone` has them
_START_TIMEOUT_S, _STOP_TIMEOUT_S, _POLL_S = 180.0, 15.0, 0.2
# Shorter than the defaults, so that what is lost is found within seconds.
_IMPATIENT = {
    "AIRFLOW__CORE__PARALLELISM": "4",
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.1",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "6",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "2",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "15",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
}


@dataclass(frozen=True)
class TaskState:
    """A task instance as Airflow's database has it."""

    state: str | None
    try_number: int
    process: int | None  # of the task itself, while it runs


class RunningAirflow:
    """Services of Airflow that this process owns; use it as a context manager.

    Args:
        home: a folder that is not there yet; it is removed at the end.
        dags: the folder of its DAGs.
        environment: more of it, connections above all.
        impatient: look for what is lost every few seconds, and sleep less; else all that is as people have it.
        services: what it begins with; :data:`STANDALONE` makes its database itself.
        python: of the environment whose Airflow it is; None: of this process.
        database: an empty one; None: a file in its home.
    """

    def __init__(
        self,
        home: Path,
        dags: Path,
        environment: Mapping[str, str],
        *,
        impatient: bool = True,
        services: Sequence[str] = SERVICES,
        python: Path | None = None,
        database: AirflowDatabase | None = None,
    ) -> None:
        self._home = home
        self._services = services
        python = python or Path(sys.executable)
        self._airflow = (str(python), "-m", "airflow")
        self._port = free_port()
        self._database = database or SqliteFile(home / "airflow.db")
        self._environment = {
            **_environment(home, dags, self._port),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": self._database.uri,
            "PATH": f"{python.parent}:{os.environ['PATH']}",  # standalone starts the others by their name
            **(_IMPATIENT if impatient else {}),
            **environment,
        }
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._groups: list[int] = []
        self._guard: Guard | None = None
        self._token = ""

    def __enter__(self) -> Self:
        self._home.mkdir()
        self._guard = Guard(self._home)
        try:
            if self._services != STANDALONE:
                subprocess.run(
                    [*self._airflow, "db", "migrate"], env=self._environment, capture_output=True, check=True
                )
            for name in self._services:
                self.start(name)
            self.wait_until("the API server answers", self.answers, _START_TIMEOUT_S)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self._processes):
            self.end(name)
        for group in self._groups:  # a service that was killed leaves behind what it had started
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        if self._guard is not None:
            self._guard.dismiss()
        shutil.rmtree(self._home, ignore_errors=True)

    @property
    def url(self) -> str:
        """Of its UI, without a slash at its end."""
        return f"http://127.0.0.1:{self._port}"

    # -- its services

    def start(self, name: str, *arguments: str) -> None:
        """Start a service, in a session of its own: it ends with all that it starts.

        ``arguments``: of ``airflow``, where they are not the name alone; the name is then ours.
        """
        with (self._home / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [*self._airflow, *(arguments or (name,))],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._groups.append(self._processes[name].pid)
        if self._guard is not None:
            self._guard.watch_group(self._processes[name].pid)

    def end(self, name: str) -> None:
        """End a service in good order, and what it started."""
        process = self._processes.pop(name)
        for how in (signal.SIGTERM, signal.SIGKILL):
            with suppress(subprocess.TimeoutExpired, ProcessLookupError):
                os.killpg(process.pid, how)
                process.wait(_STOP_TIMEOUT_S)
                break
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def kill9(self, name: str) -> None:
        """Kill the service's own process; what it started lives on, as on a real machine."""
        process = self._processes.pop(name)
        process.kill()
        process.wait()

    def kill9_with_all(self, name: str) -> int:
        """Kill the service and all that it started and that started, as a machine that goes; how many there were."""
        process = self._processes.pop(name)
        family: set[int] = set()
        while new := {process.pid, *_descendants(process.pid)} - family:
            for each in new:
                with suppress(ProcessLookupError):
                    os.kill(each, signal.SIGSTOP)  # it starts nothing more
            family |= new
        for each in family:
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        process.wait()
        return len(family)

    def runs(self, name: str) -> bool:
        """Whether we started a service, and have not ended it since."""
        return name in self._processes

    def started(self, name: str, process: int) -> bool:
        """Whether a process is one of those that a service started."""
        return name in self._processes and process in _descendants(self._processes[name].pid)

    def answers(self) -> bool:
        """Whether the API server does; it also gives us the token that :meth:`trigger` needs."""
        try:
            with urlopen(f"http://127.0.0.1:{self._port}/auth/token", timeout=10) as answer:
                self._token = json.load(answer)["access_token"]
        except OSError:
            return False
        return True

    def log_tail(self) -> str:
        """The last lines of each service, for people."""
        return "\n".join(
            f"--- {name}\n" + "\n".join((self._home / f"{name}.log").read_text(errors="replace").splitlines()[-15:])
            for name in sorted({*self._services, *self._processes})
        )

    # -- its runs

    def trigger(self, dag_id: str, run_id: str, conf: Mapping[str, Any]) -> None:
        self.wait_until(f"{dag_id} is parsed", lambda: self.is_parsed(dag_id), _START_TIMEOUT_S)
        body = {"dag_run_id": run_id, "conf": dict(conf), "logical_date": None}
        self._post(f"/api/v2/dags/{dag_id}/dagRuns", body)

    def clear(self, dag_id: str, run_id: str, task_id: str, *, downstream: bool = False) -> None:
        """As a person does in the UI, also while the task runs."""
        body = {
            "dry_run": False,
            "dag_run_id": run_id,
            "task_ids": [task_id],
            "only_failed": False,
            "include_downstream": downstream,
        }
        self._post(f"/api/v2/dags/{dag_id}/clearTaskInstances", body)

    def let_the_scheduler_look(self) -> None:
        """Wait until its loop has been round once more.

        A task that is answered before the scheduler has heard that it waits is failed by Airflow: no person is as fast.
        """
        for _ in range(2):
            before = self._heartbeat()
            self.wait_until("the scheduler has looked", lambda seen=before: self._heartbeat() != seen)  # type: ignore[misc]

    def _heartbeat(self) -> list[tuple[Any, ...]]:
        return self._rows("SELECT MAX(latest_heartbeat) FROM job WHERE job_type = 'SchedulerJob'")

    def answer(self, dag_id: str, run_id: str, task_id: str, option: str) -> None:
        """As a person does under Required Actions."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/-1/hitlDetails"
        self._send("PATCH", path, {"chosen_options": [option], "params_input": {}})

    def create_connection(self, connection_id: str, conn_type: str, **fields: Any) -> None:
        """As a person does under Admin, Connections."""
        self._post("/api/v2/connections", {"connection_id": connection_id, "conn_type": conn_type, **fields})

    def task_log(self, dag_id: str, run_id: str, task_id: str) -> str:
        """The logs of all tries of a task, as they lie on the disk."""
        folder = self._home / "logs" / f"dag_id={dag_id}" / f"run_id={run_id}" / f"task_id={task_id}"
        return "\n".join(path.read_text() for path in sorted(folder.rglob("*.log")))

    def run_log(self, run_id: str) -> str:
        """The ends of the logs of all tasks of a run, and what services said of it, for people."""
        logs = sorted((self._home / "logs").rglob(f"run_id={run_id}/**/*.log"))
        told = "".join(f"\n--- {path.relative_to(self._home)}\n{path.read_text()[-4000:]}" for path in logs)
        services = "\n".join(path.read_text(errors="replace") for path in self._home.glob("*.log"))
        return told + "\n" + "\n".join([line for line in services.splitlines() if run_id in line and "rror" in line])

    def is_parsed(self, dag_id: str) -> bool:
        return bool(self._rows("SELECT 1 FROM serialized_dag WHERE dag_id = ?", dag_id))

    def run_state(self, run_id: str) -> str:
        """As Airflow has it; "" for a moment after the trigger, which some versions answer before they commit."""
        rows = self._rows("SELECT state FROM dag_run WHERE run_id = ?", run_id)
        return str(rows[0][0]) if rows else ""

    def run_seconds(self, run_id: str) -> float:
        """How long a run that has ended took, from the moment that it was queued, by Airflow's own clock."""
        ((queued_at, ended_at),) = self._rows("SELECT queued_at, end_date FROM dag_run WHERE run_id = ?", run_id)
        return (datetime.fromisoformat(ended_at) - datetime.fromisoformat(queued_at)).total_seconds()

    def task_seconds(self, run_id: str) -> dict[str, float]:
        """How long each task of a run took, those of a mapped one with their number."""
        rows = self._rows("SELECT task_id, map_index, duration FROM task_instance WHERE run_id = ?", run_id)
        return {
            f"{task}[{index}]" if index >= 0 else task: duration
            for task, index, duration in rows
            if duration is not None
        }

    def task(self, run_id: str, task_id: str) -> TaskState:
        """A task's instance, or the only one of a mapped task."""
        instances = self.instances(run_id, task_id)
        if not instances:  # as in run_state
            return TaskState(None, 0, None)
        (instance,) = instances.values()
        return instance

    def instances(self, run_id: str, task_id: str) -> dict[int, TaskState]:
        """All of a task, by their map index; -1 where it is not mapped, or not yet."""
        rows = self._rows(
            "SELECT map_index, state, try_number, pid FROM task_instance WHERE run_id = ? AND task_id = ?",
            run_id,
            task_id,
        )
        return {map_index: TaskState(*rest) for map_index, *rest in rows}

    def running(self, run_id: str) -> list[tuple[str, int]]:
        """Ids and processes of the tasks that run now."""
        return self._rows(
            "SELECT task_id, pid FROM task_instance WHERE run_id = ? AND state = 'running' AND pid IS NOT NULL", run_id
        )

    def task_states(self, run_id: str) -> str:
        """All of a run, for people."""
        rows = self._rows("SELECT task_id, state, try_number FROM task_instance WHERE run_id = ?", run_id)
        return ", ".join(f"{task} {state} (try {number})" for task, state, number in rows)

    def wait_until(self, what: str, is_so: Callable[[], bool], timeout_s: float = 240.0) -> None:
        """Look again and again.

        AssertionError, with the ends of the logs, if it does not come, and at once if a service has ended by itself.
        """
        deadline = time.monotonic() + timeout_s
        while not is_so():
            if gone := [name for name, process in self._processes.items() if process.poll() is not None]:
                raise AssertionError(f"{', '.join(gone)} has ended, and we wait until {what}\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {timeout_s:.0f} s in vain until {what}\n{self.log_tail()}")
            time.sleep(_POLL_S)

    # -- how it is talked to

    def _post(self, path: str, body: Mapping[str, Any]) -> None:
        self._send("POST", path, body)

    def _send(self, method: str, path: str, body: Mapping[str, Any]) -> None:
        request = Request(
            f"http://127.0.0.1:{self._port}{path}",
            method=method,
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"},
        )
        try:
            urlopen(request, timeout=60).close()
        except HTTPError as error:
            raise RuntimeError(f"{path}: {error.code} {error.read().decode(errors='replace')}") from None

    def _rows(self, sql: str, *values: str) -> list[tuple[Any, ...]]:
        return self._database.rows(sql, *values)


def _descendants(root: int) -> list[int]:
    """Processes that it started, and that those did, as far as they have not been left alone."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(folder.name))
    found, of = [], [root]
    while of:
        below = children.get(of.pop(), [])
        found += below
        of += below
    return found


def _environment(home: Path, dags: Path, port: int) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW_", "_AIRFLOW_"))}
    return ours | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(48),
    }
