"""What loads are doing, asked from anywhere at any time: of the state tables alone, and nothing is changed."""

from __future__ import annotations

from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.report import LoadStage, StoredLoad, percent
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.answers import as_number, as_text, maybe
from airflow_dm_loader.target.connection import Database

_WITH_SWAPS = 5  # the version of the meta schema that has rounds
_WITH_PROGRESS = 7  # and what tidb-lightning says of itself


def load_status(
    target: TargetConfig, *, meta_schema: str = "dm_meta", task_name: str | None = None
) -> tuple[StoredLoad, ...]:
    """Every load that is stored in a meta schema, the one that changed last first; none where no loader has worked.

    Args:
        task_name: only the sources of this load task.

    Raises:
        CheckpointError: a newer loader made the meta schema.
        RetriableError: the server can't be reached.
    """
    with Database.open(target) as db:
        meta = Meta(db, meta_schema)
        version = meta.version
        if version is None:
            return ()
        of_task, args = ("", ()) if task_name is None else (" WHERE l.task_name = %s", (task_name,))
        rows = db.query(
            "SELECT l.load_id, l.task_name, l.source_id, l.status, CAST(l.created_at AS CHAR), "
            "CAST(GREATEST(l.updated_at, COALESCE((SELECT MAX(e.created_at) "
            f"FROM {meta['event']} e WHERE e.load_id = l.load_id), l.updated_at)) AS CHAR) "
            f"FROM {meta['load']} l{of_task} ORDER BY 6 DESC, 2, 3",
            args,
            shape=(as_number, as_text, as_text, as_text, as_text, as_text),
        )
        return tuple(_status(meta, version, *row) for row in rows)


def _status(
    meta: Meta, version: int, load_id: int, task: str, source: str, status: LoadStage, begun_at: str, changed_at: str
) -> StoredLoad:
    finished, total, rows = _amounts(meta, version, load_id, is_finished=status == "finished")
    return StoredLoad(
        task_name=task,
        source_id=source,
        status=status,
        begun_at=begun_at,
        changed_at=changed_at,
        by=_worker(meta, load_id),
        finished_bytes=finished,
        total_bytes=total,
        progress=percent(finished, total, status == "finished"),
        rows=rows,
        waits_for=_waits_for(meta, version, load_id, task, source, status),
    )


def _amounts(meta: Meta, version: int, load_id: int, *, is_finished: bool) -> tuple[int, int, int | None]:
    """Bytes of data files that are in, bytes of all of them, and rows; None: the engine keeps no count of those."""
    row = meta.db.sure(
        f"SELECT COALESCE(SUM(file_bytes), 0), COALESCE(SUM(IF(done, file_bytes, 0)), 0) FROM {meta['file']} "
        "WHERE load_id = %s",
        (load_id,),
        shape=(as_number, as_number),
    )
    sent = meta.db.sure(
        f"SELECT COALESCE(SUM(file_bytes), 0), COALESCE(SUM(row_count), 0), COUNT(*) FROM {meta['chunk']} "
        "WHERE load_id = %s AND end_offset IS NOT NULL",
        (load_id,),
        shape=(as_number, as_number, as_number),
    )
    total, done = int(row[0]), int(row[1])
    finished = (
        total if is_finished else min(total, max(done, int(sent[0]), _by_lightning(meta, version, load_id, total)))
    )
    return finished, total, int(sent[1]) if sent[2] else None


def _by_lightning(meta: Meta, version: int, load_id: int, total: int) -> int:
    """Bytes of data files that tidb-lightning said are in; it counts those of compressed files otherwise."""
    row = (
        meta.db.one(
            f"SELECT finished_bytes, total_bytes FROM {meta['lightning']} WHERE load_id = %s",
            (load_id,),
            shape=(maybe(as_number), maybe(as_number)),
        )
        if version >= _WITH_PROGRESS
        else None
    )
    return int(total * int(row[0]) / int(row[1])) if row is not None and row[0] is not None and row[1] else 0


def _worker(meta: Meta, load_id: int) -> str:
    """Who took it up last."""
    row = meta.db.one(
        f"SELECT host, dag_id, run_id FROM {meta['event']} WHERE load_id = %s AND kind = 'started' "
        "ORDER BY event_id DESC LIMIT 1",
        (load_id,),
        shape=(as_text, as_text, as_text),
    )
    if row is None:
        return ""
    host, dag_id, run_id = map(str, row)
    return f"{host} (DAG {dag_id!r}, run {run_id!r})" if dag_id else f"{host} ({run_id})"


def _slowed_for(meta: Meta, load_id: int) -> str:
    """Whom the import sends less for, by what was said last since it was taken up."""
    row = meta.db.one(
        f"SELECT kind, detail FROM {meta['event']} WHERE load_id = %s AND kind IN ('started', 'slowed') "
        "ORDER BY event_id DESC LIMIT 1",
        (load_id,),
        shape=(as_text, as_text),
    )
    slowed = row is not None and row[0] == "slowed" and bool(row[1])
    return f"others, and sends less until then: {row[1]}" if row is not None and slowed else ""


def _waits_for(meta: Meta, version: int, load_id: int, task: str, source: str, status: str) -> str:
    if status == "running":
        return _slowed_for(meta, load_id)
    if status == "paused":
        return "somebody who accepts what was found"
    if status == "finished" and version >= _WITH_SWAPS:
        others = meta.db.query(
            f"SELECT o.source_id FROM {meta['swap']} s JOIN {meta['swap_source']} m ON m.token = s.token "
            f"JOIN {meta['swap_source']} o ON o.token = s.token WHERE s.open_task = %s AND m.source_id = %s "
            "AND m.is_ready = 1 AND o.is_ready = 0 ORDER BY 1",
            (task, source),
            shape=(as_text,),
        )
        if others:
            return "other sources, to swap the tables in: " + ", ".join(str(name) for (name,) in others)
    return ""
