"""What a backend of coordination does, and what is the same in all of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from airflow_dm_loader.state.events import Worker
from airflow_dm_loader.state.meta import Meta


class BarrierState(StrEnum):
    """How far a source is (DM's values): ``not-ready`` -> ``ready`` -> ``finished``."""

    NOT_READY = "not-ready"
    READY = "ready"
    FINISHED = "finished"


_ENOUGH = {
    BarrierState.NOT_READY: frozenset(BarrierState),
    BarrierState.READY: frozenset({BarrierState.READY, BarrierState.FINISHED}),  # who finished has been ready
    BarrierState.FINISHED: frozenset({BarrierState.FINISHED}),
}


@dataclass(frozen=True, slots=True)
class LoadTask:
    """What is coordinated: a load task, and the sources that its settings name."""

    name: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Holder:
    """Who put a source's lock last. A backend that other programs write to may know the host alone."""

    host: str
    dag_id: str = ""
    run_id: str = ""

    def __str__(self) -> str:
        more = f" (DAG {self.dag_id!r}, run {self.run_id!r})" if self.dag_id or self.run_id else ""
        return f"{self.host!r}{more}"


class Coordination(ABC):
    """One load task's barrier, and the lock of each of its sources, which say who loads them, and so has their dump.

    Each call is done when it returns, also for every other process, and may be made again: it puts what shall be,
    whatever was. Errors are :class:`~airflow_dm_loader.errors.LoaderError`, and
    :class:`~airflow_dm_loader.errors.RetriableError` where the call may work later.

    The lock keeps nobody out, as in DM: whoever has the dump takes it over.
    """

    def __init__(self, task: LoadTask) -> None:
        self.task = task

    # The barrier: a backend's part

    @abstractmethod
    def put_all(self, source_ids: Sequence[str], state: BarrierState) -> None:
        """Say how far these sources are, all of them at once."""

    @abstractmethod
    def states(self) -> dict[str, str]:
        """source -> what it said last; a source that has not spoken is missing."""

    @abstractmethod
    def reset_finished(self) -> bool:
        """Put ``not-ready`` for every source, if all have finished, as one act; whether they had."""

    # The lock: a backend's part

    @abstractmethod
    def take_lock(self, source_id: str, worker: Worker) -> None:
        """DM's putLoadTask: the last one to put it has it."""

    @abstractmethod
    def holder(self, source_id: str) -> Holder | None:
        """DM's getLoadTask; None: nobody has it."""

    @abstractmethod
    def release_lock(self, source_id: str) -> None:
        """DM's delLoadTask, whoever has it; where nobody has it, nothing happens."""

    # What is made of them

    def put(self, source_id: str, state: BarrierState) -> None:
        """Say how far a source is."""
        self.put_all((source_id,), state)

    def missing(self, state: BarrierState) -> tuple[str, ...]:
        """The sources that have not got as far as ``state``; empty: all may go on."""
        return self.missing_in(self.states(), state)

    def missing_in(self, said: dict[str, str], state: BarrierState) -> tuple[str, ...]:
        """The same of what was heard already."""
        return tuple(source for source in self.expected(said) if said.get(source) not in _ENOUGH[state])

    def expected(self, said: dict[str, str]) -> tuple[str, ...]:
        """The sources to wait for, given who has spoken."""
        return self.task.sources

    def begin_round(self, source_id: str) -> None:
        """A source starts afresh: it is not ready.

        Where every source had finished, a new round begins and none is ready: what they said was of the last one. Of
        two sources that see this at once one begins the round, and may be ready in it before the other goes on.
        """
        if not self.missing(BarrierState.FINISHED) and self.reset_finished():
            return
        self.put(source_id, BarrierState.NOT_READY)

    def other_holder(self, source_id: str, worker: Worker) -> Holder | None:
        """Who else has the lock; None: nobody, or this worker's host."""
        holder = self.holder(source_id)
        return holder if holder is not None and holder.host != worker.host else None


OpenMeta = Callable[[], AbstractContextManager[Meta]]


class Backend(Protocol):
    """How a place is reached where loads are coordinated: a value, which is opened once for each phase."""

    def open(self, task: LoadTask, open_meta: OpenMeta) -> AbstractContextManager[Coordination]:
        """Reach the place for one thread, for as long as the block goes.

        Args:
            open_meta: the target's state tables, which may not exist yet: over the phase's connection, where it has
                one. A backend that can do without does not call it.
        """
