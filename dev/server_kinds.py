"""The kinds of server that tests run on: how each is installed, started and entered.

``MARIADB`` is this machine's, which everything runs on. ``NEWER_MARIADB`` and ``MYSQL`` come out of newer Debian
releases, in whatever version these have; see ``dev/bootstrap.sh``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dev.unpacked import UnpackedRelease

# As durable as a server in production, since tests kill it; only its memory and its redo log are small.
_COMMON_OPTIONS: Mapping[str, str] = {
    "character-set-server": "utf8mb4",
    "innodb-buffer-pool-size": "256M",
    "innodb-flush-log-at-trx-commit": "1",
    "performance-schema": "OFF",
    "skip-name-resolve": "ON",
}


@dataclass(frozen=True)
class ServerKind(ABC):
    """A server's programs and first steps; without ``release`` they are this machine's.

    ``name`` is what tests call it, ``options`` are the server's own, which a test's win over.
    """

    name: str
    options: Mapping[str, str]
    release: UnpackedRelease | None = None

    server_program = "mariadbd"
    client_program = "mariadb"

    @abstractmethod
    def install(self, data_folder: Path, temporary_folder: Path) -> None:
        """Make an empty server's files; its only account is root, over the socket, without a password."""

    @abstractmethod
    def first_statements(self, root_password: str, user: str, host: str, password: str) -> str:
        """One a line: root gets its password, and ``user`` may do everything."""

    def __str__(self) -> str:
        return self.name

    @property
    def flavour(self) -> Literal["mariadb", "mysql"]:
        return "mysql" if self.server_program == "mysqld" else "mariadb"

    @property
    def is_installed(self) -> bool:
        return self._find(self.server_program) is not None

    @property
    def plugin_folder(self) -> Path:
        """Plugins and components of an unpacked release, for the option ``plugin-dir``."""
        assert self.release is not None
        return self.release.usr / "lib" / "mysql" / "plugin"

    def command(self, program: str) -> list[str]:
        """What runs one of its programs; RuntimeError where it is not installed."""
        found = self._find(program)
        if found is None:
            raise RuntimeError(f"{program} ({self}) is not installed: run dev/bootstrap.sh")
        return found

    def server(self) -> list[str]:
        """The server's command with what it needs to find its own files."""
        return [*self.command(self.server_program), "--no-defaults", *self._own_paths(), *_as_root_if_root()]

    def version(self) -> str:
        said = subprocess.run([*self.command(self.server_program), "--version"], capture_output=True, check=True).stdout
        found = re.search(r" Ver (\d+(?:\.\d+)+)", said.decode())
        assert found is not None, said
        return found.group(1)

    def _find(self, program: str) -> list[str] | None:
        if self.release is not None:
            return self.release.find(program)
        # Debian keeps servers in /usr/sbin, which is not on everybody's PATH.
        found = shutil.which(program, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")
        return None if found is None else [found]

    def _own_paths(self) -> list[str]:
        if self.release is None:
            return []
        usr = self.release.usr
        share = usr / "share" / self.flavour
        return [f"--basedir={usr}", f"--lc-messages-dir={share}", f"--character-sets-dir={share / 'charsets'}"]

    def _run(self, command: list[str], *, statements: str = "", temporary_folder: Path) -> None:
        done = subprocess.run(
            command,
            input=statements.encode(),
            env={**os.environ, "TMPDIR": str(temporary_folder)},  # two installations may meet in /tmp
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"installing {self} ended with {done.returncode}: {done.stdout.decode()}")


class MariaDB(ServerKind):
    def install(self, data_folder: Path, temporary_folder: Path) -> None:
        if self.release is not None:
            self._install_by_statements(data_folder, temporary_folder)
            return
        self._run(
            [
                *self.command("mariadb-install-db"),
                "--no-defaults",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                "--skip-name-resolve",
                "--force",  # even where this host's name can't be looked up
                f"--datadir={data_folder}",
                *_as_root_if_root(),
            ],
            temporary_folder=temporary_folder,
        )

    def first_statements(self, root_password: str, user: str, host: str, password: str) -> str:
        return (
            "DELETE FROM mysql.global_priv WHERE User = 'root' AND Host <> 'localhost';\n"
            "FLUSH PRIVILEGES;\n"
            f"ALTER USER root@localhost IDENTIFIED BY '{root_password}';\n"
            f"CREATE USER {user}@'{host}' IDENTIFIED BY '{password}';\n"
            f"GRANT ALL PRIVILEGES ON *.* TO {user}@'{host}' WITH GRANT OPTION;\n"
        )

    def _install_by_statements(self, data_folder: Path, temporary_folder: Path) -> None:
        """What mariadb-install-db does; that script can't run a server by another loader."""
        assert self.release is not None
        share = self.release.usr / "share" / "mariadb"
        files = ("system_tables", "performance_tables", "system_tables_data")
        scripts = [share / f"mariadb_{name}.sql" for name in files]
        scripts += [share / "maria_add_gis_sp_bootstrap.sql", share / "mariadb_sys_schema.sql"]
        (data_folder / "mysql").mkdir(parents=True)
        self._run(
            [*self.server(), "--bootstrap", f"--datadir={data_folder}", f"--tmpdir={temporary_folder}"],
            statements=(
                "CREATE DATABASE IF NOT EXISTS mysql;\nUSE mysql;\n"
                "SET @auth_root_socket = NULL, @skip_auth_anonymous = 1, @current_hostname = 'localhost';\n"
                + "".join(script.read_text() for script in scripts)
            ),
            temporary_folder=temporary_folder,
        )


class MySQL(ServerKind):
    server_program = "mysqld"
    client_program = "mysql"

    def install(self, data_folder: Path, temporary_folder: Path) -> None:
        quick = ["--skip-log-bin", "--innodb-redo-log-capacity=8M", "--innodb-flush-log-at-trx-commit=0"]
        self._run(
            [*self.server(), "--initialize-insecure", f"--datadir={data_folder}", *quick],
            temporary_folder=temporary_folder,
        )

    def first_statements(self, root_password: str, user: str, host: str, password: str) -> str:
        return (
            f"ALTER USER root@localhost IDENTIFIED BY '{root_password}';\n"
            f"CREATE USER {user}@'{host}' IDENTIFIED BY '{password}';\n"
            f"GRANT ALL PRIVILEGES ON *.* TO {user}@'{host}' WITH GRANT OPTION;\n"
        )

    def _own_paths(self) -> list[str]:
        # Debian's own folder for files is not there; the X protocol would want a port of its own.
        return [*super()._own_paths(), "--secure-file-priv=NULL", "--mysqlx=OFF"]


def _as_root_if_root() -> list[str]:
    """Root must say under whom the server runs; under root itself, who alone may enter the folder."""
    return ["--user=root"] if os.geteuid() == 0 else []


_MARIADB_OPTIONS = {**_COMMON_OPTIONS, "innodb-log-file-size": "64M"}

MARIADB = MariaDB("mariadb", {**_MARIADB_OPTIONS, "collation-server": "utf8mb4_general_ci"})
NEWER_MARIADB = MariaDB("mariadb-trixie", _MARIADB_OPTIONS, UnpackedRelease("mariadb-trixie"))
MYSQL = MySQL(
    "mysql",
    {**_COMMON_OPTIONS, "innodb-redo-log-capacity": "128M", "skip-log-bin": "ON", "local-infile": "ON"},
    UnpackedRelease("mysql"),
)
ALL = (MARIADB, NEWER_MARIADB, MYSQL)
