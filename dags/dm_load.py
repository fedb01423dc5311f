"""Load one dump into TiDB, MySQL or MariaDB: triggered by hand, with a form."""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_dm_loader.operators.params import load_params
from airflow_dm_loader.operators.retries import retry_defaults
from airflow_dm_loader.task_group import add_load_tasks

DOC = """
### Load a dumpling or mydumper dump, exactly once

Trigger it with a task name and the folder of the dump. The target is the Airflow connection `dm_target`
(type `mysql`), or another one.

| something happened | do this |
|---|---|
| `run_import` failed or was stopped | clear it: it resumes, what was committed is never sent again |
| `resolve_conflicts` failed with 34020 or 34021 | look at what it names; **clearing it accepts** what was found |
| you fixed the data instead | clear `checksum` with what follows it: a new comparison, a new outcome |
| the same dump once more | nothing is sent: the load is known as finished |
| you have a DM task file | trigger `dm_load_task_file` with its path |
| all over again | trigger it with *Start afresh* (`remove_meta`) |
"""

with DAG(
    dag_id="dm_load",
    description="Load a dumpling or mydumper dump into TiDB, MySQL or MariaDB, exactly once",
    schedule=None,
    catchup=False,
    doc_md=DOC,
    params=load_params(),
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
