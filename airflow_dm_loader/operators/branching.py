"""Phases after which the load continues in one of several ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.branch import BaseBranchOperator

from airflow_dm_loader.operators.base import DumpLoadOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_dm_loader.loader import BarrierState, LoadRun


class BranchingLoadOperator(DumpLoadOperator, BaseBranchOperator):
    """Base of the operators that do a phase and then say which of the tasks behind them follows.

    The ids of those tasks are arguments of its operators; where one is None, as by default, nothing is skipped.
    """

    def follow(self, context: Context, task_id: str | None, found: dict[str, Any]) -> dict[str, Any]:
        """Skip what is directly behind this task but for ``task_id`` and what leads from it; ``found`` is the XCom."""
        if task_id is not None:
            context["ti"].xcom_push(key="return_value", value=found)  # skipping raises
            self.do_branch(context, task_id)
        return found

    def meet(
        self, run: LoadRun, state: BarrierState, *, wait_task_id: str | None, go_task_id: str | None
    ) -> str | None:
        """Say that this source has come so far; which task follows, as others are missing or all are there."""
        from airflow_dm_loader.loader import arrive

        missing = arrive(run, state)
        if missing:
            self.log.info("Not %s yet: %s", state.value, ", ".join(missing))
        return wait_task_id if missing else go_task_id
