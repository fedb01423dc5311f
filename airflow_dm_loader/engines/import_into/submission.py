"""Makes each table's job once, whatever dies between the server's yes and our note of it.

    intend    the row says pending, with the jobs that the table has had; committed
    submit    under the row's lock, so that no two attempts ask at the same time
    note      the row says submitted, with the job's id; committed

An attempt that finds ``pending`` looks for a job of the table that the row does not know, by the group key where the
server has such, else by what it reads, and adopts it. There is none: it asks. Two jobs on one table the server refuses
itself, and so it does for a table that holds rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from airflow_dm_loader.engines.import_into.import_server import PRECHECK_FAILED, ImportServer
from airflow_dm_loader.engines.import_into.jobs import ImportJob, JobStatus
from airflow_dm_loader.engines.import_into.sources import TableSource
from airflow_dm_loader.engines.import_into.statements import Options, source_uri, without_access
from airflow_dm_loader.errors import CheckpointError, TargetError
from airflow_dm_loader.state import chunks, import_jobs
from airflow_dm_loader.state.files import FileRow
from airflow_dm_loader.state.import_jobs import JobRow, JobState
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target import schema as target_schema

_ASKS_ANEW = frozenset({JobState.NEW, JobState.FAILED, JobState.CANCELLED})


@dataclass(frozen=True)
class Submission:
    """What the jobs of a load have in common. ``folder_uri`` and ``options`` hold secrets."""

    meta: Meta
    load_id: int
    run_id: str
    server: ImportServer
    folder_uri: str
    options: Options
    group_key: str
    session_of: Callable[[TableSource], Mapping[str, str | int]]

    def __repr__(self) -> str:
        return f"Submission(load_id={self.load_id})"

    def check_empty(self, sources: Sequence[TableSource], files: Sequence[FileRow]) -> None:
        """Refuse tables that hold rows, or files that another engine has begun; before any job is asked for."""
        rows = import_jobs.list_rows(self.meta, self.load_id)
        asked = [source for source in sources if rows[source.schema, source.table].state in _ASKS_ANEW]
        begun = chunks.committed_files(self.meta, self.load_id)
        wanted = {(source.schema, source.table) for source in asked}
        if other := [file.name for file in files if (file.schema, file.table) in wanted and file.file_id in begun]:
            raise CheckpointError(
                f"{len(other)} data files were begun in another import_mode, {other[0]!r} among them",
                remedy="Load in the mode that the load began in; or empty its tables and set remove_meta.",
            )
        full = [source.name for source in asked if not self._is_empty(source)]
        self.meta.db.rollback()
        if full:
            raise _not_empty(full)

    def make_job(self, source: TableSource) -> None:
        """See to it that the table has its job, and that the row knows it."""
        row = self._lock(source)
        if row.state in _ASKS_ANEW:
            if not self._is_empty(source):
                raise _not_empty([source.name])
            group_key = self.group_key if self.server.has_groups else ""
            table = (source.schema, source.table)
            import_jobs.intend(
                self.meta,
                self.load_id,
                row,
                source=without_access(self._uri(source)),
                group_key=group_key,
                known_jobs=[job.job_id for job in self.server.jobs_of(table)],
                run_id=self.run_id,
            )
            self.meta.db.commit()
            row = self._lock(source)
        if row.state is JobState.PENDING:
            found = self._find(row)
            job_id = found.job_id if found is not None else self._ask(source, row)
            import_jobs.set_submitted(self.meta, self.load_id, row, job_id)
        self.meta.db.commit()

    def _ask(self, source: TableSource, row: JobRow) -> int:
        options = {**self.options, **({"GROUP_KEY": row.group_key} if row.group_key else {})}
        try:
            return self.server.submit(source, self._uri(source), options, self.session_of(source))
        except TargetError as error:
            # "active job", "not empty": a statement of an attempt that died may have come through only now.
            found = self._find(row) if error.errno == PRECHECK_FAILED else None
            if found is None:
                raise
            return found.job_id

    def _find(self, row: JobRow) -> ImportJob | None:
        """The job that was made for the row; one that is at work or done before one that failed."""
        jobs = [
            job
            for job in self.server.jobs_of((row.schema, row.table), row.group_key)
            if job.job_id not in row.known_jobs and (row.group_key or without_access(job.source) == row.source)
        ]
        alive = [job for job in jobs if job.status not in {JobStatus.FAILED, JobStatus.CANCELLED}]
        return max(alive or jobs, key=lambda job: job.job_id, default=None)

    def _lock(self, source: TableSource) -> JobRow:
        return import_jobs.lock(self.meta, self.load_id, source.schema, source.table)

    def _is_empty(self, source: TableSource) -> bool:
        return target_schema.is_empty(self.meta.db, source.schema, source.table)

    def _uri(self, source: TableSource) -> str:
        return source_uri(self.folder_uri, source.pattern)


def _not_empty(tables: list[str]) -> TargetError:
    return TargetError(
        f"IMPORT INTO fills empty tables only, and {len(tables)} hold rows that no finished job of this load put there",
        table=tables[0],
        remedy="Look at the rows. If they may go, TRUNCATE the table, also after a job that failed half-way; then "
        "clear run_import. To keep them, use import_mode=logical.",
    )
