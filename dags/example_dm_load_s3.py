"""An example: every night the dump of that day from S3, as soon as it has finished.

The Airflow connection `dumps`, of type `aws`, says how the bucket is reached.
"""

from __future__ import annotations

import pendulum
from airflow.sdk import DAG

from airflow_dm_loader.task_group import DumpLoadTaskGroup

with DAG(
    dag_id="example_dm_load_s3",
    description="Wait for each day's dump in S3, load it, and remove it from there",
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
        dump_conn_id="dumps",
        wait_for_dump={"timeout": 6 * 3600, "poke_interval": 300},
        config={
            "task_name": "shop-{{ ds }}",
            "dump_uri": "s3://dumps/shop/{{ ds }}",
            "clean_dump_files": True,
        },
    )
