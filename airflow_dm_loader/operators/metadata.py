"""The phases that look at the dump and at the target, and change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.standard.utils.skipmixin import SkipMixin

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
        metadata = fetch_dump_metadata(load.config, load.target, load.worker, access=load.access, etcd=load.etcd)
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


class ShowPlanOperator(DumpLoadOperator, SkipMixin):
    """In a dry run (`dry_run`), prints what would go where, and skips all that follows. Else it lets the load go on.

    DM has no counterpart. The plan tells what would be created, how many bytes go where, what is filtered, and what
    the load would stop at; the XCom holds it as JSON. Nothing is changed at the target. Clearing it looks again.
    """

    ui_color = "#cfe6f7"

    def run_phase(self, load: Load, context: Context) -> dict[str, Any] | None:
        if not load.config.dry_run:
            self.log.info("Not a dry run: the load goes on")
            return None
        from airflow_dm_loader.loader import plan_dump
        from airflow_dm_loader.progress import describe_plan

        plan = plan_dump(load.config, load.target, access=load.access)
        *lines, total = describe_plan(plan)
        for line in lines:
            self.log.info("%s", line)
        for warning in plan.warnings:
            self.log.warning("%s", warning)
        for problem in plan.problems:
            self.log.error("The load would stop here: %s", problem)
        self.log.info("%s", total)
        context["ti"].xcom_push(key="return_value", value=plan.model_dump(mode="json"))  # skipping raises
        self.skip(ti=context["ti"], tasks=context["task"].get_flat_relatives(upstream=False))
        return None
