"""The phases that compare the target with the dump."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseBranchOperator

from airflow_dm_loader.operators.base import DumpLoadOperator, Load

if TYPE_CHECKING:
    from airflow.sdk import Context


class ChecksumOperator(DumpLoadOperator):
    """Compares each table with what was sent and with what the dump says, and records an outcome.

    DM's `PostRestore.Checksum`. It never fails the load by itself: `check_outcome` decides. Clearing it
    compares again and makes a new outcome, which nobody has accepted yet.

    :param compare_with_conn_id: Airflow connection of type ``mysql`` to the server that the dump was made of, if all
        values shall be compared with its tables; None, or a template that gives nothing: they are not. (templated)
    """

    ui_color = "#fcefc7"
    template_fields: Sequence[str] = (*DumpLoadOperator.template_fields, "compare_with_conn_id")

    def __init__(self, *, compare_with_conn_id: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.compare_with_conn_id = compare_with_conn_id

    def run_phase(self, load: Load, context: Context) -> dict[str, Any]:
        from airflow_dm_loader.hooks.target_config import target_of
        from airflow_dm_loader.loader import verify
        from airflow_dm_loader.progress import describe

        source = self.compare_with_conn_id
        compare_with = target_of(source) if source else None
        outcome = verify(
            load.config,
            load.target,
            load.worker,
            access=load.access,
            compare_with=compare_with,
            on_progress=lambda status: self.log.info("%s", describe(status)),
        )
        self.log.info("Outcome %s: %s", outcome.outcome_id, outcome.verdict)
        return {"outcome_id": outcome.outcome_id, "verdict": str(outcome.verdict)}


class CheckOutcomeOperator(DumpLoadOperator, BaseBranchOperator):
    """Branches by the outcome: clean goes on, duplicates or a checksum that differs need a decision.

    DM's `hasDup` and the end of `runLightning`. Clearing it decides again on the same outcome.

    :param clean_task_id: followed where nothing was found.
    :param resolve_task_id: followed where somebody must decide.
    """

    ui_color = "#fcefc7"

    def __init__(self, *, clean_task_id: str, resolve_task_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.clean_task_id = clean_task_id
        self.resolve_task_id = resolve_task_id

    def run_phase(self, load: Load, context: Context) -> Any:
        from airflow_dm_loader.loader import current_outcome

        outcome = current_outcome(load.config, load.target)
        self.log.info("Outcome %s: %s", outcome.outcome_id, outcome.verdict)
        return self.do_branch(context, self.clean_task_id if outcome.verdict == "clean" else self.resolve_task_id)


class AnalyzeOperator(DumpLoadOperator):
    """Refreshes the statistics of the loaded tables with `ANALYZE TABLE`.

    DM's `PostRestore.Analyze`. Clearing it analyses again.
    """

    ui_color = "#fcefc7"

    def run_phase(self, load: Load, context: Context) -> dict[str, Any]:
        from airflow_dm_loader.loader import analyze

        return dict(analyze(load.config, load.target))
