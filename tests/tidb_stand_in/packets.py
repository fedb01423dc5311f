"""Packets of the MySQL protocol: read whole, and answers made by hand."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket

COM_QUIT, COM_QUERY = 0x01, 0x03
OK, ERR, EOF = 0x00, 0xFF, 0xFE
_LONGLONG, _DATETIME, _VAR_STRING = 0x08, 0x0C, 0xFD
_AUTOCOMMIT = 0x0002
_CLIENT_SSL = 0x0800

Value = str | int | datetime | None


def read_packet(end: socket.socket) -> tuple[int, bytes]:
    """Sequence number and payload; raises ConnectionError at the end of the stream."""
    head = _exactly(end, 4)
    return head[3], _exactly(end, int.from_bytes(head[:3], "little"))


def write_packet(end: socket.socket, sequence: int, payload: bytes) -> None:
    end.sendall(len(payload).to_bytes(3, "little") + bytes([sequence % 256]) + payload)


def framed(payloads: Sequence[bytes]) -> bytes:
    """An answer of several packets."""
    return b"".join(
        len(payload).to_bytes(3, "little") + bytes([place % 256]) + payload for place, payload in enumerate(payloads, 1)
    )


def ok() -> list[bytes]:
    return [bytes([OK, 0, 0]) + struct.pack("<HH", _AUTOCOMMIT, 0)]


def error(errno: int, message: str) -> list[bytes]:
    return [bytes([ERR]) + struct.pack("<H", errno) + b"#HY000" + message.encode()]


def rows(columns: Sequence[str], found: Sequence[Sequence[Value]]) -> list[bytes]:
    """A result set; a column's type is that of its first value."""
    end = bytes([EOF]) + struct.pack("<HH", 0, _AUTOCOMMIT)
    described = [
        _column(name, next((row[place] for row in found if row[place] is not None), ""))
        for place, name in enumerate(columns)
    ]
    return [_length(len(columns)), *described, end, *(b"".join(map(_value, row)) for row in found), end]


def _exactly(end: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        piece = end.recv(count - len(found))
        if not piece:
            raise ConnectionError("the stream has ended")
        found += piece
    return found


def _column(name: str, value: Value) -> bytes:
    kind = _LONGLONG if isinstance(value, int) else _DATETIME if isinstance(value, datetime) else _VAR_STRING
    texts = b"".join(map(_text, ("def", "", "", "", name, name)))
    return texts + b"\x0c" + struct.pack("<HIBHBH", 45, 1 << 16, kind, 0, 0, 0)


def _value(value: Value) -> bytes:
    return b"\xfb" if value is None else _text(str(value))


def _text(text: str) -> bytes:
    raw = text.encode()
    return _length(len(raw)) + raw


def _length(count: int) -> bytes:
    return bytes([count]) if count < 251 else b"\xfc" + struct.pack("<H", count)


def without_tls(greeting: bytes) -> bytes:
    """A server's greeting that does not offer TLS: what it would say after that could not be read here."""
    at = greeting.index(b"\0") + 1 + 4 + 8 + 1  # behind the version: the session's number, a part of the salt, a zero
    capabilities = int.from_bytes(greeting[at : at + 2], "little") & ~_CLIENT_SSL
    return greeting[:at] + capabilities.to_bytes(2, "little") + greeting[at + 2 :]
