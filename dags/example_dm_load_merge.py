"""An example: tables that were split at the source (sales_00, sales_01, ...) become one, and each row says its shard.

The table shop.sales has to be in the target before the load, with the column `shard`: the dump does not have it.
Trigger it with *Dry run* to see what would go where.
"""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_dm_loader.operators.params import load_params
from airflow_dm_loader.task_group import DumpLoadTaskGroup

ROUTES = [
    {
        "schema-pattern": "shop_*",
        "table-pattern": "sales_*",
        "target-schema": "shop",
        "target-table": "sales",
        "extract-table": {"target-column": "shard", "table-regexp": "^sales_(.*)$"},
    },
    {"schema-pattern": "shop_*", "target-schema": "shop"},  # all other tables keep their names
]

with DAG(
    dag_id="example_dm_load_merge",
    description="Merge the shards of a table into one; leave temporary tables out",
    schedule=None,
    params={"dry_run": load_params()["dry_run"]},
    doc_md=__doc__,
    tags=["dm", "example"],
) as dag:
    DumpLoadTaskGroup(
        group_id="shop",
        config={
            "task_name": "merge-shop",
            "dump_uri": "/dumps/shop",
            "dry_run": "{{ params.dry_run }}",
            "routes": ROUTES,
            "block_allow_list": {"do-dbs": ["shop_*"], "ignore-tables": [{"db-name": "*", "tbl-name": "~^tmp_"}]},
            "on_duplicate_logical": "error",
        },
    )
