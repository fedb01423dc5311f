"""A MariaDB or MySQL server of our own for tests, the demo and benchmarks.

It lives in a temporary folder, listens on a socket there and on a free port of 127.0.0.1, and reads no
configuration file of the machine. A server that somebody else started is never touched.

    with PrivateServer(MYSQL) as server:
        server.client(Path("dump.sql"))
        with server.connect() as connection: ...
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from dev.guard import Guard
from dev.places import LOOPBACK, free_port, new_folder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pymysql.connections import Connection

    from dev.server_kinds import ServerKind

SOCKET_PATH_LIMIT = 107  # bytes: sockaddr_un's 108 with the final NUL
START_TIMEOUT_S = 180.0
STOP_TIMEOUT_S = 60.0
_INSTALLED = Path(__file__).parents[1] / ".bootstrap" / "installed"


class PrivateServer:
    """A server that this process owns; use it as a context manager, or call :meth:`start` and :meth:`stop`.

    ``options`` are the server's own (``{"max-allowed-packet": "1M"}``) and win over those of its ``kind``.
    ``user`` and ``password`` are of an account with all privileges, which comes over TCP. The folder goes,
    and the server with it, on :meth:`stop`, and also when this process dies without calling it.
    """

    user = "loader"
    host = LOOPBACK

    def __init__(self, kind: ServerKind, options: Mapping[str, str] | None = None) -> None:
        self.kind = kind
        self._options = {**kind.options, **{key.replace("_", "-"): value for key, value in (options or {}).items()}}
        self._folder: Path | None = None
        self._guard: Guard | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._root_password = secrets.token_urlsafe(18)
        self.password = secrets.token_urlsafe(18)
        self.port = 0  # until the first start; then the same for good, so that clients can come back

    @property
    def flavour(self) -> str:
        """Whose words it speaks: ``mariadb`` or ``mysql``."""
        return self.kind.flavour

    # -- where things are ------------------------------------------------------------------------------

    @property
    def folder(self) -> Path:
        """The temporary folder that holds everything of this server."""
        if self._folder is None:
            raise RuntimeError("the private server has not been started")
        return self._folder

    @property
    def socket(self) -> str:
        return str(self.folder / "s.sock")

    @property
    def data_folder(self) -> Path:
        return self.folder / "data"

    @property
    def log_file(self) -> Path:
        return self.folder / "server.log"

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("the private server is not running")
        return self._process.pid

    # -- its life --------------------------------------------------------------------------------------

    def start(self) -> Self:
        """Start the server, on its old data if it had been stopped or killed, and wait until it answers."""
        if self._process is not None:
            raise RuntimeError("the private server is running already")
        try:
            fresh = self._folder is None
            if fresh:
                self._install()
                self.port = self.port or free_port()
            self._launch(fresh=fresh)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Shut the server down and remove its folder. Does nothing when that was done already."""
        try:
            self._shut_down()
        finally:
            if self._guard is not None:
                self._guard.dismiss()
                self._guard = None
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
                self._folder = None

    def kill9(self) -> None:
        """Kill the server as a power cut would; :meth:`start` then recovers its data."""
        if self._process is None:
            raise RuntimeError("the private server is not running")
        self._process.kill()
        self._forget_process()

    def restart(self) -> None:
        """Shut the server down in good order and start it again on the same data and port."""
        self._shut_down()
        self.start()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    # -- ways in ---------------------------------------------------------------------------------------

    def connect(self, **overrides: Any) -> Connection[Any]:
        """A PyMySQL connection as root over the socket, in autocommit; ``overrides`` are PyMySQL's arguments."""
        import pymysql

        arguments: dict[str, Any] = {
            "unix_socket": self.socket,
            "user": "root",
            "password": self._root_password,
            "charset": "utf8mb4",
            "autocommit": True,
            "connect_timeout": int(START_TIMEOUT_S),  # a busy machine may keep the server for longer than the usual 10
        }
        return pymysql.connect(**{**arguments, **overrides})

    def client(self, statements: str | bytes | Path, *, database: str = "", arguments: Sequence[str] = ()) -> bytes:
        """Run ``statements``, or those in a file, through its own client as root; what it printed.

        LOAD DATA LOCAL may name any file.

        Raises RuntimeError with the client's own words when it fails.
        """
        command = [
            *self.kind.command(self.kind.client_program),
            f"--defaults-file={self._client_file}",
            "--binary-mode",  # the bytes of a dump as they are
            "--default-character-set=utf8mb4",
            "--local-infile=1",
            *arguments,
            *([f"--database={database}"] if database else []),
        ]
        if isinstance(statements, Path):
            with statements.open("rb") as file:
                done = subprocess.run(command, stdin=file, capture_output=True, check=False)
        else:
            data = statements.encode() if isinstance(statements, str) else statements
            done = subprocess.run(command, input=data, capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError(
                f"the client ended with {done.returncode}: {done.stderr.decode(errors='replace').strip()}"
            )
        return done.stdout

    # -- inside ----------------------------------------------------------------------------------------

    @property
    def _client_file(self) -> Path:
        return self.folder / "client.cnf"

    @property
    def _first_statements(self) -> Path:
        return self.folder / "first.sql"

    def _install(self) -> None:
        self._folder = _temporary_folder()
        self._guard = Guard(self._folder)
        (self.folder / "tmp").mkdir()
        shutil.copytree(_installed(self.kind), self.data_folder)
        self._first_statements.write_text(
            self.kind.first_statements(self._root_password, self.user, LOOPBACK, self.password)
        )
        self._client_file.write_text(f'[client]\nuser=root\npassword="{self._root_password}"\nsocket="{self.socket}"\n')
        self._client_file.chmod(0o600)

    def _launch(self, *, fresh: bool) -> None:
        assert self._guard is not None
        command = [
            *self.kind.server(),
            f"--datadir={self.data_folder}",
            f"--tmpdir={self.folder / 'tmp'}",
            f"--socket={self.socket}",
            f"--pid-file={self.folder / 'server.pid'}",
            f"--bind-address={LOOPBACK}",
            f"--port={self.port}",
            *(f"--{name}={value}" for name, value in self._options.items()),
        ]
        if fresh:
            command.append(f"--init-file={self._first_statements}")
        with self.log_file.open("ab") as log:
            # A session of its own: Ctrl-C in the terminal is for us, and we stop the server in good order.
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self._guard.watch(self._process.pid)
        self._wait_until_ready()
        self._first_statements.unlink(missing_ok=True)

    def _wait_until_ready(self) -> None:
        import pymysql

        assert self._process is not None
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            if _listens(self.socket):  # PyMySQL leaks a socket when it finds nobody
                with suppress(pymysql.OperationalError):
                    self.connect(connect_timeout=2).close()
                    return
            if self._process.poll() is not None:
                raise RuntimeError(f"{self.kind} ended with {self._process.returncode}:\n{self._log_tail()}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.kind} did not answer in {START_TIMEOUT_S:.0f} s:\n{self._log_tail()}")
            time.sleep(0.05)

    def _shut_down(self) -> None:
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except BaseException:  # also a second Ctrl-C
            self._process.kill()
            raise
        finally:
            self._forget_process()

    def _forget_process(self) -> None:
        assert self._process is not None
        assert self._guard is not None
        self._process.wait()
        self._process = None
        self._guard.watch(None)

    def _log_tail(self) -> str:
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-30:])


def _temporary_folder() -> Path:
    """In /tmp if the usual place is too long for a socket, or has a space: mariadb-install-db can't take one."""
    folder = new_folder("private-server-")
    if len(os.fsencode(folder / "s.sock")) > SOCKET_PATH_LIMIT or any(map(str.isspace, str(folder))):
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix="private-server-", dir="/tmp"))
    return folder


def _listens(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(path) == 0


def _installed(kind: ServerKind) -> Path:
    """An empty server's files as the kind installs them, made once on a machine: that takes seconds each time."""
    program = Path(kind.server()[0]).stat()
    folder = _INSTALLED / f"{kind}-{kind.version()}-{program.st_size}-{program.st_mtime_ns}"
    if not folder.exists():
        _INSTALLED.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="installing-") as temporary:
            data = Path(temporary) / "data"
            (Path(temporary) / "tmp").mkdir()
            kind.install(data, Path(temporary) / "tmp")
            (data / "auto.cnf").unlink(missing_ok=True)  # each MySQL makes a number of its own when it finds none
            moving = folder.with_name(f"{folder.name}.{secrets.token_hex(4)}")
            shutil.copytree(data, moving)
        try:
            moving.rename(folder)
        except OSError:  # another process was faster
            shutil.rmtree(moving)
    return folder
