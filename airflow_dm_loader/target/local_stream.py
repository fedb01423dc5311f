"""A connection that gives a server what it is meant to have, and takes no more from it than it has room for.

A server may answer any statement by asking a LOCAL client for any file. This connection serves the one stream that
was armed for the statement at hand, once and under a random name; any other request closes the connection.

PyMySQL's own code is not used for it: after a read error at the client it tells the server that the stream ended
well, and half of the rows would be committed. Nor is it used to sign in (``sign_in.py``), nor does it decide how long
is waited (``wire.py``). An answer that is none of the protocol's is told as that, not as the exception that it made.
"""

from __future__ import annotations

import secrets
import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pymysql
from pymysql.connections import MAX_PACKET_LEN, Connection, MySQLResult
from pymysql.constants import CLIENT, COMMAND
from pymysql.protocol import MysqlPacket

from airflow_dm_loader.errors import LoaderError, TargetError, UnexpectedFileRequestError
from airflow_dm_loader.target.sign_in import MALFORMED, NO_TLS, Credentials, Way, say_hello, sign_in, way_of
from airflow_dm_loader.target.tls import Tls
from airflow_dm_loader.target.wire import Wire

_PACKET_BYTES = 8 << 20  # a packet of the stream must stay below 16 MiB, and below the server's max_allowed_packet
_GATHERED_BYTES = 1 << 20  # statements from here on are written part by part


if TYPE_CHECKING:
    _Connection = Connection[Any]
else:
    _Connection = Connection  # generic in its type stubs only


_SET_UP_BYTES = 1 << 20  # of all answers until a session is set up
_ROW_BYTES, _FIELD_BYTES = 64, 24  # that a row and each of its values take in memory, at least, besides their text
_DESCRIPTION_BYTES = 1024  # of a column of an answer


_NOBODY = Credentials(b"", b"")


class LocalStreamConnection(_Connection):
    """A PyMySQL connection that can send rows from memory.

    Args:
        tls: how it is encrypted; None: not at all.
        credentials: who signs in.
        max_answer_bytes: what an answer may take of memory, about.
        settings: PyMySQL's own.
    """

    _armed: tuple[bytes, Iterable[bytes | memoryview], int] | None = None
    _error_of_pieces: BaseException | None = None
    _answered_bytes = 0
    _most_bytes = _SET_UP_BYTES

    def __init__(
        self,
        *,
        tls: Tls | None = None,
        credentials: Credentials = _NOBODY,
        max_answer_bytes: int = 512 << 20,
        **settings: Any,
    ) -> None:
        self._tls = tls
        self._credentials = credentials
        self._max_answer_bytes = max_answer_bytes
        self.way = Way.OPEN
        self.session_number = 0  # the server's, for KILL
        self.packet_costs = 0  # memory that each packet of this answer takes, besides its bytes
        flags = settings.pop("client_flag", 0) | CLIENT.LOCAL_FILES
        super().__init__(client_flag=flags, local_infile=False, defer_connect=True, ssl_disabled=True, **settings)

    def connect(self, sock: Any = None) -> None:
        """Over a :class:`Wire`; PyMySQL itself would open another connection in place of a lost one."""
        if sock is None:
            raise pymysql.err.InterfaceError(0, "the connection was lost")
        super().connect(sock)

    def is_set_up(self) -> None:
        """From here on answers may be large, and statements may take long."""
        self._most_bytes = self._max_answer_bytes
        self._sock.is_set_up()  # type: ignore[attr-defined]

    def _request_authentication(self) -> None:
        """PyMySQL would go on unencrypted, credentials and all, where the server offers no TLS."""
        wire: Wire = self._sock  # type: ignore[attr-defined]
        tls = self._tls
        if tls is not None and not self.server_capabilities & CLIENT.SSL:  # type: ignore[attr-defined]
            if tls.required:
                raise pymysql.err.OperationalError(NO_TLS, "TLS was asked for, and the server does not offer it")
            tls = None
        hello = say_hello(self, by_tls=tls is not None)
        if tls is not None:
            self.write_packet(hello)
            wire.encrypt(tls.context, self.host)
            self._rfile = wire.makefile("rb")  # what came before is not the server's for certain
        self.way = way_of(wire.endpoint, tls)
        sign_in(self, hello, self._credentials, self.way)

    def _execute_command(self, command: int, sql: str | bytes) -> None:
        self._answered_bytes = self.packet_costs = 0
        super()._execute_command(command, sql)  # type: ignore[misc]

    def _read_packet(self, packet_type: Any = MysqlPacket) -> Any:
        """PyMySQL's, with a bound for what it gathers."""
        parts: list[bytes] = []
        while not parts or len(parts[-1]) == MAX_PACKET_LEN:
            low, high, number = struct.unpack("<HBB", self._read_bytes(4))  # type: ignore[attr-defined]
            if number != self._next_seq_id:  # type: ignore[has-type]
                self._force_close()  # type: ignore[attr-defined]
                if number == 0:  # MariaDB says so when it shuts down
                    raise pymysql.err.OperationalError(2013, "Lost connection to MySQL server during query")
                raise pymysql.err.OperationalError(MALFORMED, f"a packet is number {number}, out of its order")
            self._next_seq_id = (number + 1) % 256
            self._count(low + (high << 16))
            parts.append(self._read_bytes(low + (high << 16)))  # type: ignore[attr-defined]
        packet = packet_type(parts[0] if len(parts) == 1 else b"".join(parts), self.encoding)
        if packet.is_error_packet():
            if self._result is not None and self._result.unbuffered_active is True:
                self._result.unbuffered_active = False
            packet.raise_for_error()
        return packet

    def _count(self, packet_bytes: int) -> None:
        self._answered_bytes += packet_bytes + self.packet_costs
        if self._answered_bytes <= self._most_bytes:
            return
        self._force_close()  # type: ignore[attr-defined]
        if self._most_bytes < self._max_answer_bytes:
            raise not_a_server(f"it sent more than {_SET_UP_BYTES >> 20} MiB before the session was set up")
        raise TargetError(
            f"an answer of the server is larger than {self._max_answer_bytes:,} bytes (max_answer_bytes)",
            remedy="Check that this is the server that you mean. If its answers are so large, as where a schema holds "
            "very many columns, raise max_answer_bytes of the target; then clear.",
        )

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
        self._answered_bytes = self.packet_costs = 0
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
        with self._understood():
            if unbuffered:
                result.init_unbuffered_query()
            else:
                result.read()
        self._result = result
        if result.server_status is not None:
            self.server_status = result.server_status
        return int(result.affected_rows or 0)

    def _read_ok_packet(self) -> Any:
        with self._understood():
            return super()._read_ok_packet()  # type: ignore[misc]

    @contextmanager
    def _understood(self) -> Iterator[None]:
        """PyMySQL reads what it expects: from anything else it raises whatever that leads to."""
        try:
            yield
        except (LoaderError, pymysql.err.Error, OSError):
            raise
        except Exception as error:
            self._force_close()  # type: ignore[attr-defined]
            if error is self._error_of_pieces:
                raise
            raise pymysql.err.OperationalError(MALFORMED, "the server's answer can't be read") from error

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
        except BaseException as error:
            self._force_close()  # type: ignore[attr-defined]  # the server must not take it for a whole stream
            self._error_of_pieces = error
            raise
        self._write_stream_packet(memoryview(b""))

    def _write_stream_packet(self, payload: memoryview) -> None:
        self._write_gathered((payload,))


class _GuardedResult(MySQLResult):
    def _get_descriptions(self) -> None:
        connection: Any = self.connection
        connection.packet_costs = _DESCRIPTION_BYTES
        super()._get_descriptions()  # type: ignore[misc]
        connection.packet_costs = _ROW_BYTES + _FIELD_BYTES * len(self.fields)  # type: ignore[attr-defined]

    def _read_rowdata_packet_unbuffered(self) -> Any:
        if (connection := getattr(self, "connection", None)) is not None:
            connection._answered_bytes = 0  # each row is given away before the next is read
        return super()._read_rowdata_packet_unbuffered()  # type: ignore[misc]

    def _read_load_local_packet(self, first_packet: Any) -> None:
        connection: Any = self.connection
        connection._serve(first_packet.get_all_data()[1:])
        answer = connection._read_packet()
        if not answer.is_ok_packet():
            connection._force_close()
            raise pymysql.err.OperationalError(2014, "the server's answer to a stream is out of order")
        self._read_ok_packet(answer)  # type: ignore[attr-defined]


def not_a_server(what: str) -> TargetError:
    """What answers there does not keep to the protocol."""
    return TargetError(
        f"what answers there is no MySQL server: {what}",
        remedy="Check host and port: it must be a MySQL server's own port, not that of its X protocol, of a web page "
        "or of another service.",
    )
