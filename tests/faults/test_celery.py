"""Celery's workers in trouble in the middle of a load: two of them, Redis between them and the scheduler, and a MySQL
that holds what Airflow knows."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from dev.airflow_database import ServerSchema
from dev.places import new_folder
from dev.private_mariadb import PrivateMariaDB
from dev.private_redis import PrivateRedis
from dev.private_server import PrivateServer
from dev.running_airflow import RunningAirflow
from dev.server_kinds import MYSQL
from tests.faults.middle import Middle, in_the_middle
from tests.faults.reference import FaultDump
from tests.faults.tally import LONG, tried

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(900)]

WORKERS = ("worker-1", "worker-2")


@pytest.fixture(scope="module")
def celery(mariadb: PrivateMariaDB) -> Iterator[RunningAirflow]:
    """One Airflow for all these tests, its workers still to be started."""
    home = new_folder("running-airflow-")
    home.rmdir()  # it makes it itself
    with PrivateRedis() as redis, PrivateServer(MYSQL) as metadata:
        environment = {
            "AIRFLOW_CONN_DM_TARGET": (
                f"mysql://{mariadb.user}:{quote(mariadb.password, safe='')}@{mariadb.host}:{mariadb.port}/"
            ),
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__CELERY__BROKER_URL": redis.url,
            "AIRFLOW__CELERY__RESULT_BACKEND": redis.url,
        }
        dags = Path(__file__).parent / "dags"
        with RunningAirflow(home, dags, environment, database=ServerSchema.make(metadata)) as running:
            yield running


@pytest.fixture
def airflow(celery: RunningAirflow) -> RunningAirflow:
    """With both workers at work, each with one process for tasks."""
    for name in WORKERS:
        if not celery.runs(name):
            celery.start(name, "celery", "worker", "--concurrency=1", f"--celery-hostname={name}", "--skip-serve-logs")
    return celery


# -- faults


def kill_the_machine(middle: Middle) -> None:
    """The worker and all that it started, the task among them: the other worker goes on."""
    task, before, worker = middle.task, middle.sessions, worker_of(middle)
    killed = middle.airflow.kill9_with_all(worker)
    assert killed >= 3, "the worker, its process for tasks, and the task"
    middle.wait_until_there(try_number=task.try_number + 1, not_in=before)
    assert worker_of(middle) != worker


def kill_the_worker_alone(middle: Middle) -> None:
    """What it started lives on, and Airflow hears from the task as before."""
    task = middle.task
    middle.airflow.kill9(worker_of(middle))
    middle.airflow.let_the_scheduler_look()
    assert middle.task == task, "the same try in the same process"


def kill_its_process_for_tasks(middle: Middle) -> None:
    """The worker says that the task failed, while the task lives on for a while: Airflow starts another beside it."""
    task = middle.task
    assert task.process is not None
    parent = int(Path(f"/proc/{task.process}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(parent, signal.SIGKILL)
    middle.airflow.wait_until("Airflow tries again", lambda: middle.task.try_number > task.try_number)


def worker_of(middle: Middle) -> str:
    """The worker that runs the import."""
    process = middle.task.process
    assert process is not None
    (name,) = [name for name in WORKERS if middle.airflow.started(name, process)]
    return name


FAULTS: dict[str, Callable[[Middle], None]] = {
    "kill -9 of a worker and of all that it started": kill_the_machine,
    "kill -9 of a worker alone": kill_the_worker_alone,
    "kill -9 of a worker's process for tasks": kill_its_process_for_tasks,
}

if LONG:  # Celery's start alone takes as long as most modules of `make test`

    @pytest.mark.parametrize("fault", FAULTS)
    def test_a_load_goes_on_after(fault: str, airflow: RunningAirflow, server: PrivateMariaDB, dump: FaultDump) -> None:
        with in_the_middle(airflow, server, dump) as middle:
            FAULTS[fault](middle)
            tried(f"Celery: {fault}, in the middle of a load")
