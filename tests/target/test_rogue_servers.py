"""A server that says nothing, or never stops: the loader waits no longer, and takes no more, than its settings say."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_dm_loader import load_dump
from airflow_dm_loader.attempts import RealClock
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import ConnectionLostError, LoaderError, LoadInterruptedError, TargetError
from airflow_dm_loader.loader import load
from airflow_dm_loader.target.answers import as_it_is
from airflow_dm_loader.target.connection import Database
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import Table, load_config, run_of, write_dump
from tests.rogue_servers import OK, Rogue, Talk, rogue


def at(server: Rogue, **settings: object) -> TargetConfig:
    """It, with limits for tests: of what is no matter of time, a busy machine may take its time."""
    given = {
        "connect_timeout_s": 60,
        "silent_server_s": 1,
        "max_answer_bytes": 1 << 20,
        "user": "u",
        "password": "secret",
    }
    return TargetConfig(host=server.host, port=server.port, **{**given, **settings})


def silent(talk: Talk) -> None:
    talk.wait_for_the_end()


def dripping(talk: Talk) -> None:
    for byte in b"\x4a\0\0\0\x0a" + b"8" * 1000:
        talk.endpoint.sendall(bytes([byte]))
        time.sleep(0.2)


def silent_at_the_password(talk: Talk) -> None:
    talk.greet()
    talk.wait_for_the_end()


def silent_at_the_session(talk: Talk) -> None:
    talk.let_in()
    talk.wait_for_the_end()


def dripping_at_the_session(talk: Talk) -> None:
    talk.let_in()
    talk.read()
    for byte in talk.packed(OK + b"x" * 1000):
        talk.endpoint.sendall(bytes([byte]))
        time.sleep(0.2)


@pytest.mark.parametrize(
    "behave", [silent, dripping, silent_at_the_password, silent_at_the_session, dripping_at_the_session]
)
def test_all_until_a_session_can_be_used_takes_connect_timeout_s(behave: object) -> None:
    with rogue(behave) as server, pytest.raises(ConnectionLostError) as caught:  # type: ignore[arg-type]
        Database.open(at(server, connect_timeout_s=1, silent_server_s=3600))

    assert "connect_timeout_s" in caught.value.message
    assert "connect_timeout_s" in caught.value.remedy


def test_every_phase_of_a_load_ends_at_a_silent_server(tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']))
    stop = threading.Event()

    class Stopping(RealClock):
        """The first wait is the one for another try: the server was given up."""

        def sleep(self, seconds: float) -> None:
            stop.set()

    with rogue(silent) as server, pytest.raises(LoadInterruptedError):
        load(run_of(load_config(folder), at(server, connect_timeout_s=1), stop=stop, clock=Stopping()))


def _after_the_session(talk: Talk) -> str:
    talk.let_in()
    return talk.until_asked("SELECT")


def test_a_statement_that_nobody_sees_at_work_is_waited_for_silent_server_s() -> None:
    def behave(talk: Talk) -> None:
        if talk.number == 0:
            _after_the_session(talk)
        talk.wait_for_the_end()

    # The second session, which is to look, is kept waiting as well
    with (
        rogue(behave) as server,
        Database.open(at(server, connect_timeout_s=5)) as db,
        pytest.raises(ConnectionLostError) as caught,
    ):
        db.query("SELECT 1", shape=(as_it_is,))

    assert "silent_server_s" in caught.value.message


def test_a_byte_now_and_then_buys_no_time() -> None:
    def behave(talk: Talk) -> None:
        if talk.number == 0:
            _after_the_session(talk)
            for byte in talk.packed(OK + b"x" * 10_000):
                talk.endpoint.sendall(bytes([byte]))
                time.sleep(0.1)
        talk.wait_for_the_end()

    with (
        rogue(behave) as server,
        Database.open(at(server, connect_timeout_s=5)) as db,
        pytest.raises(ConnectionLostError),
    ):
        db.query("SELECT 1", shape=(as_it_is,))


@pytest.mark.parametrize("command", ["Query", "Killed"])
def test_a_statement_that_a_second_session_sees_at_work_is_waited_for(command: str) -> None:
    looks: list[int] = []

    def behave(talk: Talk) -> None:
        if talk.number == 0:
            _after_the_session(talk)
            while len(looks) < 4:
                time.sleep(0.05)
            talk.answer(("found",))
            talk.wait_for_the_end()
        talk.let_in()
        talk.until_asked("SHOW PROCESSLIST")
        talk.answer(("7", "u", "h", "", command), columns=5)
        looks.append(talk.number)

    with rogue(behave) as server, Database.open(at(server)) as db:
        assert db.query("SELECT 1", shape=(as_it_is,)) == [("found",)]
    assert looks[:4] == [1, 2, 3, 4]


@pytest.mark.parametrize("row", [("8", "u", "h", "", "Query"), ("7", "u", "h", "", "Sleep")])
def test_a_session_that_is_gone_or_idle_is_not_waited_for(row: tuple[str, ...]) -> None:
    def behave(talk: Talk) -> None:
        if talk.number == 0:
            _after_the_session(talk)
            talk.wait_for_the_end()
        talk.let_in()
        talk.until_asked("SHOW PROCESSLIST")
        talk.answer(row, columns=5)

    with rogue(behave) as server, Database.open(at(server)) as db, pytest.raises(ConnectionLostError):
        db.query("SELECT 1", shape=(as_it_is,))


@pytest.mark.servers
def test_a_long_statement_of_a_real_server_may_be_silent(server: PrivateMariaDB, target: TargetConfig) -> None:
    patient = target.model_copy(update={"silent_server_s": 1})
    with Database.open(patient) as db:
        assert db.one("SELECT SLEEP(4)", shape=(as_it_is,)) == (0,)


def test_a_stop_ends_a_wait_and_the_session_in_the_server(server: PrivateMariaDB, target: TargetConfig) -> None:
    stop = threading.Event()
    with Database.open(target, stop=stop.is_set) as db:
        number = db.connection_id
        threading.Timer(0.5, stop.set).start()
        with pytest.raises(ConnectionLostError):
            db.query("SELECT SLEEP(3600)", shape=(as_it_is,))

    with Database.open(target) as db:
        while (number,) in db.query("SELECT id FROM information_schema.processlist", shape=(as_it_is,)):
            time.sleep(0.05)


def test_rows_without_end_are_not_taken() -> None:
    def behave(talk: Talk) -> None:
        _after_the_session(talk)
        talk.send(b"\1")
        talk.describe()
        talk.send(b"\xfe\0\0\2\0")
        for _ in count():
            talk.endpoint.sendall(b"".join(talk.packed(b"\3abc") for _ in range(1000)))

    _takes_no_more_than_max_answer_bytes(behave)


def test_a_packet_without_end_is_not_taken() -> None:
    def behave(talk: Talk) -> None:
        _after_the_session(talk)
        for _ in count():
            talk.send(b"\1" * ((1 << 24) - 1))

    _takes_no_more_than_max_answer_bytes(behave)


def test_columns_without_end_are_not_taken() -> None:
    def behave(talk: Talk) -> None:
        _after_the_session(talk)
        talk.send(b"\xfe" + b"\xff" * 8)
        for _ in count():
            talk.describe()

    _takes_no_more_than_max_answer_bytes(behave)


def _takes_no_more_than_max_answer_bytes(behave: object) -> None:
    with (
        rogue(behave) as server,  # type: ignore[arg-type]
        Database.open(at(server, silent_server_s=60)) as db,
        pytest.raises(TargetError) as caught,
    ):
        db.query("SELECT 1", shape=(as_it_is,))

    assert "1,048,576 bytes (max_answer_bytes)" in caught.value.message
    assert "raise max_answer_bytes" in caught.value.remedy


def test_a_greeting_without_end_is_not_taken() -> None:
    def behave(talk: Talk) -> None:
        for _ in count():
            talk.send(b"\x0a" * ((1 << 24) - 1))

    with rogue(behave) as server, pytest.raises(TargetError, match="no MySQL server"):
        Database.open(at(server, max_answer_bytes=1 << 30))


def test_a_service_that_is_no_server_is_told_as_that() -> None:
    def web(talk: Talk) -> None:
        talk.endpoint.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with rogue(web) as server, pytest.raises(LoaderError) as caught:
        Database.open(at(server))

    assert "port" in caught.value.remedy


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=6), st.integers(0, 3))
@settings(max_examples=60)
def test_no_answer_makes_an_error_of_another_kind(packets: list[bytes], honest: int) -> None:
    """Whatever it says, from whichever moment on."""

    def behave(talk: Talk) -> None:
        steps: list[Callable[[], object]] = [
            talk.greet,
            talk.read,
            lambda: talk.send(OK),
            partial(talk.until_asked, "S"),
        ]
        for step in steps[: honest and honest + 1]:
            step()
        for packet in packets:
            talk.send(packet)

    with rogue(behave) as server:
        try:
            with Database.open(at(server, connect_timeout_s=1)) as db:
                db.query("SELECT 1", shape=(as_it_is,))
        except LoaderError:
            pass


def test_bytes_that_are_no_packets_make_no_error_of_another_kind() -> None:
    @given(st.binary(max_size=200))
    @settings(max_examples=40)
    def told(data: bytes) -> None:
        with rogue(lambda talk: talk.endpoint.sendall(data)) as server, pytest.raises(LoaderError):
            Database.open(at(server, connect_timeout_s=1))

    told()


def test_a_host_name_that_is_none_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for host in ("a..b", "x" * 300, "no such host", "\N{SNOWMAN}\0"):
        with pytest.raises(LoaderError):
            Database.open(TargetConfig(host=host, port=1, user="u"))


def test_load_dump_is_refused_by_a_server_that_lets_nobody_use_it(tmp_path: Path) -> None:
    def behave(talk: Talk) -> None:
        talk.greet()
        talk.read()
        talk.send(b"\xff\x15\x04#28000Access denied")

    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']))
    with rogue(behave) as server, pytest.raises(TargetError) as caught:
        load_dump(load_config(folder), at(server))

    assert caught.value.errno == 1045
