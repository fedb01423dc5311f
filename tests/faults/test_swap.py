"""A load that swaps, killed at each step, and the server around the RENAME: readers see one night's rows, whole."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pymysql
import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import LoadConfig, TargetConfig
from dev.private_server import PrivateServer
from tests.dumps import Table, load_config, write_dump
from tests.faults.attempts import Attempt
from tests.faults.points import SWAP_POINTS
from tests.faults.tally import rounds, tried
from tests.tables import ROWS_WRONG, query
from tests.waiting import PATIENCE_S, wait_until

PARENT = "(`id` int NOT NULL, `v` varchar(60), PRIMARY KEY (`id`), KEY `v` (`v`)) ENGINE=InnoDB"
CHILD = (
    "(`id` int NOT NULL, `p` int NOT NULL, `v` varchar(60), PRIMARY KEY (`id`), KEY `p` (`p`), "
    "CONSTRAINT `fk1` FOREIGN KEY (`p`) REFERENCES `p` (`id`)) ENGINE=InnoDB"
)
KEYLESS = "(`n` int NOT NULL, `v` varchar(60)) ENGINE=InnoDB"
ROWS = {"p": 200, "c": 400, "k": 300}
# All tables in one statement: what a reader sees of them at one moment.
SEEN = " UNION ALL ".join(
    f"SELECT '{name}', MIN(v), MAX(v), COUNT(*), COUNT(DISTINCT {key}) FROM s.{name}"
    for name, key in (("p", "id"), ("c", "id"), ("k", "n"))
)

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]


def write_night(folder: Path, night: int) -> Path:
    return write_dump(
        folder,
        Table("p", PARENT, [f'({at},"night {night}")' for at in range(ROWS["p"])]),
        Table("c", CHILD, [f'({at},{at % ROWS["p"]},"night {night}")' for at in range(ROWS["c"])]),
        Table("k", KEYLESS, [f'({at},"night {night}")' for at in range(ROWS["k"])]),
    )


def whole(night: int) -> list[tuple[object, ...]]:
    return [(name, f"night {night}", f"night {night}", rows, rows) for name, rows in ROWS.items()]


def config_of(folder: Path, task_name: str) -> LoadConfig:
    return load_config(folder, task_name=task_name, on_existing_rows="swap")


@pytest.fixture
def first_night(server: PrivateServer, target: TargetConfig, tmp_path: Path) -> None:
    load_dump(config_of(write_night(tmp_path / "night1", 1), "night1"), target)
    assert query(server, SEEN) == whole(1), ROWS_WRONG


class Reader(threading.Thread):
    """Reads all tables by one statement, again and again, and keeps what it saw that is no whole night."""

    def __init__(self, server: PrivateServer, nights: tuple[int, ...]) -> None:
        super().__init__(daemon=True)
        self._server, self._whole = server, [whole(night) for night in nights]
        self.stop, self.looks, self.torn = threading.Event(), 0, list[object]()

    def run(self) -> None:
        while not self.stop.is_set():
            with suppress(pymysql.err.OperationalError, pymysql.err.InterfaceError):  # the server was killed
                self._read()
            time.sleep(0.1)

    def _read(self) -> None:
        server = self._server  # over TCP, where the driver closes a socket that could not be connected
        how = {"host": server.host, "port": server.port, "user": server.user, "password": server.password}
        with closing(server.connect(unix_socket=None, **how)) as connection, connection.cursor() as cursor:
            while not self.stop.is_set():
                cursor.execute(SEEN)
                seen = list(cursor.fetchall())
                self.looks += 1
                if seen not in self._whole:
                    self.torn.append(seen)
                time.sleep(0.002)


@contextmanager
def read(server: PrivateServer, *nights: int) -> Iterator[Reader]:
    reader = Reader(server, nights)
    reader.start()
    try:
        wait_until(lambda: reader.looks > 0)
        yield reader
    finally:
        reader.stop.set()
        reader.join(PATIENCE_S)
    assert reader.torn == [], ROWS_WRONG


@pytest.mark.usefixtures("first_night")
@pytest.mark.parametrize("point", SWAP_POINTS)
def test_a_process_killed_at_a_step_leaves_old_rows_or_new_ones(
    point: str, server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    config = config_of(write_night(tmp_path / "night2", 2), "night2")
    with read(server, 1, 2):
        with Attempt(config, target, point=point) as attempt:
            assert attempt.dies()
        tried(f"kill -9 of a load that swaps: {point}")

        report = load_dump(config, target)

    assert (report.outcome, report.status) == ("clean", "finished")
    assert query(server, SEEN) == whole(2), ROWS_WRONG
    (former,) = [name for (name,) in query(server, "SHOW DATABASES") if "__dm_" in name]
    assert query(server, SEEN.replace("FROM s.", f"FROM `{former}`.")) == whole(1)
    history = "SELECT table_name, row_count FROM dm_meta.dm_loader_brought WHERE task_name = 'night2'"
    assert dict(query(server, history)) == ROWS
    assert len(query(server, history)) == len(ROWS)


@pytest.mark.usefixtures("first_night")
def test_a_frozen_attempt_that_wakes_up_swaps_nothing_that_another_one_filled(
    server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    """It comes to its RENAME when the task has begun anew, with another dump."""
    folder = write_night(tmp_path / "night2", 2)
    config = config_of(folder, "task")
    with read(server, 1, 3), Attempt(config, target, point="before the RENAME", signal_number=signal.SIGSTOP) as frozen:
        frozen.wait_until_frozen()
        again = config_of(write_night(tmp_path / "night3", 3), "task").changed(remove_meta=True)
        with Attempt(again, target, point="the mark is made", signal_number=signal.SIGSTOP) as second:
            second.wait_until_frozen()
            frozen.thaw()
            answer = frozen.result()
            assert query(server, SEEN) == whole(1), ROWS_WRONG
            second.thaw()
            second.result()
        tried("an attempt thawed before its RENAME, after another round began")

    assert isinstance(answer, str), answer
    assert query(server, SEEN) == whole(3), ROWS_WRONG


@pytest.mark.usefixtures("first_night")
def test_a_server_killed_around_the_rename_has_old_rows_or_new_ones(
    server: PrivateServer, target: TargetConfig, tmp_path: Path, chance: random.Random
) -> None:
    for night in range(2, 2 + rounds(3, 25)):
        config = config_of(write_night(tmp_path / f"night{night}", night), f"night{night}")
        with read(server, night - 1, night):
            with Attempt(config, target, point="before the RENAME", signal_number=signal.SIGSTOP) as attempt:
                attempt.wait_until_frozen()
                attempt.thaw()
                time.sleep(chance.uniform(0, 0.03))
                server.kill9()
                tried("kill -9 of the server around the RENAME")
                server.start()
                assert query(server, SEEN) in (whole(night - 1), whole(night)), ROWS_WRONG
                attempt.result()
            load_dump(config, target)
        assert query(server, SEEN) == whole(night), ROWS_WRONG


@pytest.mark.usefixtures("first_night")
def test_loads_killed_at_random_swap_each_night_whole(
    server: PrivateServer, target: TargetConfig, tmp_path: Path, chance: random.Random
) -> None:
    night, kills = 1, 0
    while kills < rounds(6, 100):
        night += 1
        config = config_of(write_night(tmp_path / f"night{night}", night), f"night{night}")
        with read(server, night - 1, night):
            ended = False
            while not ended and kills < rounds(6, 100):
                with Attempt(config, target) as attempt:
                    ended = attempt.ends_within(chance.uniform(0.1, 3.0))
                kills += not ended
                tried("kill -9 of a load that swaps, at a random instant", int(not ended))
            load_dump(config, target)
        assert query(server, SEEN) == whole(night), ROWS_WRONG
