"""A backend of the tests' own, as somebody might write a third one: a file for each load task in a shared folder."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_dm_loader.coordination.base import BarrierState, Coordination, Holder, LoadTask, OpenMeta
from airflow_dm_loader.loader import Worker


@dataclass(frozen=True)
class InFolder:
    """The backend: it needs no target to be opened, and nothing to be closed."""

    folder: Path

    @contextmanager
    def open(self, task: LoadTask, open_meta: OpenMeta) -> Iterator[FolderCoordination]:
        yield FolderCoordination(task, self.folder / f"{task.name.encode().hex()}.json")


class FolderCoordination(Coordination):
    """Each call has the file for itself."""

    def __init__(self, task: LoadTask, path: Path) -> None:
        super().__init__(task)
        self._path = path

    @contextmanager
    def _content(self) -> Iterator[dict[str, dict[str, Any]]]:
        with self._path.open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            content = json.loads(file.read() or '{"said": {}, "locks": {}}')
            yield content
            file.truncate(0)
            file.write(json.dumps(content))

    def put_all(self, source_ids: Sequence[str], state: BarrierState) -> None:
        with self._content() as content:
            content["said"].update(dict.fromkeys(source_ids, state.value))

    def states(self) -> dict[str, str]:
        with self._content() as content:
            return content["said"]

    def reset_finished(self) -> bool:
        with self._content() as content:
            is_over = not self.missing_in(content["said"], BarrierState.FINISHED)
            if is_over:
                content["said"].update(dict.fromkeys(self.expected(content["said"]), BarrierState.NOT_READY.value))
            return is_over

    def take_lock(self, source_id: str, worker: Worker) -> None:
        with self._content() as content:
            content["locks"][source_id] = [worker.host, worker.dag_id, worker.run_id]

    def holder(self, source_id: str) -> Holder | None:
        with self._content() as content:
            found = content["locks"].get(source_id)
        return None if found is None else Holder(*found)

    def release_lock(self, source_id: str) -> None:
        with self._content() as content:
            content["locks"].pop(source_id, None)
