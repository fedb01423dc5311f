"""Where an Airflow of ours keeps what it knows: a SQLite file, or a schema of a server as its several hosts need it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

if TYPE_CHECKING:
    from dev.private_server import PrivateServer


class AirflowDatabase(Protocol):
    @property
    def uri(self) -> str:
        """As Airflow is told it, for SQLAlchemy."""
        ...

    def rows(self, sql: str, *values: str) -> list[tuple[Any, ...]]:
        """What a query of ours answers; ``?`` stands for a value."""
        ...


@dataclass(frozen=True)
class SqliteFile:
    """A file that Airflow makes."""

    path: Path

    @property
    def uri(self) -> str:
        return f"sqlite:///{self.path}?timeout=300"

    def rows(self, sql: str, *values: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=30)) as connection:
            return connection.execute(sql, values).fetchall()


@dataclass(frozen=True)
class ServerSchema:
    """A schema of a MySQL server, which is there already: :meth:`make` makes it."""

    server: PrivateServer
    schema: str = "airflow"

    @classmethod
    def make(cls, server: PrivateServer) -> ServerSchema:
        made = cls(server)
        server.client(f"CREATE DATABASE `{made.schema}` CHARACTER SET utf8mb4")
        return made

    @property
    def uri(self) -> str:
        server = self.server
        account = f"{server.user}:{quote(server.password, safe='')}"
        return f"mysql+pymysql://{account}@{server.host}:{server.port}/{self.schema}"

    def rows(self, sql: str, *values: str) -> list[tuple[Any, ...]]:
        with closing(self.server.connect(database=self.schema)) as connection, connection.cursor() as cursor:
            cursor.execute(sql.replace("?", "%s"), values)
            return list(cursor.fetchall())
