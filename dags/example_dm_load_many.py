"""An example: a load for each dump that lies in a folder when the run begins, each of them one mapped task."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow.sdk import DAG, task

from airflow_dm_loader.operators.load_dump import LoadDumpOperator
from airflow_dm_loader.operators.retries import retry_defaults

FOLDER = Path("/dumps/tenants")
DOC = """
### Every dump of a folder, each in one task

A dump that was loaded before sends nothing. Where one task fails, clear it: it goes on, and the others stay as they
are. Clearing it never accepts duplicates or a checksum difference; for that set `on_conflict` to `accept`.
"""

with DAG(
    dag_id="example_dm_load_many",
    description="Load every dump of a folder, each in one task; those that were loaded before send nothing",
    schedule=None,
    catchup=False,
    doc_md=DOC,
    tags=["dm", "example"],
) as dag:

    @task
    def find_dumps() -> list[dict[str, Any]]:
        """The settings of each load: dumps that have finished have the file metadata."""
        return [
            {"task_name": f"tenant-{path.parent.name}", "dump_uri": str(path.parent)}
            for path in sorted(FOLDER.glob("*/metadata"))
        ]

    LoadDumpOperator.partial(
        task_id="load",
        target_conn_id="dm_target",
        map_index_template="{{ task.config['task_name'] }}",
        max_active_tis_per_dagrun=2,
        **retry_defaults(),
    ).expand(config=find_dumps())
