"""Which tables an import task has the jobs of, and how far they are. From the state tables alone."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.engines.import_into.jobs import ImportJob, JobStatus
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.plan.load_plan import shares
from airflow_dm_loader.progress.forecast import NO_COMPARISON, Estimate
from airflow_dm_loader.progress.speed import SpeedWindow, make_status
from airflow_dm_loader.report import LoadStatus, TableStatus
from airflow_dm_loader.state import files, import_jobs
from airflow_dm_loader.state.files import FileRow
from airflow_dm_loader.state.import_jobs import JobRow
from airflow_dm_loader.state.loads import Load
from airflow_dm_loader.state.meta import Meta


@dataclass(frozen=True, slots=True)
class LoadTables:
    """The tables of a load that have a byte of data, each with its data files."""

    files: dict[TableName, tuple[FileRow, ...]]
    without_bytes: tuple[int, ...]  # ids of the files of the other tables: there is nothing to import

    @classmethod
    def stored(cls, meta: Meta, load: Load) -> LoadTables:
        found: dict[TableName, list[FileRow]] = defaultdict(list)
        for file in files.list_files(meta, load.load_id):
            found[file.key].append(file)
        with_bytes = {table: tuple(rows) for table, rows in found.items() if any(row.file_bytes for row in rows)}
        nothing = tuple(row.file_id for table, rows in found.items() if table not in with_bytes for row in rows)
        return cls(with_bytes, nothing)

    def shares(self, count: int) -> tuple[tuple[TableName, ...], ...]:
        """The tables of each import task, by size; the same for every task that asks."""
        tables = list(self.files)
        sizes = {place: self.bytes_of(table) for place, table in enumerate(tables)}
        return tuple(tuple(tables[place] for place in sorted(dealt)) for dealt in shares(sizes, count))

    def share(self, count: int, share: int) -> tuple[TableName, ...]:
        """The tables of one import task."""
        dealt = self.shares(count)
        return dealt[share] if share < len(dealt) else ()

    def bytes_of(self, table: TableName) -> int:
        return sum(row.file_bytes for row in self.files[table])

    def rows_of(self, tables: Iterable[TableName]) -> list[FileRow]:
        return [row for table in tables for row in self.files[table]]


def group_key(config: LoadConfig, load: Load) -> str:
    """The name under which SHOW IMPORT GROUP shows all jobs of a load."""
    names = (
        config.state.meta_schema,
        config.what.task_name,
        config.what.source_id,
        str(load.load_id),
        load.fingerprint,
    )
    return "dm_loader_" + hashlib.sha256("\n".join(names).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class ShareJobs:
    """The jobs of one import task at one moment: those of tables that were not settled before."""

    jobs: tuple[ImportJob, ...]
    tables: LoadTables
    share: tuple[TableName, ...]
    finished: frozenset[TableName]  # settled before, or finished now

    @classmethod
    def of(
        cls, tables: LoadTables, share: Sequence[TableName], rows: Iterable[JobRow], jobs: tuple[ImportJob, ...]
    ) -> ShareJobs:
        settled = {row.key for row in rows if row.state is import_jobs.JobState.FINISHED}
        now = {job.table for job in jobs if job.status is JobStatus.FINISHED}
        return cls(jobs, tables, tuple(share), frozenset(settled | now))

    @property
    def waiting(self) -> int:
        """How many have not ended."""
        return sum(not job.status.ended for job in self.jobs)

    @property
    def failed(self) -> int:
        return sum(job.status in {JobStatus.FAILED, JobStatus.CANCELLED} for job in self.jobs)

    def lines(self) -> tuple[str, ...]:
        return tuple(job.describe() for job in self.jobs)

    def describe(self) -> str:
        """``2 of 5 tables imported, 3 jobs at work, 1 failed``."""
        done = sum(table in self.finished for table in self.share)
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{done} of {len(self.share)} tables imported, {self.waiting} jobs at work{failed}"

    def status(self, window: SpeedWindow, load: Load, comparison: Estimate = NO_COMPARISON) -> LoadStatus:
        """The same in DM's words. A job counts once it has finished: none says how many bytes it is through.

        Args:
            comparison: what comes after all jobs.
        """
        total = sum(self.tables.bytes_of(table) for table in self.share)
        finished = sum(self.tables.bytes_of(table) for table in self.share if table in self.finished)
        return make_status(
            finished,
            total,
            window.bps(finished),
            done=finished == total,
            comparison_seconds=comparison.seconds,
            meta_binlog=load.meta_binlog,
            meta_binlog_gtid=load.binlog_gtid,
            tables=tuple(
                TableStatus(
                    table=str(job.table), finished_bytes=0, total_bytes=self.tables.bytes_of(table), indexes="none"
                )
                for table in self.share
                for job in self.jobs
                if job.status is JobStatus.RUNNING and _same(job.table, table)
            ),
        )


def _same(one: TableName, other: TableName) -> bool:
    return [name.casefold() for name in one] == [name.casefold() for name in other]
