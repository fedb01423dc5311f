"""One import task's tables, with the connections that their jobs are asked over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from airflow_dm_loader.engines.hiding import Hiding
from airflow_dm_loader.engines.import_into import settlement
from airflow_dm_loader.engines.import_into.import_server import ImportServer
from airflow_dm_loader.engines.import_into.load_tables import LoadTables, ShareJobs
from airflow_dm_loader.engines.redaction import Redactor
from airflow_dm_loader.run import LoadRun
from airflow_dm_loader.state import import_jobs
from airflow_dm_loader.state.events import Worker
from airflow_dm_loader.state.import_jobs import JobRow
from airflow_dm_loader.state.loads import Load
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.session import kept_session


@dataclass(frozen=True)
class OpenShare:
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
def open_share(run: LoadRun, share: int, redactor: Redactor | None = None) -> Iterator[OpenShare]:
    with run.open_stored() as (meta, load):
        tables = LoadTables.stored(meta, load)
        meta.db.rollback()
        names = (file.name for files in tables.files.values() for file in files)
        hiding = Hiding.of(tables.files, names) if run.config.reporting.hide_values else None
        with ImportServer.at(run.target, kept_session(run.config), redactor, hiding) as server:
            yield OpenShare(meta, load, server, tables, tables.share(run.config.work.import_tasks, share))
