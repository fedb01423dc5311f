"""A password shows nowhere, and a server that asks for a file gets none."""

from __future__ import annotations

import logging
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import LoaderError, RowError, TargetError, UnexpectedFileRequestError
from airflow_dm_loader.target.answers import as_it_is
from airflow_dm_loader.target.connection import Database
from dev.private_mariadb import PrivateMariaDB
from tests.bad_input.said import everything_said, state
from tests.bad_input.stories import check_message
from tests.dumps import Table, load_config, load_soon, write_dump
from tests.tables import query
from tests.waiting import PATIENCE_S

CANARY = "canary-7c1e-secret"
BAD_ROW = '(1,"' + "x" * 99 + '")'


@pytest.fixture
def canary(server: PrivateMariaDB) -> TargetConfig:
    """An account that may do everything, with a password that can be looked for."""
    query(server, "DROP USER IF EXISTS canary@'127.0.0.1'")
    query(server, f"CREATE USER canary@'127.0.0.1' IDENTIFIED BY '{CANARY}'")
    query(server, "GRANT ALL PRIVILEGES ON *.* TO canary@'127.0.0.1'")
    return TargetConfig(host=server.host, port=server.port, user="canary", password=CANARY)


def test_a_password_is_in_no_log_report_or_state(
    server: PrivateMariaDB, canary: TargetConfig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']))

    with caplog.at_level(logging.DEBUG):
        report = load_dump(load_config(folder), canary)

    assert caplog.records
    for said in (caplog.text, report.model_dump_json(), repr(report), state(server), repr(canary), str(canary)):
        assert CANARY not in said
    assert CANARY not in repr(canary.model_dump()) + canary.model_dump_json()


@pytest.mark.parametrize("change", [{"password": "wrong-" + CANARY}, {"port": 1}, {"ssl": {}}, {}])
def test_a_password_is_in_no_error_whatever_caused_it(
    change: dict[str, object],
    server: PrivateMariaDB,
    canary: TargetConfig,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=[BAD_ROW]))
    target = canary.model_copy(update={})
    target = TargetConfig(**{**target.model_dump(), "password": CANARY, **change})

    with caplog.at_level(logging.DEBUG), pytest.raises(LoaderError) as caught:
        load_soon(load_config(folder), target)

    assert CANARY not in everything_said(caught.value)
    assert CANARY not in caplog.text
    if not change:
        assert isinstance(caught.value, RowError)
        assert CANARY not in state(server)


# -- a server that wants our files


class RogueServer:
    """Greets, lets everybody in, and answers every query by asking for a file of the client's."""

    def __init__(self, wanted: bytes) -> None:
        self._wanted = wanted
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.asked = 0
        self.got = b""

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._thread.join(PATIENCE_S)
        self._listener.close()
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        client, _ = self._listener.accept()
        client.settimeout(PATIENCE_S)
        with client:
            flags = 0x0008_F7FF  # protocol 4.1, transactions, secure connection, plugin auth, no TLS
            greeting = b"\x0a8.0.36\x00" + struct.pack("<I", 7) + b"12345678\x00" + struct.pack("<H", flags & 0xFFFF)
            greeting += struct.pack("<BHHB", 45, 2, flags >> 16, 21) + b"\x00" * 10 + b"123456789012\x00"
            self._send(client, 0, greeting + b"mysql_native_password\x00")
            self._receive(client)
            self._send(client, 2, b"\x00\x00\x00\x02\x00\x00\x00")
            while command := self._receive(client):
                if command[:1] == b"\x03" and not command[1:].startswith((b"SET ", b"ROLLBACK", b"COMMIT")):
                    self.asked += 1
                    self._send(client, 1, b"\xfb" + self._wanted)
                    while answer := self._receive(client):
                        self.got += answer
                    return
                self._send(client, 1, b"\x00\x00\x00\x02\x00\x00\x00")

    @staticmethod
    def _send(client: socket.socket, sequence: int, payload: bytes) -> None:
        client.sendall(struct.pack("<I", len(payload))[:3] + bytes([sequence]) + payload)

    @staticmethod
    def _receive(client: socket.socket) -> bytes:
        """One packet's payload; nothing at the end of the connection."""
        received = b""
        wanted = 4
        try:
            while len(received) < wanted:
                piece = client.recv(wanted - len(received))
                if not piece:
                    return b""
                received += piece
                if len(received) == 4:
                    wanted = 4 + int.from_bytes(received[:3], "little")
        except ConnectionError:
            return b""
        return received[4:]


@pytest.fixture(params=[b"/etc/passwd", b"", b"dm-loader-0123456789abcdef0123456789abcdef"])
def rogue(request: pytest.FixtureRequest) -> Iterator[RogueServer]:
    with RogueServer(request.param) as running:
        yield running


@pytest.mark.parametrize(
    "run",
    [
        lambda db: db.query("SELECT 1", shape=(as_it_is,)),
        lambda db: db.execute(b"INSERT INTO t VALUES (1)"),
        lambda db: db.load_local(b"LOAD DATA LOCAL INFILE '{stream}' INTO TABLE t", [b"our rows"]),
    ],
    ids=["query", "execute", "load data"],
)
def test_a_server_that_asks_for_a_file_gets_nothing(run: Callable[[Database], object], rogue: RogueServer) -> None:
    target = TargetConfig(host="127.0.0.1", port=rogue.port, user="u", password=CANARY)

    with Database.open(target) as db, pytest.raises(UnexpectedFileRequestError) as caught:
        run(db)

    check_message("a server that asks for a file of this machine", caught.value)
    assert CANARY not in everything_said(caught.value)
    rogue.__exit__()
    assert (rogue.asked, rogue.got) == (1, b"")


def test_a_whole_load_gives_a_rogue_server_nothing(tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']))
    with RogueServer(b"/etc/passwd") as rogue:
        target = TargetConfig(host="127.0.0.1", port=rogue.port, user="u", password=CANARY)
        with pytest.raises(UnexpectedFileRequestError):
            load_dump(load_config(folder), target)

    assert (rogue.asked, rogue.got) == (1, b"")


def test_a_server_without_tls_gets_no_password_where_tls_is_asked_for() -> None:
    with RogueServer(b"") as rogue:
        target = TargetConfig(host="127.0.0.1", port=rogue.port, user="u", password=CANARY, ssl={})
        with pytest.raises(TargetError) as caught:
            Database.open(target)

    check_message("a server without TLS where TLS was asked for", caught.value)
