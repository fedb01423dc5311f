"""The barrier in the target's meta schema: nothing to install, seen by every source."""

from __future__ import annotations

from airflow_dm_loader.barrier import Barrier, BarrierState
from airflow_dm_loader.state.meta import Meta


class TargetBarrier(Barrier):
    """One row a source; every call commits."""

    def __init__(self, meta: Meta, task_name: str, sources: tuple[str, ...]) -> None:
        super().__init__(sources)
        self._meta = meta
        self._task_name = task_name

    def put_all(self, source_ids: tuple[str, ...], state: BarrierState) -> None:
        for source_id in source_ids:
            self._meta.db.execute(
                f"REPLACE INTO {self._meta['barrier']} (task_name, source_id, state, updated_at) "
                "VALUES (%s, %s, %s, UTC_TIMESTAMP(6))",
                (self._task_name, source_id, state.value),
            )
        self._meta.db.commit()

    def states(self) -> dict[str, str]:
        rows = self._meta.db.query(
            f"SELECT source_id, state FROM {self._meta['barrier']} WHERE task_name = %s", (self._task_name,)
        )
        self._meta.db.commit()  # the next look must not read from this one's snapshot
        return {str(source): str(state) for source, state in rows}
