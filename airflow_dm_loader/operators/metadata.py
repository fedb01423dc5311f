"""The phase that looks at the dump."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_dm_loader.operators.base import DumpLoadOperator, Load, parse_mapping
from airflow_dm_loader.operators.task_file import task_file_notes

if TYPE_CHECKING:
    from airflow.sdk import Context


class FetchDumpMetadataOperator(DumpLoadOperator):
    """Reads the dump's `metadata` file: when it was made, by which tool, and its binlog position.

    DM's `getMydumpMetadata`. Fails with 11001 where it is missing or unfinished, with 34014 where there
    is no dump, with 34017 where another host holds the load task. Clearing it reads the file again.
    """

    ui_color = "#cfe6f7"

    def run_phase(self, load: Load, context: Context) -> dict[str, Any]:
        from airflow_dm_loader.loader import fetch_dump_metadata

        for note in task_file_notes(parse_mapping(self.config), load.config.source_id):
            self.log.info("%s", note)
        metadata = fetch_dump_metadata(load.config, load.target, load.worker, access=load.access)
        for warning in metadata.warnings:
            self.log.warning("%s", warning)
        self.log.info(
            "Dump by %s, started %s, finished %s, %d tables with metadata",
            metadata.tool,
            metadata.started_at,
            metadata.finished_at or "(no finish line)",
            len(metadata.tables),
        )
        return {  # not the tables: a dump can have many thousands of them
            "tool": metadata.tool,
            "started_at": metadata.started_at,
            "finished_at": metadata.finished_at,
            "binlog_name": metadata.binlog_name,
            "binlog_pos": metadata.binlog_pos,
            "binlog_gtid": metadata.binlog_gtid,
            "warnings": list(metadata.warnings[:20]),
        }
