"""Connections to the target as the load uses them: errors translated, never used again after one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import pymysql
from pymysql.constants import SERVER_STATUS

from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import ConnectionLostError
from airflow_dm_loader.identifiers import quote
from airflow_dm_loader.target.connecting import DRIVER_ERRORS, assignments, connect, is_tidb
from airflow_dm_loader.target.driver_errors import translate
from airflow_dm_loader.target.local_stream import LocalStreamConnection

_INFO = re.compile(r"Records: (\d+)\D+(?:Duplicates: (\d+)|Deleted: (\d+)\D+Skipped: (\d+))\D+Warnings: (\d+)")


@dataclass(frozen=True, slots=True)
class Result:
    """What the server said of a statement without rows.

    ``records`` and what follows come from its info text: for inserts of several rows, and for LOAD DATA.
    """

    affected: int
    warnings: int
    records: int | None = None
    deleted: int = 0  # LOAD DATA ... REPLACE
    skipped: int = 0  # LOAD DATA


class Database:
    """One connection. Autocommit is off unless asked for: what is not committed is undone, whatever happens."""

    def __init__(self, connection: LocalStreamConnection) -> None:
        self._connection = connection
        self._default_schema: str | None = None
        self._folds_names: bool | None = None

    @classmethod
    def open(
        cls,
        target: TargetConfig,
        *,
        database: str | None = None,
        session: Mapping[str, str | int] | None = None,
        autocommit: bool = False,
        stop: Callable[[], bool] | None = None,
    ) -> Self:
        """Connect; see :func:`~airflow_dm_loader.target.connecting.connect`."""
        return cls(connect(target, database=database, session=session, autocommit=autocommit, stop=stop))

    @property
    def says_tidb(self) -> bool:
        """Whether the server said, when it was connected to, that it is a TiDB."""
        return is_tidb(self._connection)

    @property
    def connection_id(self) -> int:
        """The server's number of this session, for KILL."""
        return self._connection.session_number

    @property
    def folds_names(self) -> bool:
        """Whether the server compares names of databases and tables without case; asked once."""
        if self._folds_names is None:
            row = self.one("SELECT @@lower_case_table_names")
            self._folds_names = row is not None and int(row[0]) != 0
        return self._folds_names

    @property
    def in_transaction(self) -> bool:
        """Whether the server said, in its last answer, that a transaction is open."""
        return bool(self._connection.server_status & SERVER_STATUS.SERVER_STATUS_IN_TRANS)

    def execute(self, sql: str | bytes, args: Sequence[object] = ()) -> Result:
        """Run a statement; ``bytes`` are sent as they are, in one packet."""
        with self._translated():
            if isinstance(sql, str):
                with self._connection.cursor() as cursor:
                    cursor.execute(sql, tuple(args) or None)
            else:
                self._connection.query(sql)
            return self._result()

    def execute_parts(self, parts: Sequence[bytes | memoryview]) -> Result:
        """Run the statement that ``parts`` make together, without joining them where they are large."""
        with self._translated():
            self._connection.query_parts(parts)
            return self._result()

    def load_local(
        self, statement: bytes, pieces: Iterable[bytes | memoryview], max_packet_bytes: int | None = None
    ) -> Result:
        """LOAD DATA LOCAL from memory; see :class:`LocalStreamConnection`."""
        with self._translated():
            self._connection.load_local(statement, pieces, max_packet_bytes)
            return self._result()

    def query(self, sql: str, args: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query that is known to give few."""
        with self._translated(), self._connection.cursor() as cursor:
            cursor.execute(sql, tuple(args) or None)
            return list(cursor.fetchall())

    def named(self, sql: str, args: Sequence[object] = ()) -> list[dict[str, Any]]:
        """All rows, each by the names of its columns in lower case: for answers that differ by the server's version."""
        with self._translated(), self._connection.cursor() as cursor:
            cursor.execute(sql, tuple(args) or None)
            names = [str(column[0]).lower() for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def one(self, sql: str, args: Sequence[object] = ()) -> tuple[Any, ...] | None:
        rows = self.query(sql, args)
        return rows[0] if rows else None

    def use(self, schema: str) -> None:
        """Make a schema the default one, unless it is already."""
        if schema != self._default_schema:
            self.execute(f"USE {quote(schema)}")
            self._default_schema = schema

    def set_session(self, variables: Mapping[str, str | int]) -> None:
        if variables:
            self.execute("SET " + ", ".join(assignments(variables)), tuple(variables.values()))

    def commit(self) -> None:
        with self._translated():
            self._connection.commit()

    def rollback(self) -> None:
        with self._translated():
            self._connection.rollback()

    def close(self) -> None:
        """Close without a word to the server if need be: an open transaction is undone by it."""
        with suppress(pymysql.err.Error, OSError):
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _result(self) -> Result:
        answer: Any = self._connection._result  # PyMySQL shows warnings and info nowhere else
        info = (answer.message or b"").decode("utf-8", "replace") if answer.message else ""
        counts = _INFO.search(info)
        return Result(
            affected=int(answer.affected_rows or 0),
            warnings=int(counts[5]) if counts else int(answer.warning_count or 0),
            records=int(counts[1]) if counts else None,
            deleted=int((counts and counts[3]) or 0),
            skipped=int((counts and counts[4]) or 0),
        )

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DRIVER_ERRORS as error:
            translated = translate(error)
            if isinstance(translated, ConnectionLostError):
                self.close()
            raise translated from error
