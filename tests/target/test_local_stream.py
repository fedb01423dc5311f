"""What a LOAD DATA connection gives to a server, and to one that asks for more."""

from __future__ import annotations

import hashlib
import re
import socket
import struct
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

import pymysql
import pytest

from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import LoaderError, UnexpectedFileRequestError
from airflow_dm_loader.target.answers import as_it_is
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.local_stream import LocalStreamConnection
from airflow_dm_loader.target.wire import Patience, Wire
from dev.private_mariadb import PrivateMariaDB
from tests.tables import count, query
from tests.waiting import PATIENCE_S

LOAD = b"LOAD DATA LOCAL INFILE '{stream}' INTO TABLE t"
OK = b"\x00\x00\x00\x02\x00\x00\x00"
DENIED = b"\xff" + struct.pack("<H", 1142) + b"#42000denied"


@dataclass
class Peer:
    """The server's end of a connection, as a test wants it to be."""

    sock: socket.socket
    packets: list[tuple[int, bytes]] = field(default_factory=list)  # sequence and payload, in order

    def read(self) -> bytes | None:
        """The next packet's payload; None: the client closed the connection."""
        header = self._exactly(4)
        if header is None:
            return None
        payload = self._exactly(int.from_bytes(header[:3], "little"))
        if payload is not None:
            self.packets.append((header[3], payload))
        return payload

    def answer(self, payload: bytes) -> None:
        with suppress(OSError):  # the client may have gone
            self.sock.sendall(struct.pack("<I", len(payload))[:3] + bytes([(self._sequence + 1) % 256]) + payload)

    def stream_name(self) -> bytes:
        """Of the statement that comes next."""
        statement = self.read()
        assert statement is not None
        match = re.search(rb"INFILE '([^']*)'", statement)
        return match[1] if match else b""

    def read_stream(self) -> list[bytes] | None:
        """The pieces up to the empty packet that ends a stream; None: it was broken off."""
        pieces = []
        while (piece := self.read()) != b"":
            if piece is None:
                return None
            pieces.append(piece)
        return pieces

    @property
    def _sequence(self) -> int:
        return self.packets[-1][0]

    def _exactly(self, size: int) -> bytes | None:
        got = bytearray()
        while len(got) < size:
            try:
                part = self.sock.recv(size - len(got))
            except ConnectionResetError:
                return None
            if not part:
                return None
            got += part
        return bytes(got)


@pytest.fixture
def wire() -> Iterator[tuple[LocalStreamConnection, Peer]]:
    ours, theirs = socket.socketpair()
    theirs.settimeout(PATIENCE_S)
    connection = LocalStreamConnection()
    wired = Wire(ours, Patience(PATIENCE_S, 600), time.monotonic() + PATIENCE_S)
    wired.is_set_up()
    connection._sock = wired  # type: ignore[attr-defined]
    connection._rfile = wired.makefile("rb")
    connection.server_capabilities = 0  # type: ignore[attr-defined]
    connection._current_timeout = None  # type: ignore[attr-defined]  # what connect() sets, from PyMySQL 1.2 on
    try:
        yield connection, Peer(theirs)
    finally:
        connection._force_close()  # type: ignore[attr-defined]
        ours.close()
        theirs.close()


def is_closed(connection: LocalStreamConnection) -> bool:
    return connection._sock is None  # type: ignore[attr-defined]


def load(connection: LocalStreamConnection, peer: Peer, pieces: list[bytes]) -> tuple[bytes, list[bytes] | None]:
    """A stream as it ought to go: the name that was asked for, and what came."""

    def serve() -> tuple[bytes, list[bytes] | None]:
        name = peer.stream_name()
        peer.answer(b"\xfb" + name)
        got = peer.read_stream()
        peer.answer(OK)
        return name, got

    with ThreadPoolExecutor(1) as threads:
        served = threads.submit(serve)
        connection.load_local(LOAD, pieces)
        return served.result(PATIENCE_S)


def test_the_pieces_come_in_order_and_the_connection_goes_on(wire: tuple[LocalStreamConnection, Peer]) -> None:
    pieces = [b"a", b"b" * 70_000, b"", b"c"] + [b"%d" % at for at in range(300)]  # more than sequence numbers

    first, got = load(*wire, pieces)
    second, nothing = load(*wire, [])

    assert got == [piece for piece in pieces if piece]  # an empty packet would be the stream's end
    assert nothing == []
    assert first != second
    assert re.fullmatch(rb"dm-loader-[0-9a-f]{32}", first)
    sequences = [sequence for sequence, _ in wire[1].packets[: len(got) + 2]]
    assert sequences == [0, *((at + 2) % 256 for at in range(len(got) + 1))]


def test_bytes_that_are_no_text_go_out_as_they_came_in(wire: tuple[LocalStreamConnection, Peer]) -> None:
    connection, peer = wire

    def serve() -> bytes | None:
        said = peer.read()
        peer.answer(OK)
        return said

    with ThreadPoolExecutor(1) as threads:
        said = threads.submit(serve)
        connection.query("SELECT '\udcff'")

    assert said.result(PATIENCE_S) == b"\x03SELECT '\xff'"


def test_a_piece_larger_than_a_packet_is_cut(wire: tuple[LocalStreamConnection, Peer]) -> None:
    mib = 1 << 20
    piece = bytes(range(256)) * (20 * mib // 256) + b"end"

    _, got = load(*wire, [piece])

    assert got is not None
    assert [len(part) for part in got] == [8 * mib, 8 * mib, 4 * mib + 3]
    assert b"".join(got) == piece


@pytest.mark.parametrize("wanted", [b"/etc/passwd", b"", b"dm-loader-", b"dm-loader-" + b"0" * 32, "the name and more"])
def test_a_file_that_was_not_offered_is_not_given(
    wanted: bytes | str, wire: tuple[LocalStreamConnection, Peer]
) -> None:
    connection, peer = wire

    def serve() -> list[bytes] | None:
        name = peer.stream_name()
        peer.answer(b"\xfb" + (wanted if isinstance(wanted, bytes) else name + b"\0"))
        return peer.read_stream()

    with ThreadPoolExecutor(1) as threads:
        served = threads.submit(serve)
        with pytest.raises(UnexpectedFileRequestError):
            connection.load_local(LOAD, [b"secret"])

        assert served.result(PATIENCE_S) is None
    assert len(peer.packets) == 1  # the statement, and not a byte more
    assert is_closed(connection)


@pytest.mark.parametrize("statement", [b"SELECT 1", b"LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE t"])
def test_a_server_that_asks_for_a_file_in_answer_to_anything_else_gets_nothing(
    statement: bytes, wire: tuple[LocalStreamConnection, Peer]
) -> None:
    connection, peer = wire
    name, _ = load(connection, peer, [b"rows"])
    before = len(peer.packets)

    def serve() -> list[bytes] | None:
        peer.read()
        peer.answer(b"\xfb" + name)  # it was good for one statement
        return peer.read_stream()

    with ThreadPoolExecutor(1) as threads:
        served = threads.submit(serve)
        with pytest.raises(UnexpectedFileRequestError):
            connection.query(statement)

        assert served.result(PATIENCE_S) is None
    assert len(peer.packets) == before + 1
    assert is_closed(connection)


def test_the_stream_is_served_once_in_its_statement(wire: tuple[LocalStreamConnection, Peer]) -> None:
    connection, peer = wire

    def serve() -> list[bytes] | None:
        name = peer.stream_name()
        peer.answer(b"\xfb" + name)
        peer.read_stream()
        peer.answer(b"\xfb" + name)
        return peer.read_stream()

    with ThreadPoolExecutor(1) as threads:
        served = threads.submit(serve)
        with pytest.raises(pymysql.err.OperationalError, match="out of order"):
            connection.load_local(LOAD, [b"rows"])

        assert served.result(PATIENCE_S) is None
    assert [payload for _, payload in peer.packets[1:]] == [b"rows", b""]
    assert is_closed(connection)


def test_an_error_of_the_server_after_the_stream_is_raised_and_the_connection_goes_on(
    wire: tuple[LocalStreamConnection, Peer],
) -> None:
    connection, peer = wire

    def serve() -> None:
        peer.answer(b"\xfb" + peer.stream_name())
        peer.read_stream()
        peer.answer(DENIED)

    with ThreadPoolExecutor(1) as threads:
        served = threads.submit(serve)
        with pytest.raises(pymysql.err.Error, match="denied"):
            connection.load_local(LOAD, [b"rows"])
        served.result(PATIENCE_S)

    assert load(connection, peer, [b"again"])[1] == [b"again"]


@pytest.mark.parametrize("error", [OSError("the disk is gone"), KeyboardInterrupt(), ValueError("not a row")])
@pytest.mark.parametrize("pieces", [0, 1, 3])
def test_a_source_that_breaks_off_never_looks_like_the_end(
    error: BaseException, pieces: int, wire: tuple[LocalStreamConnection, Peer]
) -> None:
    connection, peer = wire

    def broken() -> Iterator[bytes]:
        for at in range(pieces):
            yield b"row %d" % at
        raise error

    def serve() -> list[bytes] | None:
        peer.answer(b"\xfb" + peer.stream_name())
        return peer.read_stream()

    with ThreadPoolExecutor(1) as threads:
        served = threads.submit(serve)
        with pytest.raises(type(error)):
            connection.load_local(LOAD, broken())

        assert served.result(PATIENCE_S) is None  # no empty packet came
    assert len(peer.packets) == 1 + pieces
    assert is_closed(connection)


# -- on a real server


INTO = b"LOAD DATA LOCAL INFILE '{stream}' INTO TABLE s.t FIELDS TERMINATED BY ','"


@pytest.fixture
def db(server: PrivateMariaDB, target: TargetConfig) -> Iterator[Database]:
    server.client("CREATE DATABASE s; CREATE TABLE s.t (id int PRIMARY KEY, v longtext)")
    with Database.open(target, session={"autocommit": 1}) as opened:
        yield opened


def test_rows_arrive_also_in_a_piece_that_a_packet_can_not_hold(server: PrivateMariaDB, db: Database) -> None:
    long = b"x" * (17 << 20)

    result = db.load_local(INTO, [b"1,", b"a\n2,", long, b"\n", b"3,b\n"])

    assert (result.records, result.warnings, result.skipped) == (3, 0, 0)
    assert query(server, "SELECT SHA2(v, 256) FROM s.t WHERE id = 2") == [(hashlib.sha256(long).hexdigest(),)]
    assert db.one("SELECT COUNT(*) FROM s.t", shape=(as_it_is,)) == (3,)


def test_rows_before_an_error_at_the_source_are_not_kept_even_in_autocommit(
    server: PrivateMariaDB, db: Database
) -> None:
    def broken() -> Iterator[bytes]:
        yield b"".join(b"%d,a\n" % at for at in range(50_000))
        raise RuntimeError("the file is corrupt here")

    with pytest.raises(RuntimeError, match="corrupt"):
        db.load_local(INTO, broken())

    with pytest.raises(LoaderError):
        db.execute("SELECT 1")
    sessions = "SELECT COUNT(*) FROM information_schema.processlist WHERE user = %s"
    while query(server, sessions, server.user) != [(0,)]:
        time.sleep(0.01)  # it undoes the rows when it sees that the connection is closed
    assert count(server, "s.t") == 0


def test_a_file_of_this_machine_is_never_sent(server: PrivateMariaDB, db: Database) -> None:
    with pytest.raises(UnexpectedFileRequestError):
        db.execute(b"LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE s.t")

    assert count(server, "s.t") == 0
