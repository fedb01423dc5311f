"""An import in this process, while something happens to it."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from airflow_dm_loader import loader
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.loader import ShareReport
from dev.private_server import PrivateServer
from tests.dumps import run_of
from tests.tables import chunks, query
from tests.waiting import wait_until


@contextmanager
def importing(
    config: LoadConfig, target: TargetConfig, stop: threading.Event | None = None
) -> Iterator[Future[ShareReport]]:
    """``run_import`` in a thread; it is stopped where the block ends early."""
    stop = stop or threading.Event()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(loader.run_import, run_of(config, target, stop=stop))
        try:
            yield running
        finally:
            stop.set()


def wait_for_chunks(server: PrivateServer, goal: int, running: Future[ShareReport]) -> bool:
    """Wait until so many chunks are committed; False: the import ended before."""
    while chunks(server) < goal:
        if running.done():
            return False
        time.sleep(0.002)
    return True


def sessions(server: PrivateServer) -> list[tuple[int, str]]:
    """Number and statement of the loader's sessions."""
    return [(number, text or "") for number, user, *_, text in _shown(server) if user == server.user]


def _shown(server: PrivateServer) -> list[tuple[Any, ...]]:
    """Number, user, ..., statement; MySQL's information_schema refuses it where a statement holds bytes."""
    return [row[:8] for row in query(server, "SHOW FULL PROCESSLIST")]  # MariaDB's has one column more


def wait_for_statement(server: PrivateServer, verb: str, number: int = 1) -> None:
    """Wait until so many of the loader's sessions are at a statement that begins so."""
    wait_until(lambda: sum(text.startswith(verb) for _, text in sessions(server)) >= number, lambda: sessions(server))


# InnoDB's status is a long text, which is not asked for all the time.
LOCK_LOOK_S = 0.15


def wait_for_lock(server: PrivateServer, statement: str = "") -> None:
    """Wait until a session waits for a row's lock, in a statement that begins so."""
    wait_until(lambda: is_waiting_for_lock(server, statement), every_s=LOCK_LOOK_S)


def is_waiting_for_lock(server: PrivateServer, statement: str = "") -> bool:
    """Whether a session does."""
    status = query(server, "SHOW ENGINE INNODB STATUS")[0][2]
    waiting = [text for text in status.split("---TRANSACTION") if "LOCK WAIT" in text]
    numbers = {int(number) for text in waiting for number in re.findall(r"thread id (\d+)", text)}
    return any(number in numbers and str(text or "").startswith(statement) for number, *_, text in _shown(server))


def wait_until_no_session_is_left(server: PrivateServer) -> None:
    """KILL, and a connection that was closed, only ask a session to end; the server does it soon."""
    wait_until(lambda: not sessions(server), lambda: sessions(server))


def complete(config: LoadConfig, target: TargetConfig) -> None:
    """The phases after the import, up to the checksum, which must find nothing."""
    loader.build_indexes(run_of(config, target))
    assert loader.verify(loader.LoadRun.of(config, target)).verdict == "clean"


def wait_for_log(caplog: pytest.LogCaptureFixture, text: str, running: Future[ShareReport], *, times: int = 1) -> None:
    """Wait until the import has logged this so often."""

    def came() -> bool:
        assert not running.done(), running.result()
        return sum(text in message for message in list(caplog.messages)) >= times

    wait_until(came, lambda: caplog.messages)
