"""The sensor that waits for a dump to finish."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator

from airflow_dm_loader.operators.base import DumpLoadOperator, parse_config

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_dm_loader.config import LoadConfig
    from airflow_dm_loader.loader import DumpLook

_DAY_S = 24 * 3600


class WaitForDumpSensor(DumpLoadOperator, BaseSensorOperator):
    """Waits until the dump is there and whole: until its `metadata` has the line that dump tools write last.

    For scheduled runs that may begin before the dump does. It waits in the triggerer, without a worker slot; after
    `timeout` it fails and says what is missing, and with `soft_fail` the run is skipped instead. Clearing it waits
    again. A copy of a dump must bring `metadata` last, as the tools do.

    :param timeout: seconds to wait.
    :param poke_interval: seconds between two looks.
    :param deferrable: wait in the triggerer (the default), else in the worker, by the sensor's ``mode``.
    """

    ui_color = "#cfe6f7"

    def __init__(
        self, *, deferrable: bool = True, poke_interval: float = 60, timeout: float = _DAY_S, **kwargs: Any
    ) -> None:
        super().__init__(poke_interval=poke_interval, timeout=timeout, **kwargs)
        self.deferrable = deferrable

    def execute(self, context: Context) -> dict[str, Any]:
        """Look once, and only then wait. Neither the target nor a database is needed."""
        return self.errors_as_airflow_s(lambda: self._look_and_wait(context))

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """The trigger's answer: the dump is there, or what was missing, or what failed."""
        if event["status"] == "error":
            self.fail_by_event(event, retriable=event["retriable"])
        return self.errors_as_airflow_s(lambda: self._answered(event))

    def _answered(self, event: dict[str, Any]) -> dict[str, Any]:
        config = parse_config(self.config)
        if event["status"] == "timeout":
            self._time_out(config, event["waiting_for"])
        return self._finished(config, event["finished_at"])

    def _look_and_wait(self, context: Context) -> dict[str, Any]:
        config = parse_config(self.config)
        deadline = self._started_at(context) + float(self.timeout)
        while (look := self._look(config, deadline)).finished_at is None:
            self.log.info("Waiting: %s", look.waiting_for)
            self._wait(deadline, config, look.waiting_for)
        return self._finished(config, look.finished_at)

    def _look(self, config: LoadConfig, deadline: float) -> DumpLook:
        """As in the trigger, a storage that is away for a while only costs a look."""
        from airflow_dm_loader.attempts import costs_only_a_look
        from airflow_dm_loader.errors import LoaderError
        from airflow_dm_loader.hooks.dump import dump_access
        from airflow_dm_loader.loader import DumpLook, look_for_dump

        try:
            return look_for_dump(config, access=dump_access(self.dump_conn_id) if self.dump_conn_id else None)
        except LoaderError as error:
            if not costs_only_a_look(error, is_last=time.time() >= deadline):
                raise
            return DumpLook(finished_at=None, waiting_for=f"the dump can't be looked for just now: {error}")

    def _started_at(self, context: Context) -> float:
        """Seconds since the epoch; in mode reschedule the waiting began at the first poke, tries ago."""
        first = context["ti"].get_first_reschedule_date(context) if self.reschedule else None
        return first.timestamp() if first else time.time()

    def _wait(self, deadline: float, config: LoadConfig, waiting_for: str) -> None:
        """Leave this worker until it is time to look again, or sleep in it."""
        from airflow_dm_loader.operators.airflow_exceptions import AirflowRescheduleException
        from airflow_dm_loader.triggers.dump import DumpFinishedTrigger

        if self.deferrable:
            trigger = DumpFinishedTrigger(
                config=config.to_json(),
                dump_conn_id=self.dump_conn_id or None,
                deadline=deadline,
                poll_interval_s=self.poke_interval,
            )
            self.defer(trigger=trigger, method_name="execute_complete")
        if time.time() >= deadline:
            self._time_out(config, waiting_for)
        if self.reschedule:
            raise AirflowRescheduleException(datetime.now(UTC) + timedelta(seconds=self.poke_interval))
        time.sleep(self.poke_interval)

    def _time_out(self, config: LoadConfig, waiting_for: str) -> None:
        from airflow_dm_loader.errors import DumpTimeoutError
        from airflow_dm_loader.operators.airflow_exceptions import AirflowSkipException

        error = DumpTimeoutError(
            f"after {self.timeout:.0f} s the dump of {config.what.task_name!r} has not finished: {waiting_for}"
        )
        if self.soft_fail:
            raise AirflowSkipException(str(error))
        raise error

    def _finished(self, config: LoadConfig, finished_at: str) -> dict[str, Any]:
        self.log.info("The dump at %s finished at %s", config.what.dump_uri, finished_at)
        return {"dump_uri": config.what.dump_uri, "finished_at": finished_at}
