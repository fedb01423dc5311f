"""The sensor at which the sources of a load task wait for each other."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator

from airflow_dm_loader.operators.base import DumpLoadOperator, parse_config

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_dm_loader.config import LoadConfig
    from airflow_dm_loader.errors import BarrierTimeoutError
    from airflow_dm_loader.loader import LoadRun


class LoadBarrierSensor(DumpLoadOperator, BaseSensorOperator):
    """Says that this source has come so far, and waits until every source of the load task has.

    DM's `readyAndWait` and `finishAndWait`. It waits in the triggerer, without a worker slot, and after
    `barrier_timeout_s` it fails and names who is missing. Clearing it waits again.

    :param wait_for: the state to reach: "ready" or "finished".
    :param deferrable: wait in the triggerer (the default), else in the worker, by the sensor's ``mode``.
    """

    ui_color = "#e5dcf5"

    def __init__(
        self, *, wait_for: str = "ready", deferrable: bool = True, poke_interval: float = 10, **kwargs: Any
    ) -> None:
        super().__init__(poke_interval=poke_interval, **kwargs)
        if wait_for not in ("ready", "finished"):
            raise ValueError(f"wait_for must be 'ready' or 'finished', not {wait_for!r}")
        self.wait_for = wait_for
        self.deferrable = deferrable

    def run_phase(self, run: LoadRun, context: Context) -> dict[str, Any]:
        """Put this source's state, look once, and only then wait."""
        from airflow_dm_loader.loader import BarrierState, arrive, missing_sources
        from airflow_dm_loader.metrics import Metrics

        state = BarrierState(self.wait_for)
        began = self._started_at(context)
        deadline = began + run.config.coordination.barrier_timeout_s
        missing = arrive(run, state)
        while missing:
            self.log.info("Waiting for %s", ", ".join(missing))
            self._wait(deadline, run.config, missing)
            missing = missing_sources(run, state)
        Metrics.of(run.config).waited(self.wait_for, time.time() - began)
        return self._arrived(run.config)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """The trigger's answer: everybody is there, or who is missing, or what failed."""
        if event["status"] == "error":  # whatever it was, a retry looks again
            self.fail_by_event(event)
        return self.errors_as_airflow_s(lambda: self._answered(event))

    def _answered(self, event: dict[str, Any]) -> dict[str, Any]:
        config = parse_config(self.config)
        if event["status"] == "timeout":
            raise timed_out(config, self.wait_for, event["missing"])
        return self._arrived(config)

    def _started_at(self, context: Context) -> float:
        """Seconds since the epoch; in mode reschedule the waiting began at the first poke, tries ago."""
        first = context["ti"].get_first_reschedule_date(context) if self.reschedule else None
        return first.timestamp() if first else time.time()

    def _wait(self, deadline: float, config: LoadConfig, missing: Sequence[str]) -> None:
        """Leave this worker until it is time to look again, or sleep in it."""
        from airflow_dm_loader.operators.airflow_exceptions import AirflowRescheduleException
        from airflow_dm_loader.triggers.barrier import LoadBarrierTrigger

        if self.deferrable:
            trigger = LoadBarrierTrigger(
                config=config.to_json(),
                target_conn_id=self.target_conn_id,
                etcd_conn_id=self.etcd_conn_id,
                wait_for=self.wait_for,
                deadline=deadline,
                poll_interval_s=self.poke_interval,
            )
            self.defer(trigger=trigger, method_name="execute_complete")
        if time.time() >= deadline:
            raise timed_out(config, self.wait_for, missing)
        if self.reschedule:
            raise AirflowRescheduleException(datetime.now(UTC) + timedelta(seconds=self.poke_interval))
        time.sleep(self.poke_interval)

    def _arrived(self, config: LoadConfig) -> dict[str, Any]:
        self.log.info("Every source is %s: %s", self.wait_for, ", ".join(config.what.all_sources))
        return {"state": self.wait_for, "sources": list(config.what.all_sources)}


def timed_out(config: LoadConfig, wait_for: str, missing: Sequence[str]) -> BarrierTimeoutError:
    """The error that names who did not come in time."""
    from airflow_dm_loader.errors import BarrierTimeoutError

    return BarrierTimeoutError(
        f"after {config.coordination.barrier_timeout_s} s these sources of {config.what.task_name!r} are not "
        f"{wait_for} yet: " + ", ".join(missing)
    )
