"""A server that somebody else started, said by a DSN: tests use it as their own, but can't kill or configure it."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import unquote, urlsplit

import pymysql
import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pymysql.connections import Connection

SYSTEM_SCHEMAS = frozenset({"information_schema", "mysql", "performance_schema", "sys", "metrics_schema"})
_EMPTY_AT_FIRST = "test"  # TiDB makes it
_found_empty: set[str] = set()  # by this run, whose tests may have filled them since


class ForeignServer:
    """What :class:`dev.private_server.PrivateServer` offers, of a server that is only reached over TCP.

    The account of the DSN (``mysql://user:password@host:port``) needs all privileges. Tests drop every schema, so the
    server must be empty at the start; what needs the server's process or files leaves its test out, by name.
    """

    def __init__(self, name: str, dsn: str) -> None:
        self.name = name
        parts = urlsplit(dsn)
        self.host = parts.hostname or "127.0.0.1"
        self.port = parts.port or 3306
        self.user = unquote(parts.username or "root")
        self.password = unquote(parts.password or "")
        if dsn not in _found_empty and (schemas := self._schemas()):
            pytest.exit(f"TEST_{name.upper()}_DSN: tests drop every schema, and this server has {schemas}", 1)
        _found_empty.add(dsn)

    @property
    def flavour(self) -> str:
        """Whose words it speaks: ``mariadb``, ``mysql`` or ``tidb``."""
        return self.name

    def connect(self, **overrides: Any) -> Connection[Any]:
        arguments: dict[str, Any] = {
            "host": self.host,
            "port": self.port,
            "user": self.user,
            "password": self.password,
            "charset": "utf8mb4",
            "autocommit": True,
        }
        return pymysql.connect(**{**arguments, **overrides})

    def client(self, statements: str | bytes | Path, *, database: str = "", arguments: Sequence[str] = ()) -> bytes:
        program = shutil.which("mariadb")
        assert program is not None
        command = [program, "--no-defaults", f"--host={self.host}", f"--port={self.port}", f"--user={self.user}"]
        command += ["--binary-mode", "--default-character-set=utf8mb4", *arguments]
        data = statements.read_bytes() if isinstance(statements, Path) else statements
        done = subprocess.run(
            [*command, *([f"--database={database}"] if database else [])],
            input=data.encode() if isinstance(data, str) else data,
            env={"MYSQL_PWD": self.password},
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"the client ended with {done.returncode}: {done.stderr.decode(errors='replace')}")
        return done.stdout

    @property
    def folder(self) -> Path:
        self.leave_out("looks into the server's folder")

    @property
    def data_folder(self) -> Path:
        self.leave_out("looks into the server's data")

    @property
    def log_file(self) -> Path:
        self.leave_out("reads the server's log")

    @property
    def socket(self) -> str:
        self.leave_out("comes over the server's socket")

    @property
    def pid(self) -> int:
        self.leave_out("signals the server")

    def kill9(self) -> None:
        self.leave_out("kills the server")

    def restart(self) -> None:
        self.leave_out("restarts the server")

    def start(self) -> None:
        self.leave_out("starts the server")

    def stop(self) -> None:
        self.leave_out("stops the server")

    def leave_out(self, why: str) -> NoReturn:
        """Skip the test, saying what it would do to the server."""
        pytest.skip(f"{self.name} is somebody else's: this test {why}")

    def _schemas(self) -> list[str]:
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SHOW DATABASES")
            schemas = [schema for (schema,) in cursor.fetchall() if schema.lower() not in SYSTEM_SCHEMAS]
            if _EMPTY_AT_FIRST in schemas:
                cursor.execute(f"SHOW TABLES FROM {_EMPTY_AT_FIRST}")
                if not cursor.fetchall():
                    schemas.remove(_EMPTY_AT_FIRST)
        return schemas
