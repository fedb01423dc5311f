"""Waits for the other sources of a load task in the triggerer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_dm_loader.logs import VisibleLog

if TYPE_CHECKING:
    from airflow_dm_loader.config import LoadConfig, TargetConfig
    from airflow_dm_loader.coordination.base import Backend


class LoadBarrierTrigger(BaseTrigger):
    """Fires when no source of the load task is behind, at the deadline, or at an error.

    Its only event is ``{"status": "arrived"}``, ``{"status": "timeout", "missing": [source_id, ...]}`` or
    :func:`~airflow_dm_loader.triggers.events.error_event`. It carries the id of the connection, never its password.

    :param config: ``LoadConfig.to_json()``.
    :param target_conn_id: Airflow connection of the target.
    :param etcd_conn_id: Airflow connection of the etcd that holds the barrier, with ``barrier=etcd``.
    :param wait_for: "ready" or "finished".
    :param deadline: seconds since the epoch; kept when a triggerer hands the trigger on.
    :param poll_interval_s: seconds between two looks, and before the first one.
    """

    def __init__(
        self,
        *,
        config: str,
        target_conn_id: str,
        wait_for: str,
        deadline: float,
        poll_interval_s: float,
        etcd_conn_id: str | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.config = config
        self.target_conn_id = target_conn_id
        self.etcd_conn_id = etcd_conn_id
        self.wait_for = wait_for
        self.deadline = deadline
        self.poll_interval_s = poll_interval_s

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return (
            "airflow_dm_loader.triggers.barrier.LoadBarrierTrigger",
            {
                "config": self.config,
                "target_conn_id": self.target_conn_id,
                "etcd_conn_id": self.etcd_conn_id,
                "wait_for": self.wait_for,
                "deadline": self.deadline,
                "poll_interval_s": self.poll_interval_s,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look until everybody is there; a server that is away for a while only costs a look."""
        from airflow_dm_loader.attempts import costs_only_a_look
        from airflow_dm_loader.config import LoadConfig
        from airflow_dm_loader.errors import LoaderError
        from airflow_dm_loader.metrics import Metrics
        from airflow_dm_loader.triggers.events import error_event

        try:
            config = LoadConfig.from_json(self.config)
            while True:
                # First of all sleep: Airflow can fail a task whose trigger fires while it is still parked.
                await asyncio.sleep(self.poll_interval_s)
                past_deadline = time.time() >= self.deadline
                try:
                    target, backend = await self._target(), await self._backend(config)
                    missing = await asyncio.to_thread(_missing, config, target, self.wait_for, backend)
                except LoaderError as error:
                    if not costs_only_a_look(error, is_last=past_deadline):
                        raise
                    VisibleLog(self.log).warning("The barrier can't be read just now: %s", error)
                    continue
                if not missing:
                    began = self.deadline - config.coordination.barrier_timeout_s
                    Metrics.of(config).waited(self.wait_for, time.time() - began)
                    yield TriggerEvent({"status": "arrived"})
                    return
                if past_deadline:
                    yield TriggerEvent({"status": "timeout", "missing": list(missing)})
                    return
        except Exception as error:  # an exception here would fail the task without a word
            yield TriggerEvent(error_event(error))

    async def _target(self) -> TargetConfig:
        from airflow.providers.common.compat.connection import get_async_connection

        from airflow_dm_loader.hooks.target_config import target_config_of

        return target_config_of(await get_async_connection(self.target_conn_id))

    async def _backend(self, config: LoadConfig) -> Backend:
        from airflow.providers.common.compat.connection import get_async_connection

        from airflow_dm_loader.config import BarrierKind
        from airflow_dm_loader.coordination.backends import backend_of
        from airflow_dm_loader.hooks.etcd import etcd_config_of

        if config.coordination.barrier is not BarrierKind.ETCD or not self.etcd_conn_id:
            return backend_of(config.coordination.barrier)
        etcd = etcd_config_of(await get_async_connection(self.etcd_conn_id))
        return backend_of(config.coordination.barrier, etcd)


def _missing(config: LoadConfig, target: TargetConfig, wait_for: str, backend: Backend) -> tuple[str, ...]:
    from airflow_dm_loader.loader import BarrierState, LoadRun, missing_sources

    return missing_sources(LoadRun.of(config, target, coordination=backend), BarrierState(wait_for))
