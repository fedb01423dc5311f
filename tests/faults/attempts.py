"""Attempts at a load in processes of their own: they can be killed, frozen, and told where to die."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self

from airflow_dm_loader import EtcdConfig, loader
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.errors import LoaderError
from airflow_dm_loader.plan import load_plan
from airflow_dm_loader.report import LoadReport
from tests.faults import points
from tests.servers import AnyServer
from tests.waiting import PATIENCE_S, wait_until

# Forked from one clean process that has the imports done: an attempt begins within milliseconds.
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__])


def short_timeouts(server: AnyServer) -> dict[str, str | int]:
    """A server drops a frozen loader's sessions after a minute or two; tests don't wait so long."""
    session: dict[str, str | int] = {"net_read_timeout": 1, "wait_timeout": 4, "innodb_lock_wait_timeout": 2}
    if server.flavour == "mariadb":
        session["idle_write_transaction_timeout"] = 1
    return session


class Attempt:
    """``load_dump`` in a process of its own; of a task's name, ``restore_previous``.

    ``point`` is one of :data:`tests.faults.points.POINTS`; when it is reached for the ``nth`` time, the process gets
    ``signal_number``. Indexes are deferred whatever a table's size, and the server drops its sessions that idle in the
    middle of a write after a second, not two minutes.
    """

    def __init__(
        self,
        config: LoadConfig | str,
        target: TargetConfig,
        *,
        point: str | None = None,
        nth: int = 1,
        signal_number: int = signal.SIGKILL,
        etcd: EtcdConfig | None = None,
    ) -> None:
        self._answer, theirs = _processes.Pipe(duplex=False)
        self._process = _processes.Process(
            target=_attempt, args=(config, target, point, nth, signal_number, etcd, theirs), daemon=True
        )
        self._process.start()
        theirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill9()
        self._answer.close()

    def dies(self) -> bool:
        """Whether it is killed at its point, however long that takes."""
        return self.ends_within(PATIENCE_S) and self.was_killed

    def ends_within(self, seconds: float) -> bool:
        """Whether it ends by itself in that time."""
        self._process.join(seconds)
        return self._process.exitcode is not None

    def kill9(self) -> None:
        self._process.kill()
        self._process.join()

    @property
    def was_killed(self) -> bool:
        return self._process.exitcode == -signal.SIGKILL

    def freeze(self) -> bool:
        """Whether it is frozen now; False: it had ended by itself."""
        with suppress(ProcessLookupError, FileNotFoundError):
            self._signal(signal.SIGSTOP)
            while self._process.exitcode is None:
                if self._is_frozen:
                    return True
                time.sleep(0.01)
        return False

    def wait_until_frozen(self) -> None:
        """Also where it freezes itself at its point."""

        def is_frozen() -> bool:
            assert self._process.exitcode is None, f"it ended before it came to its point: {self.result()}"
            return self._is_frozen

        wait_until(is_frozen)

    @property
    def _is_frozen(self) -> bool:
        return Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def result(self) -> LoadReport | str:
        """The report, or the error in words."""
        assert self._answer.poll(PATIENCE_S), "no answer"
        answer: LoadReport | str = self._answer.recv()
        assert self.ends_within(PATIENCE_S)
        return answer

    def _signal(self, number: int) -> None:
        assert self._process.pid is not None
        os.kill(self._process.pid, number)


def _attempt(
    config: LoadConfig | str,
    target: TargetConfig,
    point: str | None,
    nth: int,
    signal_number: int,
    etcd: EtcdConfig | None,
    answer: Connection[Any],
) -> None:
    load_plan.LARGE_TABLE_BYTES = 1
    if point is not None:
        points.signal_at(point, nth, signal_number)
    try:
        said: LoadReport | tuple[str, ...] | str
        said = (
            loader.restore_previous(target, config)
            if isinstance(config, str)
            else loader.load_dump(config, target, etcd=etcd)
        )
    except LoaderError as error:
        said = f"{type(error).__name__}: {error}"
    with suppress(BrokenPipeError):  # the test is over
        answer.send(said)
