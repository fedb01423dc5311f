"""Whether a trigger leaves its event loop to the others while it waits for a server."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Generic, TypeVar

from tests.waiting import PATIENCE_S

if TYPE_CHECKING:
    from airflow.triggers.base import BaseTrigger

T = TypeVar("T")


class BlockingCall(Generic[T]):
    """Stands in for a call that blocks: it ends when another task of the event loop has run since it began.

    A trigger that makes it in its loop keeps that task from running, and :attr:`others_ran` stays False.
    """

    def __init__(self, result: T) -> None:
        self._result = result
        self._began, self._ran = threading.Event(), threading.Event()
        self.others_ran = False

    def __call__(self, *_: object) -> T:
        self._began.set()
        self.others_ran = self._ran.wait(PATIENCE_S)
        return self._result

    def run_beside(self, trigger: BaseTrigger) -> None:
        """Run the trigger to its first event, with that other task beside it."""

        async def both() -> None:
            event = asyncio.ensure_future(anext(trigger.run()))
            while not self._began.is_set():
                await asyncio.sleep(0.01)
            self._ran.set()
            await event

        asyncio.run(both())
