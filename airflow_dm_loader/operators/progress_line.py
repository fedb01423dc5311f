"""The line of progress in Airflow's own state store for tasks, which 3.3 and later show with the task."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.sdk import Context

KEY = "dm_loader_progress"


def line_keeper(context: Context, log: Any) -> Callable[[str], None]:
    """What puts a line under :data:`KEY`, in place of the one before. Call it in the task's main thread.

    Where Airflow has no such store it does nothing. Where the store refuses a line, which costs the load nothing, that
    is said once, and no other line is sent.
    """
    store: Any = context.get("task_state_store")

    def keep(line: str) -> None:
        nonlocal store
        if store is None:
            return
        from airflow.sdk.exceptions import AirflowRuntimeError

        try:
            store.set(KEY, line)
        except AirflowRuntimeError as error:
            store = None
            log.warning("Airflow's state store for tasks does not take the line of progress: %s", error)

    return keep
