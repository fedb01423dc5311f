"""The phase that sends the rows, where TiDB's IMPORT INTO does: jobs are submitted, watched and settled.

One process does all three in a row (:func:`import_tables`); an operator that defers does them one by one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from tenacity import Retrying

from airflow_dm_loader.dump.tidb_uri import tidb_uri
from airflow_dm_loader.engines.hiding import Hiding
from airflow_dm_loader.engines.import_into import settlement
from airflow_dm_loader.engines.import_into.heads import job_session
from airflow_dm_loader.engines.import_into.server import ImportServer
from airflow_dm_loader.engines.import_into.sources import TableSource, table_sources
from airflow_dm_loader.engines.import_into.statements import job_options
from airflow_dm_loader.engines.import_into.submission import Submission
from airflow_dm_loader.engines.import_into.tables import LoadTables, ShareJobs, group_key
from airflow_dm_loader.engines.redaction import Redactor
from airflow_dm_loader.engines.share_report import ShareReport
from airflow_dm_loader.errors import LoadInterruptedError, RetriableError, TargetError
from airflow_dm_loader.progress.forecast import NO_COMPARISON
from airflow_dm_loader.progress.speed import SpeedWindow
from airflow_dm_loader.run import Dump, LoadRun
from airflow_dm_loader.state import files, import_jobs, loads
from airflow_dm_loader.state.events import Worker
from airflow_dm_loader.state.import_jobs import JobRow, JobState
from airflow_dm_loader.state.loads import Load
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.state.registration import check_same_dump
from airflow_dm_loader.state.updating import check_same_rules
from airflow_dm_loader.target.retries import retrying
from airflow_dm_loader.target.server import Flavour, Server
from airflow_dm_loader.target.session import kept_session, target_time_zone
from airflow_dm_loader.verify.expected import forecast_comparison

POLL_S = 5.0  # as TiDB's own tools do
_OLDEST, _READY = (7, 2), (7, 5)  # the first TiDB that has it; the first where it is not experimental


def check_server(server: Server) -> tuple[str, ...]:
    """Refuse a server without IMPORT INTO, by name; what is worth knowing comes back in words."""
    if server.flavour is not Flavour.TIDB or server.version < _OLDEST:
        raise TargetError(
            f"import_mode: the target is {server}, and IMPORT INTO is TiDB's, from 7.5 on",
            remedy="Use import_mode=logical, which every server takes.",
        )
    if server.version < _READY:
        return (f"IMPORT INTO is an experiment in {server}; from TiDB 7.5 on it is for everyday use",)
    return ()


def check_dump(run: LoadRun, dump: Dump) -> None:
    """Refuse what IMPORT INTO can't read: files, names, or an access that its URIs can't say."""
    tidb_uri(run.config.what.dump_uri, run.access)
    _sources(dump)


def table_shares(run: LoadRun) -> list[int]:
    """The numbers of the shares of tables that import tasks take, at least one."""
    with run.open_stored() as (meta, load):
        return list(range(len(LoadTables.stored(meta, load).shares(run.config.work.import_tasks))))


def _sources(dump: Dump) -> tuple[TableSource, ...]:
    return table_sources(dump.plan.files, [file.name for file in dump.storage.list()])


@dataclass(frozen=True)
class _Share:
    """One import task's tables, opened."""

    meta: Meta
    load: Load
    server: ImportServer
    tables: LoadTables
    mine: tuple[tuple[str, str], ...]

    def rows(self) -> list[JobRow]:
        """What is stored of the jobs of those tables that have a row already."""
        stored = import_jobs.list_rows(self.meta, self.load.load_id)
        self.meta.db.rollback()
        return [stored[table] for table in self.mine if table in stored]

    def look(self) -> ShareJobs:
        rows = self.rows()
        return ShareJobs.of(self.tables, self.mine, rows, settlement.look(self.server, rows))

    def settle(self, worker: Worker) -> None:
        """Raises ImportJobError for jobs that failed, once what has ended is written down."""
        known = [(row.schema, row.table) for row in self.rows()]
        failed = settlement.settle(
            self.meta, self.load.load_id, self.server, known, self.tables.files, run_id=worker.run_id
        )
        if (error := settlement.failure(failed)) is not None:
            raise error


@contextmanager
def _open_share(run: LoadRun, share: int, redactor: Redactor | None = None) -> Iterator[_Share]:
    with run.open_stored() as (meta, load):
        tables = LoadTables.stored(meta, load)
        meta.db.rollback()
        names = (file.name for files in tables.files.values() for file in files)
        hiding = Hiding.of(tables.files, names) if run.config.reporting.hide_values else None
        with ImportServer.at(run.target, kept_session(run.config), redactor, hiding) as server:
            yield _Share(meta, load, server, tables, tables.share(run.config.work.import_tasks, share))


def submit_jobs(run: LoadRun, share: int) -> ShareJobs:
    """Make the jobs of a share's tables, where they are not made yet, and look at them once.

    What earlier attempts left is settled first. A job that failed meanwhile raises; the next call makes a new one.

    Raises:
        ImportJobError: a job of an earlier attempt failed.
        TargetError: a table holds rows, or the server refuses a job.
        LoadInterruptedError: the run was stopped; the jobs are cancelled.
    """
    _again(run, "making the jobs of IMPORT INTO")(_make_jobs, run, share)
    if run.stop.is_set():
        _stop(run, share)
    return look_at_jobs(run, share)


def _make_jobs(run: LoadRun, share: int) -> None:
    config, dump = run.config, run.open_dump()
    sources = _sources(dump)
    folder_uri = tidb_uri(config.what.dump_uri, run.access).get_secret_value()
    sort = config.import_into.import_into_cloud_storage_uri
    sort_uri = tidb_uri(sort, run.access).get_secret_value() if sort is not None else None
    redactor = Redactor.of_uris([folder_uri, sort_uri or ""])
    with _open_share(run, share, redactor) as opened:
        meta, load = opened.meta, opened.load
        check_same_dump(load, dump.inventory)
        check_same_rules(load, config)
        if load.status in {"init", "paused"}:
            loads.set_status(meta, load.load_id, "running")
        import_jobs.register_tables(meta, load.load_id, opened.mine)
        files.mark_done(meta, load.load_id, opened.tables.without_bytes)
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
            session_of=lambda source: job_session(config, dump.storage, source, default_time_zone),
        )
        mine = [source for source in sources if (source.schema, source.table) in set(opened.mine)]
        submission.check_empty(mine, opened.tables.rows_of(opened.mine))
        for source in mine:
            if run.stop.is_set():
                return
            submission.make_job(source)


def look_at_jobs(run: LoadRun, share: int) -> ShareJobs:
    """How the jobs of a share are; nothing is written down.

    Raises:
        CheckpointError: the server does not know a job any more.
    """
    with _open_share(run, share) as opened:
        return opened.look()


def settle_jobs(run: LoadRun, share: int) -> ShareReport:
    """Write down what the jobs of a share came to, once all have ended.

    Raises:
        ImportJobError: a job failed, or somebody cancelled it; the others' rows are in.
        RetriableError: a job has not ended, or a table has none.
    """
    with _open_share(run, share) as opened:
        opened.settle(run.worker)
        rows = opened.rows()
        of_run = import_jobs.sent_by_run(opened.meta, opened.load.load_id, run.worker.run_id)
        sent = [of_run[table] for table in opened.mine if table in of_run]
        data = opened.tables.rows_of(opened.mine)
    unfinished = [row.name for row in rows if row.state is not JobState.FINISHED]
    if unfinished or len(rows) < len(opened.mine):
        raise RetriableError(
            f"{len(rows) - len(unfinished)} of {len(opened.mine)} tables of this task are imported, not all"
        )
    return ShareReport(
        share=share,
        rows_sent=sum(count for count, _ in sent),
        chunks_sent=sum(count for _, count in sent),
        chunks_skipped=len(data) - sum(count for _, count in sent),
        files_done=sum(count for _, count in sent),
        file_bytes=sum(file.file_bytes for file in data),
        seconds=0.0,
    )


def cancel_jobs(run: LoadRun, share: int) -> int:
    """Cancel the jobs of a share that have not ended; how many. A retry makes new ones, for tables that are empty."""
    cancelled = 0
    with _open_share(run, share) as opened:
        for row in opened.rows():
            row = import_jobs.lock(opened.meta, opened.load.load_id, row.schema, row.table)
            asks = row.state is JobState.SUBMITTED and row.job_id is not None
            if asks:
                import_jobs.ask_cancel(opened.meta, opened.load.load_id, row)
            opened.meta.db.commit()
            if asks and row.job_id is not None:
                opened.server.cancel(row.job_id)
                cancelled += 1
    return cancelled


def _again(run: LoadRun, what: str) -> Retrying:
    return retrying(what, run.stop.is_set, hide_values=run.config.reporting.hide_values)


def _stop(run: LoadRun, share: int) -> None:
    count = cancel_jobs(run, share)
    raise LoadInterruptedError(f"asked to stop: {count} jobs of IMPORT INTO were cancelled")


def import_tables(run: LoadRun, share: int) -> ShareReport:
    """All of it in this process: submit, wait, settle. For errors see :func:`submit_jobs` and :func:`settle_jobs`."""
    started = time.monotonic()
    window = SpeedWindow()
    with run.open_stored() as (meta, load):
        forecast = forecast_comparison(run, meta, load, run.open_dump().plan)
        comparison = NO_COMPARISON if forecast is None else forecast.estimate({}, None)
    found = submit_jobs(run, share)
    while True:
        if run.on_progress is not None:
            run.on_progress(found.status(window, load, comparison))
        if not found.waiting:
            break
        if run.stop.wait(min(POLL_S, run.progress_interval_s)):
            _stop(run, share)
        found = _again(run, "a look at the jobs of IMPORT INTO")(look_at_jobs, run, share)
    report = _again(run, "the end of IMPORT INTO")(settle_jobs, run, share)
    return replace(report, seconds=round(time.monotonic() - started, 3))
