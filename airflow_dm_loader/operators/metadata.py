"""The phase that looks at the dump, and in a dry run at the target too, and changes nothing."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.utils.skipmixin import SkipMixin

from airflow_dm_loader.operators.base import DumpLoadOperator, parse_mapping
from airflow_dm_loader.operators.task_file import task_file_notes

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_dm_loader.loader import LoadRun


class FetchDumpMetadataOperator(DumpLoadOperator, SkipMixin):
    """Reads the dump's `metadata` file: when it was made, by which tool, and its binlog position.

    DM's `getMydumpMetadata`. Fails with 11001 where it is missing or unfinished, with 34014 where there
    is no dump, with 34017 where another host holds the load task. Clearing it reads the file again.

    With `wait_for_dump` set to `stream` it first loads files as they are finished, until the dump is whole; see
    `stream_dump`, which does that in a task of its own.

    In a dry run (`dry_run`) it also prints what would go where, what would be created and what the load would stop
    at, and skips all that follows: nothing is changed at the target. The XCom `plan` holds it as JSON.
    """

    ui_color = "#cfe6f7"

    def run_phase(self, run: LoadRun, context: Context) -> dict[str, Any]:
        from airflow_dm_loader.errors import visible_parts
        from airflow_dm_loader.loader import fetch_dump_metadata, stream_dump
        from airflow_dm_loader.progress.phase_words import counted, describe_stream, tool_name

        for note in task_file_notes(parse_mapping(self.config), run.config):
            self.log.info("%s", note)
        if run.config.streams and not run.config.what.dry_run:  # a task before may have done it
            self.log.info("%s", describe_stream(asdict(stream_dump(run))))
        metadata = fetch_dump_metadata(run)
        for warning in metadata.warnings:
            self.log.warning("%s", warning)
        tool = tool_name(metadata.tool, run.config.reading.dump_tool)
        self.log.info(
            "Dump by %s, started %s, finished %s, %s with metadata",
            tool,
            metadata.started_at,
            metadata.finished_at or "(no finish line)",
            counted(len(metadata.tables), "table"),
        )
        found: dict[str, Any] = visible_parts(
            {  # not the tables: a dump can have many thousands of them
                "tool": tool,
                "started_at": metadata.started_at,
                "finished_at": metadata.finished_at,
                "binlog_name": metadata.binlog_name,
                "binlog_pos": metadata.binlog_pos,
                "binlog_gtid": metadata.binlog_gtid,
                "warnings": list(metadata.warnings[:20]),
            }
        )
        if run.config.what.dry_run:
            context["ti"].xcom_push(key="plan", value=self._show_plan(run))
            context["ti"].xcom_push(key="return_value", value=found)  # skipping raises
            self.skip(ti=context["ti"], tasks=context["task"].get_flat_relatives(upstream=False))
        return found

    def _show_plan(self, run: LoadRun) -> dict[str, Any]:
        from airflow_dm_loader.loader import plan_load
        from airflow_dm_loader.progress.words import describe_plan

        plan = plan_load(run)
        *lines, total = describe_plan(plan)
        for line in lines:
            self.log.info("%s", line)
        for warning in plan.warnings:
            self.log.warning("%s", warning)
        for problem in plan.problems:
            self.log.error("The load would stop here: %s", problem)
        self.log.info("%s", total)
        return plan.model_dump(mode="json")
