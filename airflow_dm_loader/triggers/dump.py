"""Waits for a dump to finish in the triggerer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_dm_loader.logs import VisibleLog

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from airflow_dm_loader.dump.access import DumpAccess
    from airflow_dm_loader.loader import DumpLook


class DumpFinishedTrigger(BaseTrigger):
    """Fires when the dump has finished, at the deadline, or at an error.

    Its only event is ``{"status": "finished", "finished_at": text}``, ``{"status": "timeout", "waiting_for": text}``
    or :func:`~airflow_dm_loader.triggers.events.error_event` with ``"retriable": bool``. It carries the id of the
    connection, never what is in it.

    :param config: ``LoadConfig.to_json()``.
    :param dump_conn_id: Airflow connection of the dump's storage; None: credentials of the triggerer's environment.
    :param deadline: seconds since the epoch; kept when a triggerer hands the trigger on.
    :param poll_interval_s: seconds between two looks, and before the first one.
    """

    def __init__(self, *, config: str, dump_conn_id: str | None, deadline: float, poll_interval_s: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.config = config
        self.dump_conn_id = dump_conn_id
        self.deadline = deadline
        self.poll_interval_s = poll_interval_s

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return (
            "airflow_dm_loader.triggers.dump.DumpFinishedTrigger",
            {
                "config": self.config,
                "dump_conn_id": self.dump_conn_id,
                "deadline": self.deadline,
                "poll_interval_s": self.poll_interval_s,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look until it is there; a storage that is away for a while only costs a look."""
        from airflow_dm_loader.attempts import costs_only_a_look
        from airflow_dm_loader.errors import FatalError, LoaderError
        from airflow_dm_loader.triggers.events import error_event

        access: DumpAccess | None = None
        try:
            while True:
                # First of all sleep: Airflow can fail a task whose trigger fires while it is still parked.
                await asyncio.sleep(self.poll_interval_s)
                past_deadline = time.time() >= self.deadline
                try:
                    if access is None and self.dump_conn_id:
                        access = await self._access()
                    look = await asyncio.to_thread(_look, self.config, access)
                except LoaderError as error:
                    if not costs_only_a_look(error, is_last=past_deadline):
                        raise
                    access = None  # its keys may have expired
                    VisibleLog(self.log).warning("The dump can't be looked for just now: %s", error)
                    continue
                if look.finished_at is not None:
                    yield TriggerEvent({"status": "finished", "finished_at": look.finished_at})
                    return
                if past_deadline:
                    yield TriggerEvent({"status": "timeout", "waiting_for": look.waiting_for})
                    return
        except Exception as error:  # an exception here would fail the task without a word
            yield TriggerEvent({**error_event(error), "retriable": not isinstance(error, FatalError)})

    async def _access(self) -> DumpAccess:
        from airflow.providers.common.compat.connection import get_async_connection

        assert self.dump_conn_id is not None
        return await asyncio.to_thread(_access_of, await get_async_connection(self.dump_conn_id))


def _access_of(connection: Connection) -> DumpAccess:
    from airflow_dm_loader.hooks.dump import access_of

    return access_of(connection)


def _look(config: str, access: DumpAccess | None) -> DumpLook:
    from airflow_dm_loader.config import LoadConfig
    from airflow_dm_loader.loader import look_for_dump

    return look_for_dump(LoadConfig.from_json(config), access=access)
