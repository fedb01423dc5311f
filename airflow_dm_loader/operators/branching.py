"""Phases after which the load goes on in one of several ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.branch import BaseBranchOperator

from airflow_dm_loader.operators.base import DumpLoadOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


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
