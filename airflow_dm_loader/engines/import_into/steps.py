"""The rows of one import task: its jobs are submitted, watched and settled.

One process does all three in a row (:func:`import_tables`); an operator that defers does them one by one.
"""

from __future__ import annotations

import time
from dataclasses import replace

from airflow_dm_loader.engines.base import ShareReport
from airflow_dm_loader.engines.import_into.load_tables import ShareJobs
from airflow_dm_loader.engines.import_into.open_share import open_share
from airflow_dm_loader.engines.import_into.submission import make_jobs
from airflow_dm_loader.errors import LoadInterruptedError, RetriableError
from airflow_dm_loader.progress.forecast import NO_COMPARISON
from airflow_dm_loader.progress.speed import SpeedWindow
from airflow_dm_loader.run import LoadRun
from airflow_dm_loader.state import import_jobs
from airflow_dm_loader.state.import_jobs import JobState
from airflow_dm_loader.verify.expected import forecast_comparison

_POLL_S = 5.0  # as TiDB's own tools do


def submit_jobs(run: LoadRun, share: int) -> ShareJobs:
    """Make the jobs of a share's tables, where they are not made yet, and look at them once.

    What earlier attempts left is settled first. A job that failed meanwhile raises; the next call makes a new one.

    Raises:
        ImportJobError: a job of an earlier attempt failed.
        TargetError: a table holds rows, or the server refuses a job.
        LoadInterruptedError: the run was stopped; the jobs are cancelled.
    """
    run.attempts.run("making the jobs of IMPORT INTO", lambda: make_jobs(run, share))
    if run.stop.is_set():
        _stop(run, share)
    return look_at_jobs(run, share)


def look_at_jobs(run: LoadRun, share: int) -> ShareJobs:
    """How the jobs of a share are; nothing is written down.

    Raises:
        CheckpointError: the server does not know a job any more.
    """
    with open_share(run, share) as opened:
        return opened.look()


def settle_jobs(run: LoadRun, share: int) -> ShareReport:
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


def cancel_jobs(run: LoadRun, share: int) -> int:
    """Cancel the jobs of a share that have not ended; how many. A retry makes new ones, for tables that are empty."""
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
        if run.attempts.pause(min(_POLL_S, run.progress_interval_s)):
            _stop(run, share)
        found = run.attempts.run("a look at the jobs of IMPORT INTO", lambda: look_at_jobs(run, share))
    report = run.attempts.run("the end of IMPORT INTO", lambda: settle_jobs(run, share))
    return replace(report, seconds=round(time.monotonic() - started, 3))
