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
        self._write(source_ids, state)
        self._meta.db.commit()

    def states(self) -> dict[str, str]:
        said = self._read()
        self._meta.db.commit()  # the next look must not read from this one's snapshot
        return said

    def reset_finished(self) -> bool:
        said = self._read(" FOR UPDATE")  # what is newest; nobody says anything else before we commit
        is_over = not self.missing_in(said, BarrierState.FINISHED)
        if is_over:
            self._write(self.expected(said), BarrierState.NOT_READY)
        self._meta.db.commit()
        return is_over

    def _read(self, lock: str = "") -> dict[str, str]:
        rows = self._meta.db.query(
            f"SELECT source_id, state FROM {self._meta['barrier']} WHERE task_name = %s ORDER BY source_id{lock}",
            (self._task_name,),
        )
        return {str(source): str(state) for source, state in rows}

    def _write(self, source_ids: tuple[str, ...], state: BarrierState) -> None:
        for source_id in source_ids:
            self._meta.db.execute(
                f"REPLACE INTO {self._meta['barrier']} (task_name, source_id, state, updated_at) "
                "VALUES (%s, %s, %s, UTC_TIMESTAMP(6))",
                (self._task_name, source_id, state.value),
            )
