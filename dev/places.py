"""Folders and ports of 127.0.0.1 for what is private to a run."""

from __future__ import annotations

import os
import secrets
import socket
import tempfile
from pathlib import Path

LOOPBACK = "127.0.0.1"
PLACE = "PRIVATE_SERVERS_IN"
_GIVEN_TO_CLIENTS = Path("/proc/sys/net/ipv4/ip_local_port_range")
_FIRST_PORT = 10_000


def new_folder(prefix: str) -> Path:
    """A temporary folder, in the one that ``PRIVATE_SERVERS_IN`` names if it does: tests name one in memory."""
    return Path(tempfile.mkdtemp(prefix=prefix, dir=os.environ.get(PLACE)))


def free_port() -> int:
    """A port that nobody listens on, and that the system gives to no client meanwhile.

    So a server that was killed finds it free when it comes back.
    """
    end = int(_GIVEN_TO_CLIENTS.read_text().split()[0]) if _GIVEN_TO_CLIENTS.exists() else 0
    while True:
        port = _FIRST_PORT + secrets.randbelow(end - _FIRST_PORT) if end > 2 * _FIRST_PORT else 0
        with socket.socket() as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            bound: int = probe.getsockname()[1]
            return bound
