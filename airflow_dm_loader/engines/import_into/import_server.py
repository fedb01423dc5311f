"""IMPORT INTO on a connection of its own, and its errors in our words, without the secrets that they repeat.

IMPORT INTO runs in no explicit transaction, so the connection commits by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Self, TypeVar

from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.engines.hiding import Hiding
from airflow_dm_loader.engines.import_into.import_statement import Options, import_into
from airflow_dm_loader.engines.import_into.jobs import ImportJob, read_job
from airflow_dm_loader.engines.import_into.sources import TableSource
from airflow_dm_loader.engines.redaction import Redactor
from airflow_dm_loader.errors import ConfigError, LoaderError, TargetError
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.target.answers import as_number
from airflow_dm_loader.target.connection import Database

_Answer = TypeVar("_Answer")

PRECHECK_FAILED = 8173
_JOB_NOT_FOUND, _JOB_HAS_ENDED = 8170, 8171
_NO_SUCH_SYNTAX = frozenset({1064, 1054, 8163})  # parse error, unknown column, unknown option
_UNREADABLE = frozenset({8158, 8159, 8160})
_REMEDIES = {
    **dict.fromkeys(
        _UNREADABLE,
        "The TiDB servers must be able to read the dump: check dump_uri, and that the keys of dump_conn_id work from "
        "there. Then clear run_import.",
    ),
    **dict.fromkeys(
        (8163, 8164, 8165, 8166), "This TiDB does not take an option of the job: correct the import_into settings."
    ),
    PRECHECK_FAILED: "Fix what TiDB's check names, then clear run_import. A table must be empty: TRUNCATE it if its "
    "rows may go. Changefeeds and log backup must be paused during the import.",
}


class ImportServer:
    """The statements about jobs. A context manager.

    Args:
        open_database: a connection in autocommit; see :meth:`at`.
        redactor: knows the secrets of the URIs that are sent.
        hiding: show no value of a row in what is told of jobs.
    """

    def __init__(self, open_database: Callable[[], Database], redactor: Redactor, hiding: Hiding | None = None) -> None:
        self._open = open_database
        self._redactor = redactor
        self._hiding = hiding
        self._db: Database | None = None

    @classmethod
    def at(
        cls,
        target: TargetConfig,
        session: Mapping[str, str | int] | None = None,
        redactor: Redactor | None = None,
        hiding: Hiding | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> Self:
        """``stop``: once true, a wait for an answer ends within seconds."""
        return cls(
            lambda: Database.open(target, session=session, autocommit=True, stop=stop), redactor or Redactor(), hiding
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """The next statement opens a connection anew."""
        if self._db is not None:
            self._db.close()
            self._db = None

    @cached_property
    def has_groups(self) -> bool:
        """Whether jobs can carry a GROUP_KEY. Asked of the server: its version does not tell for certain."""
        try:
            self._rows("SHOW IMPORT JOBS WHERE GROUP_KEY = %s", ("",))
        except TargetError as error:
            if error.errno in _NO_SUCH_SYNTAX:
                return False
            raise
        return True

    def jobs(self, group_key: str = "") -> list[ImportJob]:
        """All jobs that the server shows, or those of a group; in the order of their ids."""
        if group_key:
            rows = self._rows("SHOW IMPORT JOBS WHERE GROUP_KEY = %s", (group_key,))
        else:
            rows = self._rows("SHOW IMPORT JOBS")
        return sorted((read_job(row, self._redactor, self._hiding) for row in rows), key=lambda job: job.job_id)

    def jobs_of(self, table: TableName, group_key: str = "") -> list[ImportJob]:
        """The same of one table."""
        wanted = tuple(name.casefold() for name in table)
        return [job for job in self.jobs(group_key) if tuple(name.casefold() for name in job.table) == wanted]

    def job(self, job_id: int) -> ImportJob | None:
        """One job; None: the server does not know it, or not any more."""
        try:
            rows = self._rows("SHOW IMPORT JOB %s", (job_id,))
        except LoaderError as error:
            if error.errno == _JOB_NOT_FOUND:
                return None
            raise
        return read_job(rows[0], self._redactor, self._hiding) if rows else None

    def submit(
        self,
        source: TableSource,
        uri: str,
        options: Options,
        session: Mapping[str, str | int],
        columns: Sequence[str] | None = None,
    ) -> int:
        """Ask for a job; its id. After a ConnectionLostError nobody knows whether it was made.

        Args:
            session: ``sql_mode`` and ``time_zone`` of the files.
            columns: those of CSV files; None: the table's.
        """

        def ask() -> list[dict[str, Any]]:
            db = self._database()
            db.set_session(session)
            return db.named(*import_into(source, uri, options, columns))

        rows = self._explained(ask, table=source.name)
        try:
            return as_number(rows[0]["job_id"])
        except (LookupError, ValueError):
            raise TargetError("IMPORT INTO gave no job id", table=source.name) from None

    def cancel(self, job_id: int) -> None:
        """Ask for the end of a job; one that has ended by then is no error."""
        try:
            self._explained(lambda: self._database().execute("CANCEL IMPORT JOB %s", (job_id,)))
        except LoaderError as error:
            if error.errno not in {_JOB_NOT_FOUND, _JOB_HAS_ENDED}:
                raise

    def _database(self) -> Database:
        if self._db is None:
            self._db = self._open()
        return self._db

    def _rows(self, sql: str, args: Sequence[object] = ()) -> list[dict[str, Any]]:
        return self._explained(lambda: self._database().named(sql, args))

    def _explained(self, call: Callable[[], _Answer], *, table: str | None = None) -> _Answer:
        """Errors of the same kind, without secrets: not in their chain of causes either, which logs print."""
        try:
            return call()
        except ConfigError:  # of the connection itself
            raise
        except LoaderError as error:
            text, remedy = self._redactor.text(error.message), _REMEDIES.get(error.errno or 0, error.remedy)
            found = type(error)(text, errno=error.errno, table=error.table or table, remedy=remedy)
        self.close()
        raise found
