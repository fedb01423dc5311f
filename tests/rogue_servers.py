"""Servers that do not mean well: small programs behind a socket of 127.0.0.1, or of this machine's own address."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

LOOPBACK = "127.0.0.1"
OK = b"\0\0\0\2\0\0\0"
EOF = b"\xfe\0\0\2\0"
PLUGIN_AUTH, SECURE, PROTOCOL_41, TLS = 1 << 19, 1 << 15, 1 << 9, 1 << 11


class Talk:
    """The server's side of one connection; reading raises EOFError when the client has gone."""

    def __init__(self, endpoint: socket.socket, number: int) -> None:
        self.endpoint = endpoint
        self.number = number  # 0: the first connection
        self.heard = bytearray()
        self._sequence = 0

    def read(self) -> bytes:
        """The client's next packet."""
        head = self._exactly(4)
        self._sequence = head[3] + 1
        payload = self._exactly(int.from_bytes(head[:3], "little"))
        self.heard += payload
        return payload

    def send(self, payload: bytes) -> None:
        self.endpoint.sendall(self.packed(payload))

    def packed(self, payload: bytes) -> bytes:
        packet = struct.pack("<I", len(payload))[:3] + bytes([self._sequence % 256]) + payload
        self._sequence += 1
        return packet

    def greet(self, plugin: bytes = b"mysql_native_password", *, offers: int = 0, session: int = 7) -> None:
        flags = PLUGIN_AUTH | SECURE | PROTOCOL_41 | offers
        self.send(
            b"\x0a8.0.36\0" + struct.pack("<I", session) + b"12345678\0" + struct.pack("<HBH", flags & 0xFFFF, 45, 2)
            + struct.pack("<HB", flags >> 16, 21) + bytes(10) + b"123456789012\0" + plugin + b"\0"
        )  # fmt: skip

    def let_in(self) -> None:
        """Greet, and take whatever comes for a sign-in and a set-up."""
        self.greet()
        self.read()
        self.send(OK)

    def statement(self) -> str:
        return self.read()[1:].decode()

    def answer(self, *rows: tuple[str, ...], columns: int = 1) -> None:
        """A result set of texts."""
        self.send(bytes([columns]))
        for _ in range(columns):
            self.describe()
        self.send(EOF)
        for row in rows:
            self.send(b"".join(bytes([len(text)]) + text.encode() for text in row))
        self.send(EOF)

    def describe(self) -> None:
        """A column of text."""
        self.send(b"\3def\0\0\0\1c\0\x0c" + struct.pack("<HIBHB", 45, 80, 253, 0, 0) + b"\0\0")

    def until_asked(self, beginning: str) -> str:
        """Say OK to every statement until one begins so, which is left unanswered."""
        while not (asked := self.statement()).startswith(beginning):
            self.send(OK)
        return asked

    def wait_for_the_end(self) -> None:
        while True:
            self._exactly(1)

    def _exactly(self, size: int) -> bytes:
        got = b""
        while len(got) < size:
            if not (part := self.endpoint.recv(size - len(got))):
                raise EOFError
            got += part
        return got


class Rogue:
    """A running one."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self.talks: list[Talk] = []

    @property
    def heard(self) -> bytes:
        """All that it was told."""
        return b"\n".join(bytes(talk.heard) for talk in self.talks)


@contextmanager
def rogue(behave: Callable[[Talk], None], host: str = LOOPBACK) -> Iterator[Rogue]:
    """A server that does with each connection what ``behave`` does; it goes with the block."""
    with socket.create_server((host, 0)) as listening:
        running = Rogue(host, listening.getsockname()[1])
        listening.settimeout(0.1)
        over = threading.Event()
        threads: list[threading.Thread] = []

        def serve(talk: Talk) -> None:
            with suppress(OSError, EOFError), talk.endpoint:
                behave(talk)

        def accept() -> None:
            while not over.is_set():
                try:
                    endpoint, _ = listening.accept()
                except TimeoutError:
                    continue
                running.talks.append(Talk(endpoint, len(running.talks)))
                threads.append(threading.Thread(target=serve, args=(running.talks[-1],), daemon=True))
                threads[-1].start()

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield running
        finally:
            over.set()
            accepting.join()
            for talk in running.talks:
                with suppress(OSError):
                    talk.endpoint.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join()


def own_address() -> str | None:
    """An address of this machine that is not of its loopback; None: it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return None
        address: str = probe.getsockname()[0]
        return None if address.startswith("127.") else address
