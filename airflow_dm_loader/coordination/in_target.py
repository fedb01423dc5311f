"""In the target's meta schema: nothing to install, and every source sees it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from airflow_dm_loader.coordination.base import BarrierState, Coordination, Holder, LoadTask, OpenMeta
from airflow_dm_loader.state import load_tasks
from airflow_dm_loader.state.events import Worker
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.answers import as_text


@dataclass(frozen=True, slots=True)
class InTarget:
    """The backend that needs nothing but the target."""

    @contextmanager
    def open(self, task: LoadTask, open_meta: OpenMeta) -> Iterator[TargetCoordination]:
        with open_meta() as meta:
            yield TargetCoordination(task, meta)


class TargetCoordination(Coordination):
    """One row a source in each of two tables; every call commits, and with it what else its connection has done."""

    def __init__(self, task: LoadTask, meta: Meta) -> None:
        super().__init__(task)
        self._meta = meta

    def put_all(self, source_ids: Sequence[str], state: BarrierState) -> None:
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

    def take_lock(self, source_id: str, worker: Worker) -> None:
        load_tasks.put(self._meta, self.task.name, source_id, worker)
        self._meta.db.commit()

    def holder(self, source_id: str) -> Holder | None:
        if not self._meta.exists():
            return None
        found = load_tasks.get(self._meta, self.task.name, source_id)
        self._meta.db.commit()
        return None if found is None else Holder(*found)

    def release_lock(self, source_id: str) -> None:
        load_tasks.delete(self._meta, self.task.name, source_id)
        self._meta.db.commit()

    def _read(self, lock: str = "") -> dict[str, str]:
        rows = self._meta.db.query(
            f"SELECT source_id, state FROM {self._meta['barrier']} WHERE task_name = %s ORDER BY source_id{lock}",
            (self.task.name,),
            shape=(as_text, as_text),
        )
        return {str(source): str(state) for source, state in rows}

    def _write(self, source_ids: Sequence[str], state: BarrierState) -> None:
        for source_id in source_ids:
            self._meta.db.execute(
                f"REPLACE INTO {self._meta['barrier']} (task_name, source_id, state, updated_at) "
                "VALUES (%s, %s, %s, UTC_TIMESTAMP(6))",
                (self.task.name, source_id, state.value),
            )
