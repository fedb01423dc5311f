"""A TCP proxy between the loader and the server that cuts, stalls, and keeps answers to itself.

It works on real bytes: after so many bytes of a connection, or at the packet that says COMMIT.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from tests.waiting import PATIENCE_S

_COM_QUERY_COMMIT = b"\x03COMMIT"
_RESET = struct.pack("ii", 1, 0)  # linger for 0 s: close with RST


@dataclass(frozen=True)
class Fault:
    """What shall happen to one connection; bytes are those that the client sent on it, where nothing else is said."""

    cut_after_bytes: int | None = None
    cut_after_answered_bytes: int | None = None  # of the server
    stall_after_bytes: int | None = None
    stall_s: float = 0.0
    stalls: threading.Semaphore | None = None  # how many connections may, where several share it
    drop_answer_to_commit: int | None = None  # the first, the second ...


class Proxy:
    """Listens on a port of its own.

    Args:
        server: host and port that it leads to.
        fault_of: what shall happen to the n-th connection, counted from 0; None: nothing.
        on_fault: called with what happened, when it did.
    """

    def __init__(
        self, server: tuple[str, int], fault_of: Callable[[int], Fault | None], on_fault: Callable[[str], None]
    ) -> None:
        self._server = server
        self._fault_of = fault_of
        self._on_fault = on_fault
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self._pairs: list[_Pair] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for pair in self._pairs:
            pair.cut()
        for thread in self._threads:
            thread.join(PATIENCE_S)

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        number = 0
        while not self._closing.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._server)
            except OSError:  # it is down
                client.close()
                continue
            pair = _Pair(client, server, self._fault_of(number) or Fault(), self._on_fault, self._closing)
            self._pairs.append(pair)
            self._start(pair.pass_to_server)
            self._start(pair.pass_to_client)
            number += 1


class _Pair:
    """One connection of a client, and the one to the server that it leads to."""

    def __init__(
        self,
        client: socket.socket,
        server: socket.socket,
        fault: Fault,
        on_fault: Callable[[str], None],
        closing: threading.Event,
    ) -> None:
        self._client, self._server = client, server
        self._fault = fault
        self._on_fault = on_fault
        self._closing = closing
        self._swallow = threading.Event()  # the server's next bytes
        self._packets = _ClientPackets()

    def cut(self) -> None:
        """Reset both sides."""
        for end in (self._client, self._server):
            try:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()

    def pass_to_server(self) -> None:
        fault, passed, commits = self._fault, 0, 0
        stalled = False
        try:
            while data := self._client.recv(1 << 14):
                if fault.cut_after_bytes is not None and passed + len(data) > fault.cut_after_bytes:
                    self._server.sendall(data[: fault.cut_after_bytes - passed])
                    self._on_fault("connection cut at a random byte")
                    return
                if not stalled and (until := self._stalls_at(passed + len(data))) is not None:
                    part = until - passed
                    self._server.sendall(data[:part])
                    self._on_fault("connection stalled")
                    self._closing.wait(fault.stall_s)
                    stalled = True
                    self._server.sendall(data[part:])
                    passed += len(data)
                    continue
                commits += self._packets.commits_in(data)
                if fault.drop_answer_to_commit is not None and commits >= fault.drop_answer_to_commit:
                    self._swallow.set()  # nothing else is under way: the client waits for this answer
                self._server.sendall(data)
                passed += len(data)
        except OSError:
            pass
        finally:
            if not self._swallow.is_set():
                self.cut()

    def _stalls_at(self, passed: int) -> int | None:
        """After which byte of those that would have passed then."""
        fault = self._fault
        if fault.stall_after_bytes is None or passed <= fault.stall_after_bytes:
            return None
        return fault.stall_after_bytes if fault.stalls is None or fault.stalls.acquire(blocking=False) else None

    def pass_to_client(self) -> None:
        limit, answered, ended = self._fault.cut_after_answered_bytes, 0, False
        try:
            while data := self._server.recv(1 << 14):
                if limit is not None and answered + len(data) > limit:
                    self._client.sendall(data[: limit - answered])
                    self._on_fault("connection cut in an answer")
                    return
                answered += len(data)
                if self._swallow.is_set():
                    self._on_fault("answer to COMMIT dropped")
                    return
                self._client.sendall(data)
            ended = True
        except OSError:
            pass
        finally:
            if ended:
                self._pass_end_to_client()
            else:
                self.cut()

    def _pass_end_to_client(self) -> None:
        """The server hung up in good order: what it said before still arrives, which a reset would take back."""
        with suppress(OSError):
            self._client.shutdown(socket.SHUT_WR)


class _ClientPackets:
    """Follows the client's packets: 3 bytes of length, a sequence number, the payload."""

    def __init__(self) -> None:
        self._header = b""
        self._payload = b""
        self._missing = 0
        self._sequence = 0

    def commits_in(self, data: bytes) -> int:
        """How many COMMIT commands end in these bytes."""
        found = 0
        while data:
            if not self._missing:
                taken = 4 - len(self._header)
                self._header, data = self._header + data[:taken], data[taken:]
                if len(self._header) == 4:
                    self._missing, self._sequence = int.from_bytes(self._header[:3], "little"), self._header[3]
                    self._header, self._payload = b"", b""
                continue
            self._payload += data[: min(self._missing, len(_COM_QUERY_COMMIT) + 1 - len(self._payload))]
            taken = min(self._missing, len(data))
            data, self._missing = data[taken:], self._missing - taken
            if not self._missing and self._sequence == 0 and self._payload == _COM_QUERY_COMMIT:
                found += 1
        return found
