"""A server that answers as TiDB does where a load depends on it, in front of a real MariaDB that holds the rows.

It says that it is TiDB; refuses the statements and variables that TiDB does not have; and in an optimistic transaction
it takes an INSERT whose keys are there already, and refuses the COMMIT. Everything else is the MariaDB's word.
What it knows of TiDB is from TiDB's documentation; no TiDB was at hand.
"""

from __future__ import annotations

import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Self

from tests.tidb_stand_in.packets import without_tls

# The variables of TiDB that the loader names; anything else that starts with tidb_ is unknown to the stand-in.
VARIABLES = {
    "tidb_batch_insert": "OFF",
    "tidb_batch_delete": "OFF",
    "tidb_batch_commit": "OFF",
    "tidb_dml_batch_size": "0",
    "tidb_dml_type": "standard",
    "tidb_txn_mode": "pessimistic",
    "tidb_constraint_check_in_place": "OFF",
    "tidb_disable_txn_auto_retry": "ON",
    "tidb_skip_utf8_check": "OFF",
    "tidb_skip_ascii_check": "OFF",
    "allow_auto_random_explicit_insert": "OFF",
}
_REFUSED = (  # what TiDB does not take, and its error
    (rb"LOCK IN SHARE MODE", 1235, "function LOCK IN SHARE MODE has only noop implementation in tidb now"),
    (rb"^CHECKSUM TABLE", 1064, "You have an error in your SQL syntax: CHECKSUM"),
    (rb"idle_write_transaction_timeout(?! = \d+ \*/)", 1193, "Unknown system variable"),
    (rb"max_error_count", 1193, "Unknown system variable"),
)
_ASSIGNMENT = re.compile(rb"SESSION `(tidb_\w+|allow_auto_random_explicit_insert)` = ('[^']*'|\w+)(?:, )?")
_QUERY, _OK, _ERROR, _EOF, _LOCAL = 3, 0, 0xFF, 0xFE, 0xFB

Fault = Callable[["Commit"], "str | int | None"]


@dataclass(frozen=True)
class Commit:
    """A COMMIT of a transaction that holds a chunk: the how-manieth, and the file and byte that it starts at."""

    number: int
    statements: tuple[bytes, ...]


@dataclass
class StandIn:
    """Listens on a port of its own.

    Args:
        server: host and port of the MariaDB.
        fault: asked at each COMMIT of a chunk: an error number (the transaction is undone), ``lost`` (it is committed,
            and the connection ends without a word), ``undone`` (it is not, and the connection ends), or None.
        global_variables: what ``SET GLOBAL`` gave them; ``stuck`` ones no session can change.
    """

    server: tuple[str, int]
    version: str = "v8.5.0"
    fault: Fault = lambda _: None
    global_variables: dict[str, str] = field(default_factory=dict)
    stuck: frozenset[str] = frozenset()
    seen: list[bytes] = field(default_factory=list)
    happened: list[str] = field(default_factory=list)
    commits: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def statements(self, pattern: bytes) -> list[bytes]:
        """The statements that came in and have this in them."""
        return [statement for statement in self.seen if re.search(pattern, statement)]

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self.server)
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            session = _Session(self, client, server)
            threading.Thread(target=session.run, daemon=True).start()

    def at_commit(self, statements: tuple[bytes, ...]) -> str | int | None:
        with self._lock:
            self.commits += 1
            wanted = self.fault(Commit(self.commits, statements))
            if wanted is not None:
                self.happened.append(str(wanted))
            return wanted


class _EndError(Exception):
    """The connection is to end."""


class _Session:
    def __init__(self, stand_in: StandIn, client: socket.socket, server: socket.socket) -> None:
        self._stand_in, self._client, self._server = stand_in, client, server
        self._variables = {**VARIABLES, **stand_in.global_variables}
        self._statements: list[bytes] = []  # of the open transaction
        self._optimistic = False
        self._late_error: bytes | None = None  # what COMMIT will say

    def run(self) -> None:
        try:
            self._greet()
            while True:
                _, command = _receive(self._client)
                self._answer(command)
        except (OSError, _EndError, EOFError):
            pass
        finally:
            self._client.close()
            self._server.close()

    def _greet(self) -> None:
        sequence, greeting = _receive(self._server)
        rest = without_tls(greeting).partition(b"\0")[2]
        _send(self._client, sequence, greeting[:1] + f"8.0.11-TiDB-{self._stand_in.version}".encode() + b"\0" + rest)
        while True:
            _send(self._server, *_receive(self._client))
            sequence, answer = _receive(self._server)
            if answer[0] == _OK:
                self._ask(b"SET SESSION max_error_count = 65535")  # TiDB shows all of its warnings
            _send(self._client, sequence, answer)
            if answer[0] in {_OK, _ERROR}:
                return

    def _answer(self, command: bytes) -> None:
        if command[0] != _QUERY:
            _send(self._server, 0, command)
            raise _EndError
        statement = command[1:]
        self._stand_in.seen.append(statement)
        for pattern, errno, text in _REFUSED:
            if re.search(pattern, statement) and not statement.startswith(b"INSERT"):
                return self._refuse(errno, text)
        if statement == b"COMMIT":
            return self._commit()
        if statement.startswith(b"BEGIN") or statement == b"ROLLBACK":
            self._begin(optimistic=statement == b"BEGIN OPTIMISTIC")
            return self._pass(statement if statement == b"ROLLBACK" else b"BEGIN")
        if statement.startswith(b"SET "):
            return self._set(statement)
        if b"SHOW VARIABLES" in statement:
            return self._show_variables(statement)
        self._statements.append(statement)
        if statement.startswith(b"INSERT INTO") and self._checks_late:
            return self._insert(statement)
        return self._pass(statement.replace(b"VERSION()", f"'8.0.11-TiDB-{self._stand_in.version}'".encode()))

    @property
    def _checks_late(self) -> bool:
        in_place = self._variables["tidb_constraint_check_in_place"] in {"1", "ON"}
        return self._optimistic and not in_place

    def _begin(self, *, optimistic: bool) -> None:
        self._statements, self._late_error, self._optimistic = [], None, optimistic

    def _commit(self) -> None:
        statements, late = tuple(self._statements), self._late_error
        optimistic = self._optimistic
        self._begin(optimistic=False)
        if late is not None:
            self._ask(b"ROLLBACK")
            self._stand_in.happened.append("duplicate at COMMIT")
            _send(self._client, 1, late)
            return
        holds_a_chunk = optimistic and any(b"dm_loader_chunk" in statement for statement in statements)
        fault = self._stand_in.at_commit(statements) if holds_a_chunk else None
        if isinstance(fault, int):
            self._ask(b"ROLLBACK")
            self._refuse(fault, "of the test")
        elif fault == "lost":
            self._ask(b"COMMIT")
            raise _EndError
        elif fault == "undone":
            raise _EndError
        else:
            self._pass(b"COMMIT")

    def _insert(self, statement: bytes) -> None:
        """Keys that are there already count only at COMMIT."""
        packets = self._ask(statement)
        if packets[0][1][0] == _ERROR and struct.unpack("<H", packets[0][1][1:3])[0] == 1062:
            self._late_error = self._late_error or packets[0][1]
            packets = self._ask(statement.replace(b"INSERT", b"INSERT IGNORE", 1))
            sequence, answer = packets[0]
            records = int((re.search(rb"Records: (\d+)", answer) or [b"", b"1"])[1])
            info = b"Records: %d  Duplicates: 0  Warnings: 0" % records
            packets = [(sequence, b"\0" + bytes([records]) + b"\0" + b"\x01\0\0\0" + bytes([len(info)]) + info)]
        for packet in packets:
            _send(self._client, *packet)

    def _set(self, statement: bytes) -> None:
        for match in _ASSIGNMENT.finditer(statement):
            name = match[1].decode()
            if name not in VARIABLES:
                return self._refuse(1193, f"Unknown system variable '{name}'")
            if name not in self._stand_in.stuck:
                self._variables[name] = match[2].decode().strip("'")
        rest = _ASSIGNMENT.sub(b"", statement).rstrip(b", ")
        return self._pass(rest if rest != b"SET" else b"DO 1")

    def _show_variables(self, statement: bytes) -> None:
        shown = [(name, value) for name, value in self._variables.items() if f"'{name}'".encode() in statement]
        if b"'local_infile'" in statement:
            shown.append(("local_infile", "ON"))
        selects = [f"SELECT '{name}' AS Variable_name, '{value}' AS Value" for name, value in shown]
        self._pass(" UNION ALL ".join(selects).encode())

    def _refuse(self, errno: int, text: str) -> None:
        _send(self._client, 1, b"\xff" + struct.pack("<H", errno) + b"#HY000" + text.encode())

    # -- packets

    def _pass(self, statement: bytes) -> None:
        _send(self._server, 0, b"\x03" + statement)
        sequence, first = _receive(self._server)
        _send(self._client, sequence, first)
        if first[0] == _LOCAL:
            rows = b"more"
            while rows:
                sequence, rows = _receive(self._client)
                _send(self._server, sequence, rows)
            _send(self._client, *_receive(self._server))
        elif first[0] not in {_OK, _ERROR}:
            for packet in self._columns_and_rows():
                _send(self._client, *packet)

    def _ask(self, statement: bytes) -> list[tuple[int, bytes]]:
        """The answer to a statement that the client has not sent so."""
        _send(self._server, 0, b"\x03" + statement)
        first = _receive(self._server)
        return [first] if first[1][0] in {_OK, _ERROR} else [first, *self._columns_and_rows()]

    def _columns_and_rows(self) -> Iterator[tuple[int, bytes]]:
        ends = 0  # after the columns, after the rows
        while ends < 2:
            sequence, packet = _receive(self._server)
            yield sequence, packet
            if packet[0] == _EOF and len(packet) < 9:
                ends += 1
            elif packet[0] == _ERROR:
                return


def _receive(peer: socket.socket) -> tuple[int, bytes]:
    header = _exactly(peer, 4)
    return header[3], _exactly(peer, int.from_bytes(header[:3], "little"))


def _exactly(peer: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        part = peer.recv(count - len(data))
        if not part:
            raise EOFError
        data += part
    return bytes(data)


def _send(peer: socket.socket, sequence: int, packet: bytes) -> None:
    peer.sendall(len(packet).to_bytes(3, "little") + bytes([sequence]) + packet)
