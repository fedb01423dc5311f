"""An example: tables that are refreshed every night. Readers see last night's rows until all of tonight's are in.

Each night's dump fills new tables beside the live ones; once these are compared, one statement puts all in place.
The tables that they replace are kept for two nights: `restore_previous` puts them back.
"""

from __future__ import annotations

import pendulum
from airflow.sdk import DAG

from airflow_dm_loader.task_group import DumpLoadTaskGroup

with DAG(
    dag_id="example_dm_load_refresh",
    description="Refresh tables every night; readers never see half of a load",
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
            "on_existing_rows": "swap",
            "keep_previous": 2,
        },
    )
