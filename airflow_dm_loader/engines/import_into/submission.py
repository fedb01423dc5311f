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
from dataclasses import dataclass, field

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.dump.heads import READ_AS_UTF8, head_charset, read_head
from airflow_dm_loader.dump.storage import DumpStorage
from airflow_dm_loader.dump.tidb_uri import tidb_uri
from airflow_dm_loader.engines.import_into.import_server import PRECHECK_FAILED, ImportServer
from airflow_dm_loader.engines.import_into.import_statement import Options, job_options, source_uri, without_access
from airflow_dm_loader.engines.import_into.jobs import ImportJob, JobStatus
from airflow_dm_loader.engines.import_into.load_tables import group_key
from airflow_dm_loader.engines.import_into.open_share import open_share
from airflow_dm_loader.engines.import_into.sources import READER, TableSource, sources_of
from airflow_dm_loader.engines.redaction import Redactor
from airflow_dm_loader.engines.tidb_csv import look_at_files, note_csv
from airflow_dm_loader.errors import CheckpointError, DumpFormatError, TargetError
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.run import LoadRun
from airflow_dm_loader.state import chunks, files, import_jobs, loads
from airflow_dm_loader.state.files import FileRow
from airflow_dm_loader.state.import_jobs import JobRow, JobState
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.state.registration import check_same_dump
from airflow_dm_loader.state.updating import check_same_rules
from airflow_dm_loader.target import schema as target_schema
from airflow_dm_loader.target.session import check_time_zone, file_session, target_time_zone

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
    columns: Mapping[TableName, Sequence[str] | None] = field(default_factory=dict)  # that CSV files name

    def __repr__(self) -> str:
        return f"Submission(load_id={self.load_id})"

    def check_empty(self, sources: Sequence[TableSource], files: Sequence[FileRow]) -> None:
        """Refuse tables that hold rows, or files that another engine has begun; before any job is asked for."""
        rows = import_jobs.list_rows(self.meta, self.load_id)
        asked = [source for source in sources if rows[source.key].state in _ASKS_ANEW]
        begun = chunks.committed_files(self.meta, self.load_id)
        wanted = {source.key for source in asked}
        if other := [file.name for file in files if file.key in wanted and file.file_id in begun]:
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
            table = source.key
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
            session, columns = self.session_of(source), self.columns.get(source.key)
            return self.server.submit(source, self._uri(source), options, session, columns)
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
            for job in self.server.jobs_of(row.key, row.group_key)
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


def make_jobs(run: LoadRun, share: int) -> None:
    """Settle what earlier attempts left, then make a job for each table that has none; fewer where the run stops."""
    config, dump = run.config, run.open_dump()
    sources = sources_of(dump)
    columns = look_at_files(dump.storage, dump.plan.files, READER)
    folder_uri = tidb_uri(config.what.dump_uri, run.access).get_secret_value()
    sort = config.import_into.import_into_cloud_storage_uri
    sort_uri = tidb_uri(sort, run.access).get_secret_value() if sort is not None else None
    redactor = Redactor.of_uris([folder_uri, sort_uri or ""])
    with open_share(run, share, redactor) as opened:
        meta, load = opened.meta, opened.load
        check_same_dump(load, dump.inventory)
        check_same_rules(load, config)
        loads.begin(meta, load)
        import_jobs.register_tables(meta, load.load_id, opened.mine)
        files.mark_done(meta, load.load_id, opened.tables.without_bytes)
        if share == 0:
            note_csv(meta, load.load_id, dump.plan.files, READER)
        meta.db.commit()
        opened.settle(run.worker)
        default_time_zone = target_time_zone(meta.db)
        submission = Submission(
            meta=meta,
            load_id=load.load_id,
            run_id=run.worker.run_id,
            server=opened.server,
            folder_uri=folder_uri,
            options=job_options(config, sort_uri),
            group_key=group_key(config, load),
            session_of=lambda source: _job_session(config, dump.storage, source, default_time_zone),
            columns=columns,
        )
        mine = [source for source in sources if source.key in set(opened.mine)]
        submission.check_empty(mine, opened.tables.rows_of(opened.mine))
        for source in mine:
            if run.stop.is_set():
                return
            submission.make_job(source)


def _job_session(
    config: LoadConfig, storage: DumpStorage, source: TableSource, default_time_zone: str
) -> dict[str, str | int]:
    """``sql_mode`` and ``time_zone`` of the table's files, by the head of the first: tools write the same to each.

    Raises:
        DumpFormatError: the file's text is in another charset than UTF-8.
    """
    head: dict[str, str] = {}
    if source.format.has_head:
        first = next(file.source for file in source.files if file.source.file_bytes)
        head = read_head(storage, first, config.reading.max_head_bytes)
    check_time_zone(config, head, source.files[0].source.name)
    session = file_session(config, head, default_time_zone)
    charset = head_charset(head)
    if charset not in READ_AS_UTF8:
        raise DumpFormatError(
            f"the file is in {charset}, and IMPORT INTO reads UTF-8 alone",
            file=source.files[0].source.name,
            table=source.name,
            remedy="Load it with import_mode=logical, or dump in utf8mb4 or binary.",
        )
    return {name: session[name] for name in ("sql_mode", "time_zone")}
