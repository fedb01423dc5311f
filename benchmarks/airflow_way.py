"""The same load as a DAG run of a real Airflow: scheduler, DAG processor, API server, LocalExecutor."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchmarks.address import Address
from benchmarks.measure import LoadFailedError, Measurement, server_cpu_s
from benchmarks.peers import Job, Peer
from dev.running_airflow import RunningAirflow

_DAG_FILE = Path(__file__).parents[1] / "dags" / "dm_load.py"
_DAG_ID = "dm_load"
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
_RUN_TIMEOUT_S = 1800.0


def through_airflow(scheduler_idle_sleep_s: float | None = None, /, **settings: Any) -> Peer:
    """A manual run of ``dm_load``: from the moment that it was queued to its end, by Airflow's own clock.

    The start of Airflow's services is not counted; they were running, and had run a task, when somebody pressed
    Trigger.

    Args:
        scheduler_idle_sleep_s: Airflow's ``[scheduler] scheduler_idle_sleep_time``; None: its default, a second.
    """
    return partial(_through_airflow, settings, scheduler_idle_sleep_s)


def _through_airflow(settings: Mapping[str, Any], scheduler_idle_sleep_s: float | None, job: Job) -> Measurement:
    dags = job.folder / "dags"
    dags.mkdir()
    shutil.copy(_DAG_FILE, dags)  # alone: a DAG with a schedule would run beside it
    (dags / "warm_up.py").write_text(_WARM_UP)
    conf = {"task_name": "bench", "dump_uri": str(job.dump.folder), **settings}
    environment = _environment(Address.of(job.server), scheduler_idle_sleep_s)
    with RunningAirflow(job.folder / "airflow", dags, environment, impatient=False) as airflow:
        _run(airflow, _WARM_UP_ID, {})
        os.sync()
        cpu_before = server_cpu_s(job.server.pid)
        _run(airflow, _DAG_ID, conf)
        used = server_cpu_s(job.server.pid) - cpu_before
        seconds = {f"{task}_s": round(took, 3) for task, took in airflow.task_seconds(_DAG_ID).items()}
        return Measurement(airflow.run_seconds(_DAG_ID), server_cpu_s=used, details=seconds)


def _run(airflow: RunningAirflow, dag_id: str, conf: Mapping[str, Any]) -> None:
    """Run a DAG to its end; the run is called as the DAG is."""
    airflow.trigger(dag_id, run_id=dag_id, conf=conf)
    airflow.wait_until(f"{dag_id} ends", lambda: airflow.run_state(dag_id) in {"success", "failed"}, _RUN_TIMEOUT_S)
    if airflow.run_state(dag_id) != "success":
        raise LoadFailedError(f"{dag_id} failed: {airflow.task_states(dag_id)}")


def _environment(target: Address, scheduler_idle_sleep_s: float | None) -> dict[str, str]:
    account = f"{target.user}:{quote(target.password, safe='')}"
    environment = {"AIRFLOW_CONN_DM_TARGET": f"mysql://{account}@{target.host}:{target.port}/"}
    if scheduler_idle_sleep_s is not None:
        environment["AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME"] = str(scheduler_idle_sleep_s)
    return environment
