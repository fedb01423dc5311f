"""A Redis of our own, which Celery's workers get their tasks from: in a temporary folder, on a free port of 127.0.0.1.

with PrivateRedis() as redis:
    environment = {"AIRFLOW__CELERY__BROKER_URL": redis.url}

The program is this machine's, or else Debian's, unpacked into ``.bootstrap`` when it is first asked for.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from typing import Self

from dev.guard import Guard
from dev.places import LOOPBACK, free_port, new_folder
from dev.unpacked import UnpackedRelease

START_TIMEOUT_S = 60.0
_RELEASE = "trixie"


class PrivateRedis:
    """A server that this process owns; it goes, and its folder with it, also when this process dies."""

    def __init__(self) -> None:
        self._folder = new_folder("private-redis-")
        self._guard = Guard(self._folder)
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        """Of its first database."""
        return f"redis://{LOOPBACK}:{self.port}/0"

    def __enter__(self) -> Self:
        """Start it, and wait until it answers. Raises LookupError where it is not here and can't be had."""
        try:
            with (self._folder / "redis.log").open("ab") as log:
                self._process = subprocess.Popen(
                    [*_command(), "--bind", LOOPBACK, "--port", str(self.port), "--dir", str(self._folder)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            self._guard.watch(self._process.pid)
            self._wait_until_ready(self._process)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc_info: object) -> None:
        try:
            if self._process is not None:
                self._process.kill()
                self._process.wait()
                self._process = None
        finally:
            self._guard.dismiss()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            if process.poll() is not None or time.monotonic() > deadline:
                tail = (self._folder / "redis.log").read_text(errors="replace")[-3000:]
                raise RuntimeError(f"Redis does not answer:\n{tail}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((LOOPBACK, self.port)) == 0


def _command() -> list[str]:
    found = shutil.which("redis-server")
    if found is not None:
        return [found]
    release = UnpackedRelease("redis")
    if release.find("redis-server") is None:
        release.get(_RELEASE, ["redis-server"])
    return release.find("redis-server") or []
