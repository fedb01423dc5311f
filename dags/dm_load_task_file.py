"""Load one source of a DM task file into TiDB, MySQL or MariaDB: triggered by hand, with a form."""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_dm_loader.operators.params import task_file_params
from airflow_dm_loader.operators.retries import retry_defaults
from airflow_dm_loader.task_group import add_load_tasks

DOC = """
### Load the dump that a DM task file names, exactly once

Trigger it with the path of the file. What the form leaves empty, or at its default, comes from the file; what you
change comes before it. The target is the Airflow connection `dm_target` (type `mysql`), or another one.

All else is as in the DAG `dm_load`.
"""

with DAG(
    dag_id="dm_load_task_file",
    description="Load one source of a DM task file into TiDB, MySQL or MariaDB, exactly once",
    schedule=None,
    catchup=False,
    doc_md=DOC,
    params=task_file_params(),
    default_args=retry_defaults(),
    tags=["dm", "load"],
) as dag:
    add_load_tasks(
        dag,
        config="{{ params | tojson }}",
        target_conn_id="{{ params.target_conn_id }}",
        dump_conn_id="{{ params.dump_conn_id or '' }}",
        etcd_conn_id="{{ params.etcd_conn_id or '' }}",
        mask_conn_id="{{ params.mask_conn_id or '' }}",
        compare_with_conn_id="{{ params.compare_with_conn_id or '' }}",
        replica_conn_ids="{{ params.replica_conn_ids or '' }}",
    )
