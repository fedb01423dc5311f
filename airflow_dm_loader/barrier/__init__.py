"""Where the sources of one load task wait for each other, as DM's do in etcd.

States follow DM: ``not-ready`` -> ``ready`` -> ``finished``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import StrEnum


class BarrierState(StrEnum):
    """How far a source is (DM's values)."""

    NOT_READY = "not-ready"
    READY = "ready"
    FINISHED = "finished"


_ENOUGH = {
    BarrierState.NOT_READY: frozenset(BarrierState),
    BarrierState.READY: frozenset({BarrierState.READY, BarrierState.FINISHED}),  # who finished has been ready
    BarrierState.FINISHED: frozenset({BarrierState.FINISHED}),
}


class Barrier(ABC):
    """One load task's barrier among ``sources``."""

    def __init__(self, sources: tuple[str, ...]) -> None:
        self.sources = sources

    @abstractmethod
    def put_all(self, source_ids: tuple[str, ...], state: BarrierState) -> None:
        """Say how far these sources are, all of them at once."""

    def put(self, source_id: str, state: BarrierState) -> None:
        """Say how far a source is."""
        self.put_all((source_id,), state)

    @abstractmethod
    def states(self) -> dict[str, str]:
        """source -> what it said last; a source that has not spoken is missing."""

    def missing(self, state: BarrierState) -> tuple[str, ...]:
        """The sources that have not got as far as ``state``; empty: all may go on."""
        return self.missing_in(self.states(), state)

    def missing_in(self, said: dict[str, str], state: BarrierState) -> tuple[str, ...]:
        """The same of what was heard already."""
        return tuple(source for source in self.expected(said) if said.get(source) not in _ENOUGH[state])

    def expected(self, said: dict[str, str]) -> tuple[str, ...]:
        """The sources to wait for, given who has spoken."""
        return self.sources

    def begin_round(self, source_id: str) -> None:
        """A source starts afresh: it is not ready.

        Where every source had finished, a new round begins and none is ready: what they said was of the last one. Of
        two sources that see this at once one begins the round, and may be ready in it before the other goes on.
        """
        if not self.missing(BarrierState.FINISHED) and self.reset_finished():
            return
        self.put(source_id, BarrierState.NOT_READY)

    @abstractmethod
    def reset_finished(self) -> bool:
        """Put ``not-ready`` for every source, if all have finished, as one act; whether they had."""
