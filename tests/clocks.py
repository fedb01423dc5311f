"""Clocks that tests give to what waits."""

from __future__ import annotations

import time
from dataclasses import dataclass

from airflow_dm_loader.attempts import Clock


@dataclass(frozen=True)
class FastClock(Clock):
    """Runs ``times`` as fast as time does: waits are over soon, and come in their order."""

    times: float = 500.0

    def now_s(self) -> float:
        return time.monotonic() * self.times

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / self.times)


FAST = FastClock()


@dataclass
class NotedClock(Clock):
    """Stands still but for its sleeps, which take no time and are added up."""

    slept_s: float = 0.0

    def now_s(self) -> float:
        return self.slept_s

    def sleep(self, seconds: float) -> None:
        self.slept_s += seconds
