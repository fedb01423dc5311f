"""The engine of IMPORT INTO, as the phases see it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace

from airflow_dm_loader.dump.tidb_uri import tidb_uri
from airflow_dm_loader.engines.base import Engine, ShareReport
from airflow_dm_loader.engines.import_into.import_statement import csv_options
from airflow_dm_loader.engines.import_into.load_tables import LoadTables, ShareJobs
from airflow_dm_loader.engines.import_into.open_share import open_share
from airflow_dm_loader.engines.import_into.sources import READER, sources_of
from airflow_dm_loader.engines.import_into.submission import make_jobs
from airflow_dm_loader.engines.logical.index_builder import build_waiting_indexes
from airflow_dm_loader.engines.tidb_csv import csv_of, look_at_files
from airflow_dm_loader.errors import ConfigError, LoadInterruptedError, RetriableError, TargetError
from airflow_dm_loader.plan.load_plan import LoadPlan
from airflow_dm_loader.progress.forecast import NO_COMPARISON
from airflow_dm_loader.progress.speed import SpeedWindow
from airflow_dm_loader.run import Dump, LoadRun
from airflow_dm_loader.settings.lightning_keys import options_too_new
from airflow_dm_loader.state import import_jobs
from airflow_dm_loader.state.import_jobs import JobState
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.needed_privileges import Need
from airflow_dm_loader.target.server import Server, ask_server
from airflow_dm_loader.verify.expected import forecast_comparison

_POLL_S = 5.0  # as TiDB's own tools do
_OF_TABLES = ("UPDATE", "DELETE", "ALTER")  # beyond what every load needs


class ImportJobs:
    """TiDB's jobs, one a table: a share's are submitted, watched and settled, by one process or by several in turn."""

    def submit(self, run: LoadRun, share: int) -> ShareJobs:
        """Make the jobs of a share's tables, where they are not made yet, and look at them once.

        What earlier attempts left is settled first. A job that failed meanwhile raises; the next call makes a new one.

        Raises:
            ImportJobError: a job of an earlier attempt failed.
            TargetError: a table holds rows, or the server refuses a job.
            LoadInterruptedError: the run was stopped; the jobs are cancelled.
        """
        run.attempts.run("making the jobs of IMPORT INTO", lambda: make_jobs(run, share))
        if run.stop.is_set():
            self.stop(run, share)
        return self.look(run, share)

    def look(self, run: LoadRun, share: int) -> ShareJobs:
        """How the jobs of a share are; nothing is written down.

        Raises:
            CheckpointError: the server does not know a job any more.
        """
        with open_share(run, share) as opened:
            return opened.look()

    def settle(self, run: LoadRun, share: int) -> ShareReport:
        """Write down what the jobs of a share came to, once all have ended.

        Raises:
            ImportJobError: a job failed, or somebody cancelled it; the others' rows are in.
            RetriableError: a job has not ended, or a table has none.
        """
        with open_share(run, share) as opened:
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

    def cancel(self, run: LoadRun, share: int) -> int:
        """Cancel the jobs of a share that have not ended; how many. A retry makes new ones, where tables are empty."""
        cancelled = 0
        with open_share(run, share) as opened:
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

    def stop(self, run: LoadRun, share: int) -> None:
        """Cancel them, and say so. Raises LoadInterruptedError."""
        count = self.cancel(run, share)
        raise LoadInterruptedError(f"asked to stop: {count} jobs of IMPORT INTO were cancelled")


class ImportIntoEngine(Engine):
    """TiDB's IMPORT INTO: the cluster reads the files by itself."""

    jobs = ImportJobs()

    def check_server(self, server: Server) -> tuple[str, ...]:
        if not server.can.import_into:
            raise TargetError(
                f"import_mode: the target is {server}, and IMPORT INTO is TiDB's, from 7.5 on",
                remedy="Use import_mode=logical, which every server takes.",
            )
        if not server.can.import_into_is_ready:
            return (f"IMPORT INTO is an experiment in {server}; from TiDB 7.5 on it is for everyday use",)
        return ()

    def privileges(self, run: LoadRun, plan: LoadPlan, db: Database) -> Iterable[Need]:
        server = ask_server(db)
        if newer := options_too_new(run.config.import_into.import_into_options, server.version):
            raise ConfigError(f"import_into_options: {server} does not have {', '.join(newer)}", remedy="Leave it out.")
        return _privileges(plan)

    def check_dump(self, run: LoadRun, dump: Dump) -> None:
        tidb_uri(run.config.what.dump_uri, run.access)
        for source in sources_of(dump):
            if (csv := csv_of(source.files)) is not None:
                csv_options(csv)
        look_at_files(dump.storage, dump.plan.files, READER)

    def shares(self, run: LoadRun) -> list[int]:
        with run.open_stored() as (meta, load):
            return list(range(len(LoadTables.stored(meta, load).shares(run.config.work.import_tasks))))

    def import_share(self, run: LoadRun, share: int) -> ShareReport:
        """All of it in this process: submit, wait, settle."""
        started = time.monotonic()
        window = SpeedWindow()
        with run.open_stored() as (meta, load):
            forecast = forecast_comparison(run, meta, load, run.open_dump().plan)
            comparison = NO_COMPARISON if forecast is None else forecast.estimate({}, None)
        found = self.jobs.submit(run, share)
        while True:
            if run.on_progress is not None:
                run.on_progress(found.status(window, load, comparison))
            if not found.waiting:
                break
            if run.attempts.pause(min(_POLL_S, run.progress_interval_s)):
                self.jobs.stop(run, share)
            found = run.attempts.run("a look at the jobs of IMPORT INTO", lambda: self.jobs.look(run, share))
        report = run.attempts.run("the end of IMPORT INTO", lambda: self.jobs.settle(run, share))
        return replace(report, seconds=round(time.monotonic() - started, 3))

    def build_indexes(self, run: LoadRun) -> int:
        return build_waiting_indexes(run)


def _privileges(plan: LoadPlan) -> Iterator[Need]:
    for table in plan.tables:
        if table.has_data:
            for privilege in _OF_TABLES:
                yield Need(privilege, table.schema, table.table)


ENGINE = ImportIntoEngine()
