"""What the stories need around them: a private MariaDB, and an Airflow in a temporary folder."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from dev.demo.task_lines import TaskLines
from dev.private_mariadb import PrivateMariaDB

if TYPE_CHECKING:
    from airflow.sdk import DAG

    from dev.demo.stage import Stage

DAGS = Path(__file__).parents[2] / "dags"


def start_server(stage: Stage) -> PrivateMariaDB:
    """A server that ends with the stage."""
    with stage.step("Starting a private MariaDB") as results:
        server = PrivateMariaDB()
        stage.cleanup.callback(server.stop)
        server.start()
        [(version,)] = query(server, "SELECT VERSION()")
        results.append(version.split("-")[0])
    return server


def start_airflow(stage: Stage, server: PrivateMariaDB) -> tuple[DAG, TaskLines]:
    """The DAG ``dm_load``, and what writes a line about each of its tasks."""
    with stage.step("Starting Airflow in a temporary folder") as results:
        _set_environment(stage.folder / "airflow", server)
        from airflow import __version__
        from airflow.utils.db import initdb

        from dev.airflow_names import DagBag, get_listener_manager
        from dev.dag_runs import register

        initdb()
        dag = register(DagBag(dag_folder=str(DAGS / "dm_load.py")).dags["dm_load"])  # Airflow 3.1 wants it known
        tasks = TaskLines(stage)
        get_listener_manager().add_listener(tasks)
        results.append(__version__)
    with stage.step("Starting its API, by which tasks reach it"):
        _ask_api_once()
    return dag, tasks


def query(server: PrivateMariaDB, sql: str, *values: object) -> tuple[tuple[Any, ...], ...]:
    """The rows that the server gives."""
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(sql, values)
        return tuple(cursor.fetchall())


def _ask_api_once() -> None:
    """Airflow builds its API at the first request, which takes seconds: not inside our first task."""
    import httpx
    from airflow.sdk.execution_time.supervisor import in_process_api_server

    with httpx.Client(transport=in_process_api_server().transport, base_url="http://in-process.invalid/") as client:
        client.get("/health").raise_for_status()


def _set_environment(home: Path, server: PrivateMariaDB) -> None:
    """Before Airflow's first import: nothing of an Airflow that this machine has may be touched or heeded."""
    for name in [name for name in os.environ if name.startswith(("AIRFLOW_", "_AIRFLOW_"))]:
        del os.environ[name]
    os.environ.update(
        {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
            "AIRFLOW_CONN_DM_TARGET": (
                f"mysql://{server.user}:{quote(server.password, safe='')}@{server.host}:{server.port}/"
            ),
        }
    )
