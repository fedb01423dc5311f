"""How much is sent while the server, its replicas or its cluster have too much to do.

Once a second somebody looks at them, and what was seen decides: fewer connections send at once, down to one, and then
it waits between chunks, longer each time; once all is well again it goes faster step by step. It never stops whole: a
replica that never catches up makes a load slow, and the log says why.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from airflow_dm_loader.attempts import Clock
from airflow_dm_loader.errors import LoaderError

REFUSALS = frozenset({9003, 8252})  # TiKV is busy; the resource group has no more to give
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 10.0
_TICK_S = 0.1


@dataclass(frozen=True, slots=True)
class Limits:
    """What the settings allow; None: it is not looked at."""

    threads_running: int | None = None
    replica_lag_s: float | None = None
    flow_control: float | None = None  # the share of time in which a Galera cluster pauses its writes

    @property
    def any(self) -> bool:
        """Whether anything must be asked."""
        return any(limit is not None for limit in (self.threads_running, self.replica_lag_s, self.flow_control))


@dataclass(frozen=True, slots=True)
class ReplicaLook:
    """One replica: ``lag_s``, or in words why it is not known."""

    name: str
    lag_s: float | None
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen at one moment; None: it was not asked, or the server does not have it."""

    at_s: float
    threads_running: int | None = None
    paused_ns: int | None = None  # in all, by Galera's flow control
    replicas: tuple[ReplicaLook, ...] = ()
    refusals: frozenset[int] = frozenset()  # TiDB's, of chunks that were sent since the last look


@dataclass(frozen=True, slots=True)
class Pace:
    """How many connections send at once, and how long each waits before a chunk."""

    senders: int
    wait_s: float = 0.0

    def slower(self) -> Pace:
        """One step down; the last one is reached in a few."""
        if self.senders > 1:
            return Pace(self.senders // 2)
        return Pace(1, min(_LONGEST_WAIT_S, max(_FIRST_WAIT_S, 2 * self.wait_s)))

    def faster(self, most: int) -> Pace:
        """One step up, to ``most`` connections without a wait."""
        if self.wait_s:
            return Pace(1, self.wait_s / 2 if self.wait_s > _FIRST_WAIT_S else 0.0)
        return Pace(min(most, 2 * self.senders))


def beyond(limits: Limits, before: Look | None, now: Look) -> dict[str, str]:
    """What is beyond its limit -> the same in words, with both figures."""
    found: dict[str, str] = {}
    most = limits.threads_running
    if most is not None and now.threads_running is not None and now.threads_running > most:
        found["threads"] = f"{now.threads_running} threads run at the server (max_threads_running={most})"
    lag = limits.replica_lag_s
    for replica in now.replicas if lag is not None else ():
        if replica.lag_s is None:
            found[f"replica {replica.name}"] = f"the replica {replica.name} {replica.unknown}"
        elif lag is not None and replica.lag_s > lag:
            found[f"replica {replica.name}"] = (
                f"the replica {replica.name} is {replica.lag_s:.0f} s behind (max_replica_lag_s={lag:g})"
            )
    paused = _paused_share(before, now)
    if limits.flow_control is not None and paused is not None and paused > limits.flow_control:
        most_paused = f"max_flow_control={limits.flow_control:g}"
        found["flow control"] = f"the cluster's flow control pauses writes {paused:.0%} of the time ({most_paused})"
    for number in sorted(now.refusals):
        found[f"refusal {number}"] = f"TiDB has too much to do (error {number})"
    return found


def _paused_share(before: Look | None, now: Look) -> float | None:
    if before is None or before.paused_ns is None or now.paused_ns is None or now.at_s <= before.at_s:
        return None
    return max(0, now.paused_ns - before.paused_ns) / 1e9 / (now.at_s - before.at_s)


@dataclass
class Throttle:
    """Lets connections send, as many and as often as the last look allows. Threads share one.

    Args:
        most: how many connections there are.
    """

    limits: Limits
    most: int
    clock: Clock

    def __post_init__(self) -> None:
        self._free = threading.Condition()
        self._pace = Pace(self.most)
        self._before: Look | None = None
        self._reasons: dict[str, str] = {}  # as they were when one of them came or went
        self._refusals: set[int] = set()
        self._sending = 0
        self._next_at_s = 0.0

    @property
    def pace(self) -> Pace:
        return self._pace

    @property
    def reasons(self) -> str:
        """What is beyond its limit, in words; "": nothing."""
        with self._free:
            return "; ".join(self._reasons.values())

    @property
    def looks(self) -> bool:
        """Whether there is anything to look at: a limit, a refusal, or a pace that is to become faster."""
        with self._free:
            return self.limits.any or bool(self._refusals) or self._pace != Pace(self.most)

    def met(self, error: LoaderError) -> None:
        """A chunk was refused."""
        if error.errno in REFUSALS:
            with self._free:
                self._refusals.add(error.errno)

    def take_refusals(self) -> frozenset[int]:
        """What was refused since this was last asked."""
        with self._free:
            found, self._refusals = frozenset(self._refusals), set()
            return found

    def see(self, look: Look) -> None:
        """Decide by what was seen."""
        found = beyond(self.limits, self._before, look)
        with self._free:
            self._before = look
            if found.keys() != self._reasons.keys():
                self._reasons = found
            self._pace = self._pace.slower() if found else self._pace.faster(self.most)
            self._free.notify_all()

    @contextmanager
    def turn(self, is_ending: Callable[[], bool]) -> Iterator[bool]:
        """Wait until one may send, and send within; false: the import ends."""
        mine = self._wait(is_ending)
        try:
            yield mine
        finally:
            if mine:
                with self._free:
                    self._sending -= 1
                    self._next_at_s = self.clock.now_s() + self._pace.wait_s
                    self._free.notify_all()

    def _wait(self, is_ending: Callable[[], bool]) -> bool:
        with self._free:
            while not is_ending():
                if self._sending < self._pace.senders and (
                    not self._pace.wait_s or self.clock.now_s() >= self._next_at_s
                ):
                    self._sending += 1
                    return True
                self._free.wait(_TICK_S)
        return False
