"""LOAD DATA LOCAL from memory, and nothing else.

A server may answer any statement by asking a LOCAL client for any file. This connection serves the one stream that
was armed for the statement at hand, once and under a random name; any other request closes the connection.

PyMySQL's own code is not used for it: after a read error at the client it tells the server that the stream ended
well, and half of the rows would be committed.
"""

from __future__ import annotations

import secrets
import struct
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import pymysql
from pymysql.connections import MAX_PACKET_LEN, Connection, MySQLResult
from pymysql.constants import CLIENT, COMMAND

from airflow_dm_loader.errors import UnexpectedFileRequestError

_PACKET_BYTES = 8 << 20  # a packet of the stream must stay below 16 MiB, and below the server's max_allowed_packet
_GATHERED_BYTES = 1 << 20  # statements from here on are written part by part


if TYPE_CHECKING:
    _Connection = Connection[Any]
else:
    _Connection = Connection  # generic in its type stubs only


class LocalStreamConnection(_Connection):
    """A PyMySQL connection that can send rows from memory."""

    _armed: tuple[bytes, Iterable[bytes | memoryview], int] | None = None

    def __init__(self, **settings: Any) -> None:
        flags = settings.pop("client_flag", 0) | CLIENT.LOCAL_FILES
        super().__init__(client_flag=flags, local_infile=False, **settings)

    def _request_authentication(self) -> None:
        """PyMySQL would go on unencrypted, credentials and all, where the server offers no TLS."""
        if self.ssl and not self.server_capabilities & CLIENT.SSL:  # type: ignore[attr-defined]
            raise pymysql.err.OperationalError(2026, "TLS was asked for, and the server does not offer it")
        super()._request_authentication()  # type: ignore[misc]

    def query(self, sql: str | bytes, unbuffered: bool = False) -> int:
        """Run a statement. Bytes of a name that are no UTF-8 go out as they came in, whatever PyMySQL's version."""
        raw = sql.encode("utf-8", "surrogateescape") if isinstance(sql, str) else sql
        return int(super().query(raw, unbuffered))

    def query_parts(self, parts: Sequence[bytes | memoryview]) -> None:
        """Run the statement that ``parts`` make together; large ones are never joined, nor copied."""
        if sum(map(len, parts)) < _GATHERED_BYTES:
            self.query(b"".join(parts))
            return
        if not self._sock:  # type: ignore[attr-defined]
            raise pymysql.err.InterfaceError(0, "")
        self._result = None
        self._next_seq_id = 0
        packet: list[memoryview] = []
        room = MAX_PACKET_LEN
        for part in (struct.pack("<B", COMMAND.COM_QUERY), *parts):
            view = memoryview(part)
            while len(view) >= room:
                self._write_gathered([*packet, view[:room]])
                packet, view, room = [], view[room:], MAX_PACKET_LEN
            packet.append(view)
            room -= len(view)
        self._write_gathered(packet)  # shorter than the longest, if need be empty: so the server knows the end
        self._affected_rows = self._read_query_result()

    def _write_gathered(self, pieces: Sequence[memoryview]) -> None:
        sequence: int = self._next_seq_id
        small = struct.pack("<I", sum(map(len, pieces)))[:3] + bytes([sequence])
        for piece in pieces:
            if len(piece) < 1 << 16:
                small += piece
            else:
                self._write_bytes(small)  # type: ignore[attr-defined]
                self._write_bytes(piece)  # type: ignore[attr-defined]
                small = b""
        if small:
            self._write_bytes(small)  # type: ignore[attr-defined]
        self._next_seq_id = (sequence + 1) % 256

    def load_local(
        self, statement: bytes, pieces: Iterable[bytes | memoryview], max_packet_bytes: int | None = None
    ) -> None:
        """Run a LOAD DATA statement, in which ``{stream}`` stands for the file's name, and send ``pieces``.

        ``max_packet_bytes``: the server's max_allowed_packet; None: as large as servers have it by default.
        """
        name = f"dm-loader-{secrets.token_hex(16)}"
        packet_bytes = min(_PACKET_BYTES, max_packet_bytes // 2) if max_packet_bytes is not None else _PACKET_BYTES
        self._armed = name.encode(), pieces, packet_bytes
        try:
            self.query(statement.replace(b"{stream}", name.encode(), 1))
        finally:
            self._armed = None

    def _read_query_result(self, unbuffered: bool = False) -> int:
        result: Any = _GuardedResult(self)
        self._result = None
        if unbuffered:
            result.init_unbuffered_query()
        else:
            result.read()
        self._result = result
        if result.server_status is not None:
            self.server_status = result.server_status
        return int(result.affected_rows or 0)

    def _serve(self, wanted: bytes) -> None:
        armed, self._armed = self._armed, None
        if armed is None or wanted != armed[0]:
            self._force_close()  # type: ignore[attr-defined]
            raise UnexpectedFileRequestError("the server asked for a file that was not offered to it")
        try:
            for piece in armed[1]:
                view = memoryview(piece)
                for start in range(0, len(view), armed[2]):
                    self._write_stream_packet(view[start : start + armed[2]])
        except BaseException:
            self._force_close()  # type: ignore[attr-defined]  # the server must not take it for a whole stream
            raise
        self._write_stream_packet(memoryview(b""))

    def _write_stream_packet(self, payload: memoryview) -> None:
        self._write_gathered((payload,))


class _GuardedResult(MySQLResult):
    def _read_load_local_packet(self, first_packet: Any) -> None:
        connection: Any = self.connection
        connection._serve(first_packet.get_all_data()[1:])
        answer = connection._read_packet()
        if not answer.is_ok_packet():
            connection._force_close()
            raise pymysql.err.OperationalError(2014, "the server's answer to a stream is out of order")
        self._read_ok_packet(answer)  # type: ignore[attr-defined]
