"""One line per task as it ends, by Airflow's own listener hooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pluggy import HookimplMarker

from dev.demo.stage import INDENT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dev.demo.stage import Stage

hookimpl = HookimplMarker("airflow")

NAME_COLUMNS = 28
NOT_RUN = {"skipped": "not on this path", "upstream_failed": "not reached"}
STYLES = {"success": "green", "failed": "bold red", "up_for_retry": "yellow"}


class TaskLines:
    """A listener; ``errors`` holds what failed tasks raised in their last try."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.errors: dict[str, str] = {}

    @hookimpl
    def on_task_instance_running(self, task_instance: Any) -> None:
        mapped = f"[{task_instance.map_index}]" if task_instance.map_index >= 0 else ""
        name = f"{task_instance.task_id}{mapped}"
        self._stage.say(" " * INDENT + name.ljust(NAME_COLUMNS), end="")

    @hookimpl
    def on_task_instance_success(self, task_instance: Any) -> None:
        self.errors.pop(task_instance.task_id, None)
        self._end(task_instance, "success")

    @hookimpl
    def on_task_instance_failed(self, task_instance: Any, error: BaseException | str | None) -> None:
        from airflow.sdk import TaskInstanceState

        self.errors[task_instance.task_id] = str(error)
        self._end(task_instance, TaskInstanceState(task_instance.state).value)

    def tell_not_run(self, states: Mapping[str, str | None]) -> None:
        """Which tasks the path of the run went around, and which wait behind a failed one."""
        for state, meaning in NOT_RUN.items():
            names = [name for name, found in states.items() if found == state]
            if names:
                self._stage.tell(f"{meaning}: {', '.join(names)}", style="dim")

    def _end(self, task_instance: Any, state: str) -> None:
        seconds = (task_instance.end_date - task_instance.start_date).total_seconds()
        again = f"   try {task_instance.try_number}" if task_instance.try_number > 1 else ""
        self._stage.say(state.ljust(9), style=STYLES.get(state), end="")
        self._stage.say(f"{seconds:4.1f} s{again}")
