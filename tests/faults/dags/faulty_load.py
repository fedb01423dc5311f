"""``dm_load`` whose retries come after a second, for tests that make its tasks fail."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG

from airflow_dm_loader.operators.params import load_params
from airflow_dm_loader.operators.retries import retry_defaults
from airflow_dm_loader.task_group import add_load_tasks

with DAG(
    dag_id="faulty_load",
    schedule=None,
    params=load_params(),
    default_args={
        **retry_defaults(),
        "retry_delay": timedelta(seconds=1),
        "retry_exponential_backoff": 0,
        "retries": 9,
    },
) as dag:
    add_load_tasks(dag, config="{{ params | tojson }}")
