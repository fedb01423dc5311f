"""Watches the jobs of IMPORT INTO in the triggerer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_dm_loader.logs import VisibleLog

if TYPE_CHECKING:
    from airflow_dm_loader.config import LoadConfig, TargetConfig
    from airflow_dm_loader.loader import JobsLook


class ImportJobsTrigger(BaseTrigger):
    """Fires when all jobs of an import task have ended, or at an error.

    Its only event is ``{"status": "done"}``, ``{"status": "failed"}`` (at least one job failed or was cancelled) or
    :func:`~airflow_dm_loader.triggers.events.error_event`. It writes nothing down: the task does, once it is back. It
    carries the id of the connection, never its password, and no URI of the dump's storage with its keys.

    A user who marks the task failed or clears it cancels the jobs, where Airflow (from 3.3 on) says so to a trigger;
    before that they go on, and the next try takes them up.

    :param config: ``LoadConfig.to_json()``.
    :param target_conn_id: Airflow connection of the target.
    :param share: which share of the tables.
    :param poll_interval_s: seconds between two looks, and before the first one.
    """

    def __init__(self, *, config: str, target_conn_id: str, share: int, poll_interval_s: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.config = config
        self.target_conn_id = target_conn_id
        self.share = share
        self.poll_interval_s = poll_interval_s

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return (
            "airflow_dm_loader.triggers.import_jobs.ImportJobsTrigger",
            {
                "config": self.config,
                "target_conn_id": self.target_conn_id,
                "share": self.share,
                "poll_interval_s": self.poll_interval_s,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look until no job is at work; a server that is away for a while only costs a look."""
        from airflow_dm_loader.attempts import costs_only_a_look
        from airflow_dm_loader.errors import LoaderError
        from airflow_dm_loader.triggers.events import error_event

        said: set[str] = set()
        try:
            config = self._load_config()
            while True:
                # First of all sleep: Airflow can fail a task whose trigger fires while it is still parked.
                await asyncio.sleep(self.poll_interval_s)
                try:
                    found = await asyncio.to_thread(_look, config, await self._target(), self.share)
                except LoaderError as error:
                    if not costs_only_a_look(error):
                        raise
                    VisibleLog(self.log).warning("The jobs can't be looked at just now: %s", error)
                    continue
                lines = found.lines()
                for line in lines:
                    if line not in said:
                        VisibleLog(self.log).info("%s", line)
                said = set(lines)
                VisibleLog(self.log).info("%s", found.describe())
                if not found.waiting:
                    yield TriggerEvent({"status": "failed" if found.failed else "done"})
                    return
        except Exception as error:  # an exception here would fail the task without a word
            yield TriggerEvent(error_event(error))

    async def on_kill(self) -> None:
        """Cancel the jobs: a user has ended the task."""
        count = await asyncio.to_thread(_cancel, self._load_config(), await self._target(), self.share)
        VisibleLog(self.log).warning("Asked to stop: %d jobs were cancelled", count)

    def _load_config(self) -> LoadConfig:
        from airflow_dm_loader.config import LoadConfig

        return LoadConfig.from_json(self.config)

    async def _target(self) -> TargetConfig:
        from airflow.providers.common.compat.connection import get_async_connection

        from airflow_dm_loader.hooks.target import target_config_of

        return target_config_of(await get_async_connection(self.target_conn_id))


def _look(config: LoadConfig, target: TargetConfig, share: int) -> JobsLook:
    from airflow_dm_loader.errors import LoaderError
    from airflow_dm_loader.hidden_values import without_values
    from airflow_dm_loader.loader import LoadRun, look_at_jobs

    try:
        return look_at_jobs(LoadRun.of(config, target), share)
    except LoaderError as error:
        if not config.hides_values:
            raise
        hidden = without_values(error)
    raise hidden  # out here, what caused it does not hang on to it


def _cancel(config: LoadConfig, target: TargetConfig, share: int) -> int:
    from airflow_dm_loader.loader import LoadRun, cancel_jobs

    return cancel_jobs(LoadRun.of(config, target), share)
