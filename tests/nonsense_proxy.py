"""A proxy before a real server that answers one question of a load with nonsense, and all others as the server does.

It works on packets: the question that is chosen never reaches the server, or its true answer is what nonsense is made
of. A statement that changes something is never answered by a plausible OK, since that would be a lie and no nonsense.
"""

from __future__ import annotations

import random
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

_QUERY, _WHOLE = 3, 0xFFFFFF
_OK, _ERROR, _EOF, _LOCAL = 0x00, 0xFF, 0xFE, 0xFB
_QUESTIONS = (b"SELECT", b"SHOW", b"CHECKSUM", b"ANALYZE")
_TYPES = (3, 8, 246, 5, 253, 252, 12, 10, 11, 245, 16, 6, 99)  # of columns: numbers, texts, moments, JSON, bits, none
_VALUES = (
    b"", b"x", b"0", b"1", b"-1", b"1e999", b"nan", b"9" * 5000, b"\xff\xfe", b"\x1b[2J", b"\xe2\x80\xae", b"null",
    b"[]", b"{" * 2000, b"2026-99-99 99:99:99", b"\x00" * 8, b"1.5",
)  # fmt: skip
_END = b"\xfe\0\0\x02\0"
_MORE = b"\xfe\0\0\x0a\0"  # another answer follows


_Ask = Callable[[], list[bytes]]


@dataclass(frozen=True)
class _Nonsense:
    kind: Callable[[random.Random, _Ask], list[bytes]]
    chance: random.Random

    @property
    def cuts(self) -> bool:
        """Whether the connection ends with it: what begins like an answer would be waited for."""
        return self.kind is _garbage

    def __call__(self, ask: _Ask) -> list[bytes]:
        return self.kind(self.chance, ask)


class NonsenseProxy:
    """Counts the questions over all connections, from 0 on.

    Attributes:
        port: where it listens on 127.0.0.1.
        asked: how many questions came.
        about: what was asked where nonsense was answered.
    """

    def __init__(self, server: tuple[str, int]) -> None:
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._guard = threading.Lock()
        self._chosen = -1
        self._chance = random.Random(0)
        self.port: int = self._listener.getsockname()[1]
        self.asked = 0
        self.about: list[bytes] = []

    def choose(self, number: int, seed: int) -> None:
        """From here on: the question of this number gets the nonsense of this seed; -1: none does."""
        with self._guard:
            self.asked, self._chosen, self.about = 0, number, []
            self._chance = random.Random(seed)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._speak, args=(client,), daemon=True).start()

    def _speak(self, client: socket.socket) -> None:
        with suppress(OSError, EOFError), client, socket.create_connection(self._server) as server:
            for endpoint in (client, server):
                endpoint.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if _sign_in(client, server):
                while True:
                    self._answer(client, server, _read(client))

    def _answer(self, client: socket.socket, server: socket.socket, question: list[bytes]) -> None:
        text = question[0][1:] if question[0][:1] == bytes([_QUERY]) else b""
        nonsense = self._nonsense(text) if text else None
        if nonsense is None:
            _write(server, question, 0)
            _pass_answer(client, server)
        else:
            _write(client, nonsense(lambda: _asked(server, question)), 1)
            if nonsense.cuts:
                raise EOFError

    def _nonsense(self, text: bytes) -> _Nonsense | None:
        with self._guard:
            self.asked += 1
            if self.asked - 1 != self._chosen:
                return None
            self.about.append(text)
            is_question = text.lstrip().upper().startswith(_QUESTIONS) and b" INTO " not in text[:200]
            kinds = [_error, _garbage, _answer_of_rows, *([_ok, _changed, _changed, _changed] if is_question else [])]
            return _Nonsense(self._chance.choice(kinds), self._chance)


@contextmanager
def nonsense_proxy(host: str, port: int) -> Iterator[NonsenseProxy]:
    proxy = NonsenseProxy((host, port))
    serving = threading.Thread(target=proxy.serve, daemon=True)
    serving.start()
    try:
        yield proxy
    finally:
        proxy.close()
        serving.join()


# -- what is answered


def _error(chance: random.Random, _ask: _Ask) -> list[bytes]:
    number = struct.pack("<H", chance.choice((0, 1, 1105, 1999, 2013, 65535)))
    return [
        b"\xff" + chance.choice((b"", b"\x01", number, number + b"#\xff\xff\xff\xff\xffodd \x1b[2J\xff", number + b"#"))
    ]


def _garbage(chance: random.Random, _ask: _Ask) -> list[bytes]:
    return [
        chance.choice(
            (
                b"",
                b"\x00",
                b"\xfe",
                b"\xfb/etc/passwd",
                b"\xfd\xff\xff\xff",
                b"\xfc",
                b"\x02",
                b"\xff",
                chance.randbytes(9),
            )
        )
    ]


def _ok(chance: random.Random, _ask: _Ask) -> list[bytes]:
    info = chance.choice((b"", b"Records: " + b"9" * 5000 + b"  Duplicates: 0  Warnings: 0", b"\xff\xfe"))
    return [
        b"\0"
        + chance.choice((b"\0\0", b"\xfe" + b"\xff" * 8 + b"\0"))
        + chance.choice((b"\2\0", b"\x0a\0"))
        + b"\0\0"
        + info
    ]


def _answer_of_rows(chance: random.Random, _ask: _Ask) -> list[bytes]:
    columns = chance.randint(1, 4)
    rows = [[_value(chance) for _ in range(columns)] for _ in range(chance.randint(0, 3))]
    described = [_described(chance.choice(_TYPES)) for _ in range(columns)]
    return [bytes([columns]), *described, _END, *map(_row, rows), chance.choice((_END, _END, _MORE))]


def _changed(chance: random.Random, ask: _Ask) -> list[bytes]:
    """Of the server's own answer: rows that come twice, too few or too many columns, values of another kind."""
    true = ask()
    if true[0][:1] in (b"\0", b"\xff") or not true[0]:
        return _answer_of_rows(chance, ask)
    columns = true[0][0]
    head, rows = true[1 : 1 + columns], [_cells(packet) for packet in true[2 + columns : -1]]
    way = chance.randrange(5)
    if way == 0:
        rows = [row for row in rows for _ in range(2)]
    elif way == 1:
        head, rows = head[:-1], [row[:-1] for row in rows]
    elif way == 2:
        head, rows = [*head, _described(253)], [[*row, b"x"] for row in rows]
    elif rows:
        chance.choice(rows)[chance.randrange(columns)] = None if way == 3 else _value(chance)
    if not head:
        return _answer_of_rows(chance, ask)
    return [bytes([len(head)]), *head, _END, *map(_row, rows), _END]


def _value(chance: random.Random) -> bytes | None:
    return chance.choice((None, *_VALUES))


def _described(kind: int) -> bytes:
    charset = 63 if kind == 252 else 45
    return b"\3def\0\0\0\1c\0\x0c" + struct.pack("<HIBHB", charset, 80, kind, 0, 0) + b"\0\0"


def _row(cells: list[bytes | None]) -> bytes:
    return b"".join(b"\xfb" if cell is None else _length(len(cell)) + cell for cell in cells)


def _length(size: int) -> bytes:
    return (
        bytes([size])
        if size < 251
        else b"\xfc" + struct.pack("<H", size)
        if size < 1 << 16
        else b"\xfd" + struct.pack("<I", size)[:3]
    )


def _cells(packet: bytes) -> list[bytes | None]:
    cells: list[bytes | None] = []
    at = 0
    while at < len(packet):
        size, at = packet[at], at + 1
        if size == _LOCAL:
            cells.append(None)
            continue
        if size > _LOCAL:
            width = {0xFC: 2, 0xFD: 3, 0xFE: 8}[size]
            size, at = int.from_bytes(packet[at : at + width], "little"), at + width
        cells.append(packet[at : at + size])
        at += size
    return cells


# -- the protocol


def _sign_in(client: socket.socket, server: socket.socket) -> bool:
    """Pass all of it on; whether the server let the client in."""
    greeting, number = _packet(server)
    said = _without_tls(greeting)
    while True:
        _send(client, said, number)
        if number > 1 and said[:1] in (b"\0", b"\xff"):
            return said[:1] == b"\0"
        if said != b"\x01\x03":  # after that it goes on by itself
            _send(server, *_packet(client))
        said, number = _packet(server)


def _without_tls(greeting: bytes) -> bytes:
    """Not offered, since what is encrypted can't be changed."""
    at = greeting.index(b"\0") + 1 + 4 + 8 + 1  # version, session, challenge
    flags = int.from_bytes(greeting[at : at + 2], "little") & ~(1 << 11)
    return greeting[:at] + flags.to_bytes(2, "little") + greeting[at + 2 :]


def _pass_answer(client: socket.socket, server: socket.socket) -> None:
    first, number = _packet(server)
    _send(client, first, number)
    if first[:1] == bytes([_LOCAL]):
        while True:
            piece, number = _packet(client)
            _send(server, piece, number)
            if not piece:
                break
        _send(client, *_packet(server))
    elif first[:1] not in (b"\0", b"\xff"):
        for _ in range(2):  # the columns, and the rows
            while True:
                packet, number = _packet(server)
                _send(client, packet, number)
                if packet[:1] == b"\xff":
                    return
                if packet[:1] == b"\xfe" and len(packet) < 9:
                    break


def _asked(server: socket.socket, question: list[bytes]) -> list[bytes]:
    """The server's own answer, as packets."""
    _write(server, question, 0)
    answer = [_packet(server)[0]]
    ends = 0
    while answer[0][:1] not in (b"\0", b"\xff") and ends < 2:
        answer.append(_packet(server)[0])
        if answer[-1][:1] == b"\xff":
            return [answer[-1]]
        ends += answer[-1][:1] == b"\xfe" and len(answer[-1]) < 9
    return answer


def _read(endpoint: socket.socket) -> list[bytes]:
    """All packets of one message."""
    packets = [_packet(endpoint)[0]]
    while len(packets[-1]) == _WHOLE:
        packets.append(_packet(endpoint)[0])
    return packets


def _write(endpoint: socket.socket, packets: list[bytes], number: int) -> None:
    for at, packet in enumerate(packets):
        _send(endpoint, packet, number + at)


def _send(endpoint: socket.socket, packet: bytes, number: int) -> None:
    endpoint.sendall(struct.pack("<I", len(packet))[:3] + bytes([number % 256]) + packet)


def _packet(endpoint: socket.socket) -> tuple[bytes, int]:
    head = _exactly(endpoint, 4)
    return _exactly(endpoint, int.from_bytes(head[:3], "little")), head[3]


def _exactly(endpoint: socket.socket, size: int) -> bytes:
    got = bytearray()
    while len(got) < size:
        if not (part := endpoint.recv(min(size - len(got), 1 << 16))):
            raise EOFError
        got += part
    return bytes(got)
