"""The same load as a DAG run of a real Airflow: scheduler, DAG processor, API server, LocalExecutor."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchmarks.address import Address
from benchmarks.measure import LoadFailedError, Measurement, server_cpu_s
from benchmarks.peers import Job, Peer

_DAG_FILE = Path(__file__).parents[1] / "dags" / "dm_load.py"
_DAG_ID, _RUN_ID = "dm_load", "bench"
# The first task after Airflow's start takes it some seconds more than any other, whatever the DAG.
_WARM_UP_ID = "warm_up"
_WARM_UP = f"""
from airflow.sdk import dag, task

@dag(dag_id="{_WARM_UP_ID}", schedule=None)
def warm_up():
    @task
    def nothing():
        pass
    nothing()

warm_up()
"""
_SERVICES = ("api-server", "scheduler", "dag-processor")
_START_TIMEOUT_S, _RUN_TIMEOUT_S, _POLL_S = 180.0, 1800.0, 0.5


def through_airflow(scheduler_idle_sleep_s: float | None = None, /, **settings: Any) -> Peer:
    """A manual run of ``dm_load``: from the moment that it was queued to its end, by Airflow's own clock.

    The start of Airflow's services is not counted; they were running, and had run a task, when somebody pressed
    Trigger.

    Args:
        scheduler_idle_sleep_s: Airflow's ``[scheduler] scheduler_idle_sleep_time``; None: its default, a second.
    """
    return partial(_through_airflow, settings, scheduler_idle_sleep_s)


def _through_airflow(settings: Mapping[str, Any], scheduler_idle_sleep_s: float | None, job: Job) -> Measurement:
    home = job.folder / "airflow"
    (home / "dags").mkdir(parents=True)
    shutil.copy(_DAG_FILE, home / "dags")  # alone: a DAG with a schedule would run beside it
    (home / "dags" / "warm_up.py").write_text(_WARM_UP)
    environment = _environment(home, Address.of(job.server))
    if scheduler_idle_sleep_s is not None:
        environment["AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME"] = str(scheduler_idle_sleep_s)
    database = home / "airflow.db"
    conf = json.dumps({"task_name": "bench", "dump_uri": str(job.dump.folder), **settings})
    _airflow(environment, "db", "migrate")
    with _services(home, environment):
        for dag_id in (_DAG_ID, _WARM_UP_ID):
            _wait(f"the DAG {dag_id} to be parsed", partial(_is_parsed, database, dag_id), _START_TIMEOUT_S)
        _wait("the API server to answer", lambda: _listens(int(environment["AIRFLOW__API__PORT"])), _START_TIMEOUT_S)
        _trigger(environment, database, _WARM_UP_ID)
        os.sync()
        cpu_before = server_cpu_s(job.server.pid)
        queued_at, ended_at = _trigger(environment, database, _DAG_ID, "--conf", conf)
        wall = datetime.fromisoformat(ended_at) - datetime.fromisoformat(queued_at)
        used = server_cpu_s(job.server.pid) - cpu_before
        return Measurement(wall.total_seconds(), server_cpu_s=used, details=_task_seconds(database))


def _trigger(environment: Mapping[str, str], database: Path, dag_id: str, *arguments: str) -> tuple[str, str]:
    """Run a DAG to its end; when it was queued, and when it ended."""
    _airflow(environment, "dags", "trigger", dag_id, "--run-id", _RUN_ID, *arguments)
    _wait(f"{dag_id} to end", lambda: _run(database, dag_id)[0] in {"success", "failed"}, _RUN_TIMEOUT_S)
    state, queued_at, ended_at = _run(database, dag_id)
    if state != "success":
        raise LoadFailedError(f"{dag_id} ended as {state}: {_task_states(database, dag_id)}")
    return queued_at, ended_at


def _environment(home: Path, target: Address) -> dict[str, str]:
    """Nothing of an Airflow that this machine has is touched or heeded."""
    port = str(_free_port())
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW_", "_AIRFLOW_"))}
    return ours | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": port,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(48),
        "AIRFLOW_CONN_DM_TARGET": (
            f"mysql://{target.user}:{quote(target.password, safe='')}@{target.host}:{target.port}/"
        ),
    }


@contextmanager
def _services(home: Path, environment: Mapping[str, str]) -> Iterator[None]:
    with ExitStack() as stack:
        for name in _SERVICES:
            log = stack.enter_context((home / f"{name}.log").open("wb"))
            process = subprocess.Popen(
                [sys.executable, "-m", "airflow", name],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            stack.callback(_end, process)
        yield


def _end(process: subprocess.Popen[bytes]) -> None:
    """With all that it started: they are one session, which we made."""
    for how, timeout_s in ((signal.SIGTERM, 15.0), (signal.SIGKILL, 15.0)):
        try:
            os.killpg(process.pid, how)
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            continue
        except ProcessLookupError:
            return


def _airflow(environment: Mapping[str, str], *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "airflow", *arguments], env=environment, capture_output=True, check=False, text=True
    )
    if done.returncode:
        raise LoadFailedError(
            f"airflow {arguments[0]} {arguments[1]} ended with {done.returncode}: {done.stderr[-2000:]}"
        )


def _wait(what: str, is_so: Callable[[], bool], timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_so():
        if time.monotonic() > deadline:
            raise LoadFailedError(f"waited {timeout_s:.0f} s in vain for {what}")
        time.sleep(_POLL_S)


def _rows(database: Path, sql: str, *values: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)) as connection:
        return connection.execute(sql, values).fetchall()


def _is_parsed(database: Path, dag_id: str) -> bool:
    return bool(_rows(database, "SELECT 1 FROM serialized_dag WHERE dag_id = ?", dag_id))


def _run(database: Path, dag_id: str) -> tuple[str, str, str]:
    [row] = _rows(database, "SELECT state, queued_at, end_date FROM dag_run WHERE dag_id = ?", dag_id)
    state, queued_at, ended_at = row
    return state, queued_at, ended_at


def _task_states(database: Path, dag_id: str) -> str:
    rows = _rows(database, "SELECT task_id, state FROM task_instance WHERE dag_id = ?", dag_id)
    return ", ".join(f"{task} {state}" for task, state in rows)


def _task_seconds(database: Path) -> dict[str, float]:
    """How long each task ran; the rest of the wall time is Airflow's."""
    rows = _rows(database, "SELECT task_id, map_index, duration FROM task_instance WHERE dag_id = ?", _DAG_ID)
    return {
        f"{task}[{index}]_s" if index >= 0 else f"{task}_s": round(duration, 3)
        for task, index, duration in rows
        if duration is not None
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
