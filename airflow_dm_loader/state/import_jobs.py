"""The jobs of IMPORT INTO, one row a table: written down before a job is asked for, and after.

    new ──> pending ──> submitted ──> finished
             │  ^            └──────> failed, cancelled ──> pending (a new attempt, once the table is empty)
             └──┘ the server was asked, and nobody knows whether it made the job: it is looked for first

``pending`` is committed before the server is asked, with the ids of the jobs that the table has had by then: a job of
the table that is not among them was made for this row, by whichever attempt.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from airflow_dm_loader.errors import CheckpointError
from airflow_dm_loader.identifiers import OfTable, TableName
from airflow_dm_loader.state import files
from airflow_dm_loader.state.batches import insert_ignore
from airflow_dm_loader.state.files import FileRow
from airflow_dm_loader.state.meta import Meta, check_version
from airflow_dm_loader.target.answers import Shape, as_number, as_text, as_truth, maybe, read_stored

_COLUMNS = (
    "table_schema, table_name, state, source, attempt, group_key, known_jobs, job_id, cancel_asked, imported_rows, "
    "row_version"
)
_KEY = "load_id = %s AND table_schema = %s AND table_name = %s"


class JobState(StrEnum):
    """What is known of a table's job."""

    NEW = "new"
    PENDING = "pending"
    SUBMITTED = "submitted"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class JobRow(OfTable):
    """One table's job."""

    schema: str
    table: str
    state: JobState
    source: str  # what the job reads; without the access to it
    attempt: int
    group_key: str  # "": the server knows no groups
    known_jobs: frozenset[int]
    job_id: int | None
    cancel_asked: bool
    imported_rows: int | None

    @property
    def name(self) -> str:
        return str(self.key)


def register_tables(meta: Meta, load_id: int, tables: Iterable[TableName]) -> None:
    """Write a row for each table that has none."""
    insert_ignore(
        meta.db,
        f"{meta['import_job']} (load_id, table_schema, table_name, state, source, group_key, known_jobs, message, "
        "run_id)",
        [(load_id, *table, JobState.NEW.value, "", "", "[]", "", "") for table in tables],
    )


def list_rows(meta: Meta, load_id: int) -> dict[TableName, JobRow]:
    """All rows of the load, by table."""
    found = meta.db.query(
        f"SELECT {_COLUMNS} FROM {meta['import_job']} WHERE load_id = %s ORDER BY table_schema, table_name",
        (load_id,),
        shape=_SHAPE,
    )
    return {row.key: row for row in map(_row, found)}


def lock(meta: Meta, load_id: int, schema: str, table: str) -> JobRow:
    """One row, which nobody else can lock until this transaction ends."""
    row = meta.db.one(
        f"SELECT {_COLUMNS} FROM {meta['import_job']} WHERE {_KEY} FOR UPDATE", (load_id, schema, table), shape=_SHAPE
    )
    if row is None:
        raise _forgotten(load_id)
    return _row(row)


def intend(
    meta: Meta, load_id: int, row: JobRow, *, source: str, group_key: str, known_jobs: Collection[int], run_id: str
) -> None:
    """Say that the server will now be asked for a job; commit this before asking."""
    _update(
        meta,
        load_id,
        row,
        "state = %s, source = %s, attempt = attempt + 1, group_key = %s, known_jobs = %s, job_id = NULL, "
        "cancel_asked = 0, imported_rows = NULL, message = '', run_id = %s",
        (JobState.PENDING.value, source, group_key, json.dumps(sorted(known_jobs)), run_id),
    )


def set_submitted(meta: Meta, load_id: int, row: JobRow, job_id: int) -> None:
    """The server made this job for the row."""
    _update(meta, load_id, row, "state = %s, job_id = %s", (JobState.SUBMITTED.value, job_id))


def set_ended(meta: Meta, load_id: int, row: JobRow, state: JobState, message: str) -> None:
    """The job failed or was cancelled. ``message``: without secrets."""
    _update(meta, load_id, row, "state = %s, message = %s", (state.value, message[:10_000]))


def ask_cancel(meta: Meta, load_id: int, row: JobRow) -> None:
    """We are going to cancel the job: that it is cancelled then is no failure."""
    _update(meta, load_id, row, "cancel_asked = 1", ())


def set_finished(
    meta: Meta, load_id: int, row: JobRow, *, imported_rows: int, data: Collection[FileRow], run_id: str, seconds: float
) -> None:
    """The job put all rows into the table: its files are done.

    A file is entered as one chunk, so that totals are summed up as for any other engine. Only the job knows its rows:
    all of them stand with the first file. A file's decoded bytes are not known, its stored ones are.
    """
    _update(
        meta,
        load_id,
        row,
        "state = %s, imported_rows = %s, message = ''",
        (JobState.FINISHED.value, imported_rows),
    )
    first = min(file.file_id for file in data)
    insert_ignore(
        meta.db,
        f"{meta['chunk']} (load_id, file_id, start_offset, end_offset, nonce, connection_id, run_id, sent_as, "
        "row_count, file_bytes, seconds)",
        [
            (
                load_id,
                file.file_id,
                0,
                file.file_bytes,
                "",
                0,
                run_id,
                "IMPORT INTO",
                imported_rows if file.file_id == first else 0,
                file.file_bytes,
                seconds if file.file_id == first else 0.0,
            )
            for file in data
        ],
    )
    files.mark_done(meta, load_id, [file.file_id for file in data])


def sent_by_run(meta: Meta, load_id: int, run_id: str) -> dict[TableName, tuple[int, int]]:
    """table -> rows and files that were settled in this run, by whichever of its attempts."""
    found = meta.db.query(
        f"SELECT f.table_schema, f.table_name, SUM(c.row_count), COUNT(*) FROM {meta['chunk']} c "
        f"JOIN {meta['file']} f ON f.load_id = c.load_id AND f.file_id = c.file_id "
        "WHERE c.load_id = %s AND c.run_id = %s GROUP BY f.table_schema, f.table_name",
        (load_id, run_id),
        shape=(as_text, as_text, as_number, as_number),
    )
    return {TableName(str(schema), str(table)): (int(rows), int(count)) for schema, table, rows, count in found}


def finished_jobs(meta: Meta, load_id: int) -> dict[TableName, int]:
    """table -> the job that filled it."""
    rows = list_rows(meta, load_id).values()
    return {row.key: row.job_id for row in rows if row.state is JobState.FINISHED and row.job_id is not None}


def _update(meta: Meta, load_id: int, row: JobRow, changes: str, values: tuple[object, ...]) -> None:
    result = meta.db.execute(
        f"UPDATE {meta['import_job']} SET {changes}, updated_at = UTC_TIMESTAMP(6) WHERE {_KEY}",
        (*values, load_id, row.schema, row.table),
    )
    if result.affected != 1:
        raise _forgotten(load_id)


_SHAPE: Shape = (
    *(as_text, as_text, JobState, as_text, as_number, as_text, as_text), maybe(as_number), as_truth,
    maybe(as_number), as_number,
)  # fmt: skip


def _row(row: tuple[object, ...]) -> JobRow:
    schema, table, state, source, attempt, group_key, known, job_id, cancel_asked, imported_rows, version = row
    check_version(int(str(version)), f"the import job of {schema}.{table}")
    return JobRow(
        schema=str(schema),
        table=str(table),
        state=JobState(str(state)),
        source=str(source),
        attempt=int(str(attempt)),
        group_key=str(group_key),
        known_jobs=frozenset(read_stored(list[int], str(known), f"the import job of {schema}.{table}")),
        job_id=None if job_id is None else int(str(job_id)),
        cancel_asked=bool(cancel_asked),
        imported_rows=None if imported_rows is None else int(str(imported_rows)),
    )


def _forgotten(load_id: int) -> CheckpointError:
    return CheckpointError(
        f"load {load_id} is not stored any more: it was started afresh while this attempt was at work",
        remedy="Nothing to fix: the newer attempt loads the rows.",
    )
