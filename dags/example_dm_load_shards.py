"""An example: two shards of one database go into the same tables; each waits for the other.

Both groups have the same ``task_name`` and the same ``sources``, so nobody's dump is cleaned before
both are in.
"""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_dm_loader.task_group import DumpLoadTaskGroup

SHARDS = {"shard-1": "/dumps/shard-1", "shard-2": "/dumps/shard-2"}

with DAG(
    dag_id="example_dm_load_shards",
    description="Merge two shards: two loads of one task, with the barrier between them",
    schedule=None,
    doc_md=__doc__,
    tags=["dm", "example"],
) as dag:
    for source_id, dump_uri in SHARDS.items():
        DumpLoadTaskGroup(
            group_id=source_id.replace("-", "_"),
            config={
                "task_name": "merge-shards",
                "source_id": source_id,
                "sources": list(SHARDS),
                "wait_for_sources": True,
                "dump_uri": dump_uri,
                "on_duplicate_logical": "manual",
            },
        )
