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
from airflow_dm_loader.target.answers import Shape, as_it_is, as_number, read_rows, unexpected
from airflow_dm_loader.target.connecting import DRIVER_ERRORS, assignments, connect, is_tidb
from airflow_dm_loader.target.driver_errors import translate
from airflow_dm_loader.target.local_stream import LocalStreamConnection

_N = r"(\d{1,20})(?!\d)"
_INFO = re.compile(rf"Records: {_N}\D+(?:Duplicates: {_N}|Deleted: {_N}\D+Skipped: {_N})\D+Warnings: {_N}")


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
            self._folds_names = self.sure("SELECT @@lower_case_table_names", shape=(as_number,))[0] != 0
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
                    return self._result(sql)
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

    def query(
        self, sql: str, args: Sequence[object] = (), *, shape: Shape, or_nothing: bool = False
    ) -> list[tuple[Any, ...]]:
        """All rows of a query that is known to give few.

        Args:
            shape: what each of its columns holds; see :mod:`~airflow_dm_loader.target.answers`.
            or_nothing: some servers answer it without rows or columns.

        Raises:
            TargetError: the answer is of another shape.
        """
        columns, rows = self._asked(sql, args)
        if or_nothing and not columns:
            return []
        return read_rows(columns, rows, shape, sql)

    def named(self, sql: str, args: Sequence[object] = ()) -> list[dict[str, Any]]:
        """All rows, each by the names of its columns in lower case: for answers that differ by the server's version."""
        names, rows = self._asked(sql, args)
        if not names:
            raise unexpected("it has no columns", sql)
        return [dict(zip(names, row, strict=True)) for row in read_rows(names, rows, (as_it_is,) * len(names), sql)]

    def one(self, sql: str, args: Sequence[object] = (), *, shape: Shape) -> tuple[Any, ...] | None:
        """The first row, if there is any."""
        rows = self.query(sql, args, shape=shape)
        return rows[0] if rows else None

    def sure(self, sql: str, args: Sequence[object] = (), *, shape: Shape) -> tuple[Any, ...]:
        """The row of a question that gives one whatever is in the server, such as an aggregate's."""
        row = self.one(sql, args, shape=shape)
        if row is None:
            raise unexpected("it has no row", sql)
        return row

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

    def _asked(self, sql: str, args: Sequence[object]) -> tuple[list[str], Sequence[Sequence[object]]]:
        """The names of the columns, in lower case, and the rows; an answer without rows has no columns."""
        with self._translated(), self._connection.cursor() as cursor:
            cursor.execute(sql, tuple(args) or None)
            self._only_one_answer(sql)
            return [str(column[0]).lower() for column in cursor.description or ()], cursor.fetchall()

    def _only_one_answer(self, question: str | None) -> None:
        """We ask one question at a time: what announces more answers would be waited for by PyMySQL, without end."""
        answer: Any = self._connection._result
        if answer.has_next:
            answer.has_next = False
            self.close()
            raise unexpected("it announces another answer", question)

    def _result(self, question: str | None = None) -> Result:
        self._only_one_answer(question)
        answer: Any = self._connection._result  # PyMySQL shows warnings and info nowhere else
        if answer.description is not None:
            raise unexpected("it has rows", question)
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
