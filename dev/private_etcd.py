"""An etcd of our own for tests: one member in a temporary folder, on free ports of 127.0.0.1.

with PrivateEtcd() as etcd:
    EtcdConfig(endpoints=[etcd.url])
"""

from __future__ import annotations

import base64
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from dev.guard import Guard
from dev.places import LOOPBACK, free_port, new_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

START_TIMEOUT_S = 60.0
BOOTSTRAPPED = Path(__file__).parents[1] / ".bootstrap" / "etcd" / "usr" / "bin" / "etcd"


class PrivateEtcd:
    """A member that this process owns; it goes, and its folder with it, also when this process dies.

    ``options`` are etcd's own. With ``tls``, clients come by https.
    """

    def __init__(self, *options: str, tls: bool = False) -> None:
        self._options: Sequence[str] = options
        self._scheme = "https" if tls else "http"
        self._folder = new_folder("private-etcd-")
        self._guard = Guard(self._folder)
        self._process: subprocess.Popen[bytes] | None = None
        self.port, self._peer_port = free_port(), free_port()

    @property
    def url(self) -> str:
        return f"{self._scheme}://{LOOPBACK}:{self.port}"

    def start(self) -> Self:
        """Start it, on its old data if it had been stopped or killed, and wait until it answers."""
        peer = f"http://{LOOPBACK}:{self._peer_port}"
        with (self._folder / "etcd.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    _program(),
                    f"--data-dir={self._folder / 'data'}",
                    f"--listen-client-urls={self.url}",
                    f"--advertise-client-urls={self.url}",
                    f"--listen-peer-urls={peer}",
                    f"--initial-advertise-peer-urls={peer}",
                    f"--initial-cluster=default={peer}",
                    "--heartbeat-interval=50",
                    "--election-timeout=250",
                    "--logger=zap",
                    "--log-outputs=stderr",
                    *self._options,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={},
            )
        self._guard.watch(self._process.pid)
        self._wait_until_ready()
        return self

    def kill9(self) -> None:
        """Kill it as a power cut would; :meth:`start` then goes on with what it had written."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None
        self._guard.watch(None)

    def stop(self) -> None:
        """Kill it and remove its folder."""
        try:
            if self._process is not None:
                self.kill9()
        finally:
            self._guard.dismiss()
            shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def call(self, path: str, **body: Any) -> Any:
        """One call of its JSON gateway, by plain HTTP: ``call("kv/range", key=..., range_end=...)``."""
        import requests

        answer = requests.post(f"{self.url}/v3/{path}", json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def ask_for_accounts(self, password: str) -> None:
        """From now on it asks who comes: ``root``, or ``loader`` with the role of docs/privileges.md."""
        for name in ("root", "loader"):
            self.call("auth/user/add", name=name, password=password)
            self.call("auth/role/add", name=name)
            self.call("auth/user/grant", user=name, role=name)
        for prefix in ("/dm-master/lightning-coord", "/dm-master/load-task"):  # "0" comes after "/"
            first, after = (base64.b64encode(f"{prefix}{end}".encode()).decode() for end in "/0")
            permission = {"permType": "READWRITE", "key": first, "range_end": after}
            self.call("auth/role/grant", name="loader", perm=permission)
        self.call("auth/enable")

    def _wait_until_ready(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                tail = (self._folder / "etcd.log").read_text(errors="replace")[-3000:]
                raise RuntimeError(f"etcd does not answer:\n{tail}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        """Whether it listens, which it does once it has a leader."""
        with socket.socket() as probe:
            return probe.connect_ex((LOOPBACK, self.port)) == 0


def _program() -> str:
    found = shutil.which("etcd") or (str(BOOTSTRAPPED) if BOOTSTRAPPED.exists() else None)
    if found is None:
        raise RuntimeError("etcd is not installed: run dev/bootstrap.sh")
    return found
