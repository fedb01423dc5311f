"""The phase that sends the rows, by the load's engine."""

from __future__ import annotations

from airflow_dm_loader.engines.base import Jobs, JobsLook, ShareReport
from airflow_dm_loader.engines.registry import engine_of
from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.phases import objects
from airflow_dm_loader.run import LoadRun


def import_shares(run: LoadRun) -> list[int]:
    """The numbers of the shares that import tasks take: ``[0, 1, ...]``, at least one."""
    return engine_of(run.config).shares(run)


def run_import(run: LoadRun, share: int = 0) -> ShareReport:
    """Send one share of the dump's rows, each exactly once; what is committed is not sent again.

    Args:
        share: which share, counted from 0; see :func:`import_shares`.

    Raises:
        RowError: the server refused a row; its file, offset and text are named.
        LoadInterruptedError: the run was stopped, and with it the sessions or jobs in the server.
    """
    objects.take_back_triggers(run)
    return engine_of(run.config).import_share(run, share)


def waits_for_jobs(run: LoadRun) -> bool:
    """Whether jobs of the server send the rows, for which nobody need hold a worker."""
    return engine_of(run.config).jobs is not None


def submit_jobs(run: LoadRun, share: int) -> JobsLook:
    """Make the jobs of a share, where they are not made yet, and look at them once.

    What earlier attempts left is settled first. A job that failed meanwhile raises; the next call makes a new one.

    Raises:
        ImportJobError: a job of an earlier attempt failed.
        TargetError: a table holds rows, or the server refuses a job.
        LoadInterruptedError: the run was stopped; the jobs are cancelled.
    """
    return _jobs(run).submit(run, share)


def look_at_jobs(run: LoadRun, share: int) -> JobsLook:
    """How the jobs of a share are; nothing is written down.

    Raises:
        CheckpointError: the server does not know a job any more.
    """
    return _jobs(run).look(run, share)


def settle_jobs(run: LoadRun, share: int) -> ShareReport:
    """Write down what the jobs of a share came to, once all have ended.

    Raises:
        ImportJobError: a job failed, or somebody cancelled it; the others' rows are in.
        RetriableError: a job has not ended, or a table has none.
    """
    return _jobs(run).settle(run, share)


def cancel_jobs(run: LoadRun, share: int) -> int:
    """Cancel the jobs of a share that have not ended; how many. A retry makes new ones, for tables that are empty."""
    return _jobs(run).cancel(run, share)


def _jobs(run: LoadRun) -> Jobs:
    jobs = engine_of(run.config).jobs
    if jobs is None:
        raise ConfigError(f"import_mode: {run.config.what.import_mode} makes no jobs in the server")
    return jobs
