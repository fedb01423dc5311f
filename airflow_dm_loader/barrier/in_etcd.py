"""The barrier in etcd, in DM's layout: sources that DM's own workers load can wait with ours."""

from __future__ import annotations

from airflow_dm_loader.barrier import Barrier, BarrierState
from airflow_dm_loader.errors import CheckpointError
from airflow_dm_loader.etcd.client import EtcdClient
from airflow_dm_loader.etcd.keys import BARRIER, from_value, key_of, prefix_of, source_of, to_value


class EtcdBarrier(Barrier):
    """One key a source.

    As in DM, every source of the task that stands in etcd is waited for, also one that ``sources`` does not name.
    """

    def __init__(self, client: EtcdClient, task_name: str, sources: tuple[str, ...]) -> None:
        super().__init__(sources)
        self._client = client
        self._task_name = task_name

    def put_all(self, source_ids: tuple[str, ...], state: BarrierState) -> None:
        self._client.put(self._values(source_ids, state))

    def states(self) -> dict[str, str]:
        found = self._client.list(prefix_of(BARRIER, self._task_name))
        return {source_of(BARRIER, self._task_name, key): from_value(key, value) for key, value in found.items()}

    def expected(self, said: dict[str, str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.sources, *said)))

    def reset_finished(self) -> bool:
        said = self.states()
        if self.missing_in(said, BarrierState.FINISHED):
            return False
        if self._client.put_if_all(
            prefix_of(BARRIER, self._task_name),
            to_value(BarrierState.FINISHED.value),
            self._values(self.expected(said), BarrierState.NOT_READY),
        ):
            return True
        if not self.missing(BarrierState.FINISHED):  # whoever was faster put this very source back, too
            raise CheckpointError(
                f"a source of the task {self._task_name!r} says finished in etcd, but not in DM's bytes",
                remedy="Something else writes below /dm-master in this etcd: use another etcd, or remove that key.",
            )
        return False

    def _values(self, source_ids: tuple[str, ...], state: BarrierState) -> dict[str, str]:
        value = to_value(state.value)
        return {key_of(BARRIER, self._task_name, source_id): value for source_id in source_ids}
