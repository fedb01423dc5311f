"""How far each table of a load task is, asked from anywhere at any time: of the state tables alone."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import excerpt
from airflow_dm_loader.phases.asking import load_status
from airflow_dm_loader.report import AcceptedOutcome, LoadProgress, StoredConflict, StoredLoad, TableProgress
from airflow_dm_loader.state import conflicts
from airflow_dm_loader.state.chunks import WALL_SQL
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.answers import as_number, as_real, as_text, maybe
from airflow_dm_loader.target.connection import Database

MOST_TABLES = 500
_MOST_CONFLICTS = 10
_WITH_KINDS = 6  # the version of the meta schema that keeps rows of several kinds in the conflict table
_WITH_MOMENTS = 11  # and the one that keeps when chunks were committed


@dataclass(frozen=True, slots=True)
class _Sent:
    """What is committed of a table."""

    file_bytes: int = 0
    rows: int = 0
    chunks: int = 0
    seconds: float | None = None


def load_progress(
    target: TargetConfig, task_name: str, *, meta_schema: str = "dm_meta", hide_values: bool = False
) -> tuple[LoadProgress, ...]:
    """Each source of a load task; none where it is not stored.

    Args:
        hide_values: no row of a conflict.

    Raises:
        CheckpointError: a newer loader made the meta schema.
        RetriableError: the server can't be reached.
    """
    stored = {load.source_id: load for load in load_status(target, meta_schema=meta_schema, task_name=task_name)}
    if not stored:
        return ()
    with Database.open(target) as db:
        meta = Meta(db, meta_schema)
        rows = db.query(
            f"SELECT load_id, source_id FROM {meta['load']} WHERE task_name = %s ORDER BY source_id",
            (task_name,),
            shape=(as_number, as_text),
        )
        return tuple(
            _progress(meta, int(load_id), stored[source_id], hide_values=hide_values)
            for load_id, source_id in rows
            if source_id in stored
        )


def _progress(meta: Meta, load_id: int, load: StoredLoad, *, hide_values: bool) -> LoadProgress:
    accepted = meta.db.query(
        f"SELECT detail, CAST(created_at AS CHAR) FROM {meta['event']} WHERE load_id = %s AND kind = 'accepted' "
        "ORDER BY event_id",
        (load_id,),
        shape=(as_text, as_text),
    )
    samples = () if hide_values or not _has_kinds(meta) else conflicts.first(meta, load_id, _MOST_CONFLICTS)
    tables = _tables(meta, load_id, load)
    return LoadProgress(
        load=load,
        tables=tables[:MOST_TABLES],
        more_tables=max(0, len(tables) - MOST_TABLES),
        conflicts=tuple(
            StoredConflict(
                table=f"{row.schema}.{row.table}",
                file=row.file,
                offset=row.offset,
                came=excerpt(row.row_data),
                error=row.error,
            )
            for row in samples
        ),
        accepted=tuple(AcceptedOutcome(by=str(by), at=str(at)) for by, at in accepted),
    )


def _tables(meta: Meta, load_id: int, load: StoredLoad) -> tuple[TableProgress, ...]:
    """Those with the most still to send come first."""
    sent = _sent(meta, load_id)
    nothing = _Sent()
    in_conflict = _conflicts(meta, load_id)
    indexes = {
        (schema, table)
        for schema, table in meta.db.query(
            f"SELECT DISTINCT table_schema, table_name FROM {meta['index']} WHERE load_id = %s AND built = 0",
            (load_id,),
            shape=(as_text, as_text),
        )
    }
    found = [
        TableProgress(
            table=f"{schema}.{table}",
            finished_bytes=_finished(load, int(total), int(done), sent.get((schema, table), nothing).file_bytes),
            total_bytes=int(total),
            rows=sent.get((schema, table), nothing).rows,
            chunks=sent.get((schema, table), nothing).chunks,
            seconds=sent.get((schema, table), nothing).seconds,
            conflicts=in_conflict.get((schema, table), 0),
            indexes_waiting=(schema, table) in indexes,
        )
        for schema, table, total, done in meta.db.query(
            f"SELECT table_schema, table_name, SUM(file_bytes), SUM(IF(done, file_bytes, 0)) FROM {meta['file']} "
            "WHERE load_id = %s GROUP BY table_schema, table_name",
            (load_id,),
            shape=(as_text, as_text, as_number, as_number),
        )
    ]
    return tuple(sorted(found, key=lambda table: (table.finished_bytes - table.total_bytes, table.table)))


def _sent(meta: Meta, load_id: int) -> dict[tuple[str, str], _Sent]:
    wall = WALL_SQL if (meta.version or 0) >= _WITH_MOMENTS else "NULL"
    return {
        (schema, table): _Sent(int(file_bytes), int(rows), int(chunks), seconds)
        for schema, table, file_bytes, rows, chunks, seconds in meta.db.query(
            "SELECT f.table_schema, f.table_name, COALESCE(SUM(c.file_bytes), 0), COALESCE(SUM(c.row_count), 0), "
            f"COUNT(c.start_offset), {wall} FROM {meta['file']} f JOIN {meta['load']} l ON l.load_id = f.load_id "
            f"JOIN {meta['chunk']} c ON c.load_id = f.load_id AND c.file_id = f.file_id "
            "WHERE f.load_id = %s AND c.end_offset IS NOT NULL GROUP BY f.table_schema, f.table_name",
            (load_id,),
            shape=(as_text, as_text, as_number, as_number, as_number, maybe(as_real)),
        )
    }


def _finished(load: StoredLoad, total: int, done: int, sent: int) -> int:
    return total if load.status == "finished" else min(total, max(done, sent))


def _conflicts(meta: Meta, load_id: int) -> dict[tuple[str, str], int]:
    only = f" AND {conflicts.ASIDE_SQL}" if _has_kinds(meta) else ""
    return {
        (schema, table): int(number)
        for schema, table, number in meta.db.query(
            f"SELECT table_schema, table_name, COUNT(*) FROM {meta['conflict']} WHERE load_id = %s{only} "
            "GROUP BY table_schema, table_name",
            (load_id,),
            shape=(as_text, as_text, as_number),
        )
    }


def _has_kinds(meta: Meta) -> bool:
    return (meta.version or 0) >= _WITH_KINDS
