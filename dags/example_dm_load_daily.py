"""An example: every night the dump of that day, from a folder that is named after the day."""

from __future__ import annotations

import pendulum
from airflow.sdk import DAG

from airflow_dm_loader.task_group import DumpLoadTaskGroup

with DAG(
    dag_id="example_dm_load_daily",
    description="Load each day's dump; the load of each day has a name of its own",
    schedule="0 3 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["dm", "example"],
) as dag:
    DumpLoadTaskGroup(
        group_id="shop",
        target_conn_id="dm_target",
        wait_for_dump={"timeout": 6 * 3600, "poke_interval": 300},  # the dump may take longer on some nights
        config={
            "task_name": "shop-{{ ds }}",
            "dump_uri": "/dumps/shop/{{ ds }}/",
            "on_duplicate_logical": "error",
            "import_tasks": 2,
            "clean_dump_files": True,
        },
    )
