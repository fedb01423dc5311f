"""The phases that compare the target with the dump."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_dm_loader.operators.base import DumpLoadOperator
from airflow_dm_loader.operators.branching import BranchingLoadOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_dm_loader.loader import LoadRun


class ChecksumOperator(BranchingLoadOperator):
    """Compares each table with what was sent and with what the dump says, records an outcome, and branches by it.

    DM's `PostRestore.Checksum`, its `hasDup` and the end of `runLightning`. It never fails the load by itself: a
    clean load continues, duplicates or a checksum that differs need a decision. Clearing it compares again and makes a
    new outcome, which nobody has accepted yet.

    :param compare_with_conn_id: Airflow connection of type ``mysql`` to the server that the dump was made of, if all
        values shall be compared with its tables; None, or a template that gives nothing: they are not. (templated)
    :param clean_task_id: followed where nothing was found.
    :param resolve_task_id: followed where somebody must decide.
    """

    ui_color = "#fcefc7"
    template_fields: Sequence[str] = (*DumpLoadOperator.template_fields, "compare_with_conn_id")

    def __init__(
        self,
        *,
        compare_with_conn_id: str | None = None,
        clean_task_id: str | None = None,
        resolve_task_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.compare_with_conn_id = compare_with_conn_id
        self.clean_task_id = clean_task_id
        self.resolve_task_id = resolve_task_id

    def run_phase(self, run: LoadRun, context: Context) -> dict[str, Any]:
        from airflow_dm_loader.loader import create_objects, stop_after, verify
        from airflow_dm_loader.progress.phase_words import describe_comparison

        stop_after(run, "data")
        self.skip_if_stopped(run)
        if made := create_objects(run)["made"]:
            self.log.info("Made: %s", made)
        outcome = verify(run)
        self.log.info("%s", describe_comparison(outcome.verdict, outcome.tables, outcome.findings))
        next_task_id = self.clean_task_id if outcome.verdict == "clean" else self.resolve_task_id
        return self.follow(context, next_task_id, {"outcome_id": outcome.outcome_id, "verdict": str(outcome.verdict)})


class AnalyzeOperator(DumpLoadOperator):
    """Refreshes the statistics of the loaded tables with `ANALYZE TABLE`, while they are compared.

    DM's `PostRestore.Analyze`. Clearing it analyses again.
    """

    ui_color = "#fcefc7"

    def run_phase(self, run: LoadRun, context: Context) -> dict[str, Any]:
        from airflow_dm_loader.loader import analyze
        from airflow_dm_loader.progress.phase_words import describe_analysis

        found = dict(analyze(run))
        self.log.info("%s", describe_analysis(found))
        return found
