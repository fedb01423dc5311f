"""One import task's tables, the connections that their jobs are asked over, and what became of those jobs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from airflow_dm_loader.engines.hiding import Hiding
from airflow_dm_loader.engines.import_into.import_server import ImportServer
from airflow_dm_loader.engines.import_into.jobs import ImportJob, JobStatus, Trouble
from airflow_dm_loader.engines.import_into.load_tables import LoadTables, ShareJobs
from airflow_dm_loader.engines.redaction import Redactor
from airflow_dm_loader.errors import CheckpointError, ImportJobError, RetriableError
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.report import some_of
from airflow_dm_loader.run import LoadRun
from airflow_dm_loader.state import import_jobs
from airflow_dm_loader.state.events import Worker
from airflow_dm_loader.state.files import FileRow
from airflow_dm_loader.state.import_jobs import JobRow, JobState
from airflow_dm_loader.state.loads import Load
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.session import kept_session

Failed = tuple[JobRow, ImportJob]

_REMEDIES = {
    Trouble.DUPLICATES: "Rows of the dump have the same key, and IMPORT INTO takes none of them. Fix the dump, or "
    "load the table with import_mode=logical; TRUNCATE the table if it holds rows, then clear run_import.",
    Trouble.CHECKSUM: "What is in the table is not what was read. TRUNCATE the table and clear run_import: it is "
    "imported again.",
    Trouble.UNREADABLE: "The TiDB servers must be able to read the dump: check that the keys of dump_conn_id work from "
    "there, and last as long as the import. TRUNCATE the table if it holds rows, then clear run_import.",
}


def look(server: ImportServer, rows: Iterable[JobRow]) -> tuple[ImportJob, ...]:
    """The submitted rows' jobs as they are now.

    Raises:
        CheckpointError: the server does not know a job any more.
    """
    submitted = [row for row in rows if row.state is JobState.SUBMITTED]
    shown: dict[int, ImportJob] = {}
    for group_key in {row.group_key for row in submitted if row.group_key}:
        shown |= {job.job_id: job for job in server.jobs(group_key)}
    found = []
    for row in submitted:
        assert row.job_id is not None
        job = shown.get(row.job_id) or server.job(row.job_id)
        if job is None:
            raise CheckpointError(
                f"the server does not know job {row.job_id} any more, or does not show it to this user",
                table=row.name,
                remedy="Use the account that the job was made with. If the job is gone, empty the table and set "
                "remove_meta.",
            )
        found.append(job)
    return tuple(found)


def settle(
    meta: Meta,
    load_id: int,
    server: ImportServer,
    tables: Sequence[TableName],
    files: Mapping[TableName, Sequence[FileRow]],
    *,
    run_id: str,
) -> list[Failed]:
    """Write down, table by table, what has ended.

    Returns:
        The jobs that failed, or that somebody else cancelled; :func:`failure` makes an error of them.

    Raises:
        RetriableError: a finished job does not say yet how many rows it put in.
    """
    failed: list[Failed] = []
    stored = import_jobs.list_rows(meta, load_id)
    meta.db.rollback()
    jobs = {job.job_id: job for job in look(server, (stored[table] for table in tables))}
    for table in tables:
        row = import_jobs.lock(meta, load_id, *table)
        job = jobs.get(row.job_id or 0)
        if row.state is JobState.SUBMITTED and job is not None:
            failed += _settle_one(meta, load_id, row, job, files[table], run_id)
        meta.db.commit()
    return failed


def _settle_one(
    meta: Meta, load_id: int, row: JobRow, job: ImportJob, files: Sequence[FileRow], run_id: str
) -> list[Failed]:
    match job.status:
        case JobStatus.FINISHED:
            if job.rows is None:
                raise RetriableError(f"job {job.job_id} has finished but does not say how many rows", table=row.name)
            import_jobs.set_finished(
                meta, load_id, row, imported_rows=job.rows, data=files, run_id=run_id, seconds=job.seconds
            )
        case JobStatus.FAILED:
            import_jobs.set_ended(meta, load_id, row, JobState.FAILED, job.message)
            return [(row, job)]
        case JobStatus.CANCELLED:
            import_jobs.set_ended(meta, load_id, row, JobState.CANCELLED, job.message)
            return [] if row.cancel_asked else [(row, job)]
        case _:
            pass
    return []


def failure(failed: Sequence[Failed]) -> ImportJobError | None:
    """The error of jobs that failed: the first by name, the others by number."""
    if not failed:
        return None
    row, job = failed[0]
    verb = "was cancelled by somebody" if job.status is JobStatus.CANCELLED else "failed"
    others = some_of([f"{other.job_id} ({name.name})" for name, other in failed[1:]], 5)
    more = others and f"; so did job {others}"
    said = f": {job.message}" if job.message else ""
    return ImportJobError(
        f"job {job.job_id} of IMPORT INTO {verb}{said}{more}", table=row.name, remedy=_REMEDIES.get(job.trouble)
    )


@dataclass(frozen=True)
class OpenShare:
    """One import task's tables, opened."""

    meta: Meta
    load: Load
    server: ImportServer
    tables: LoadTables
    mine: tuple[TableName, ...]

    def rows(self) -> list[JobRow]:
        """What is stored of the jobs of those tables that have a row already."""
        stored = import_jobs.list_rows(self.meta, self.load.load_id)
        self.meta.db.rollback()
        return [stored[table] for table in self.mine if table in stored]

    def look(self) -> ShareJobs:
        rows = self.rows()
        return ShareJobs.of(self.tables, self.mine, rows, look(self.server, rows))

    def settle(self, worker: Worker) -> None:
        """Raises ImportJobError for jobs that failed, once what has ended is written down."""
        known = [row.key for row in self.rows()]
        failed = settle(self.meta, self.load.load_id, self.server, known, self.tables.files, run_id=worker.run_id)
        if (error := failure(failed)) is not None:
            raise error


@contextmanager
def open_share(run: LoadRun, share: int, redactor: Redactor | None = None) -> Iterator[OpenShare]:
    with run.open_stored() as (meta, load):
        tables = LoadTables.stored(meta, load)
        meta.db.rollback()
        names = (file.name for files in tables.files.values() for file in files)
        hiding = Hiding.of(tables.files, names) if run.config.hides_values else None
        with ImportServer.at(run.target, kept_session(run.config), redactor, hiding, run.stop.is_set) as server:
            yield OpenShare(meta, load, server, tables, tables.share(run.config.work.import_tasks, share))
