"""In etcd, in DM's layout: sources that DM's own workers load can wait with ours. Needs ``[etcd]``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from airflow_dm_loader.coordination.base import BarrierState, Coordination, Holder, LoadTask, OpenMeta
from airflow_dm_loader.coordination.etcd.client import EtcdClient
from airflow_dm_loader.coordination.etcd.keys import (
    BARRIER,
    LOAD_TASK,
    from_value,
    key_of,
    prefix_of,
    source_of,
    to_value,
)
from airflow_dm_loader.coordination.etcd.settings import EtcdConfig
from airflow_dm_loader.errors import CheckpointError
from airflow_dm_loader.state.events import Worker


@dataclass(frozen=True, slots=True)
class InEtcd:
    """The backend for an etcd of a DM master, or of our own."""

    config: EtcdConfig

    @contextmanager
    def open(self, task: LoadTask, open_meta: OpenMeta) -> Iterator[EtcdCoordination]:
        with EtcdClient.open(self.config) as client:
            yield EtcdCoordination(task, client)


class EtcdCoordination(Coordination):
    """One key a source for the barrier, and one for the lock.

    As in DM, every source of the task that stands in etcd is waited for, also one that the settings do not name. The
    lock has no lease.
    """

    def __init__(self, task: LoadTask, client: EtcdClient) -> None:
        super().__init__(task)
        self._client = client

    def put_all(self, source_ids: Sequence[str], state: BarrierState) -> None:
        self._client.put(self._values(source_ids, state))

    def states(self) -> dict[str, str]:
        found = self._client.list(prefix_of(BARRIER, self.task.name))
        return {source_of(BARRIER, self.task.name, key): from_value(key, value) for key, value in found.items()}

    def expected(self, said: dict[str, str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.task.sources, *said)))

    def reset_finished(self) -> bool:
        said = self.states()
        if self.missing_in(said, BarrierState.FINISHED):
            return False
        if self._client.put_if_all(
            prefix_of(BARRIER, self.task.name),
            to_value(BarrierState.FINISHED.value),
            self._values(self.expected(said), BarrierState.NOT_READY),
        ):
            return True
        if not self.missing(BarrierState.FINISHED):  # whoever was faster put this very source back, too
            raise CheckpointError(
                f"a source of the task {self.task.name!r} says finished in etcd, but not in DM's bytes",
                remedy="Something else writes below /dm-master in this etcd: use another etcd, or remove that key.",
            )
        return False

    def take_lock(self, source_id: str, worker: Worker) -> None:
        self._client.put({self._lock(source_id): to_value(worker.host)})

    def holder(self, source_id: str) -> Holder | None:
        value = self._client.get(self._lock(source_id))
        host = from_value(self._lock(source_id), value) if value is not None else ""
        return Holder(host) if host else None

    def release_lock(self, source_id: str) -> None:
        self._client.delete(self._lock(source_id))

    def _lock(self, source_id: str) -> str:
        return key_of(LOAD_TASK, self.task.name, source_id)

    def _values(self, source_ids: Sequence[str], state: BarrierState) -> dict[str, str]:
        value = to_value(state.value)
        return {key_of(BARRIER, self.task.name, source_id): value for source_id in source_ids}
