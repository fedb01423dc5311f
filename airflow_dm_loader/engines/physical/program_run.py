"""One run of ``tidb-lightning``: its configuration in a file that nobody else can read, its end, its meaning."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import tomli_w

from airflow_dm_loader.attempts import Attempts, Strategy
from airflow_dm_loader.engines.hiding import Hiding
from airflow_dm_loader.engines.physical.endings import PHRASES, Ended, Output, PortTaken, conclude
from airflow_dm_loader.engines.physical.executable import Lightning, child_environment
from airflow_dm_loader.engines.physical.process import ChildProcess
from airflow_dm_loader.engines.physical.secret_files import secret_file
from airflow_dm_loader.engines.physical.status import Progress, ask_progress
from airflow_dm_loader.engines.redaction import Redactor
from airflow_dm_loader.errors import LightningError
from airflow_dm_loader.logs import visible_log

_log = visible_log(__name__)

_NAME = "tidb-lightning.toml"
_SHOWN_CHARACTERS = 1000
GRACE_S = 30.0  # between SIGTERM and SIGKILL
_TICK_S = 0.5
_ALIVE_S = 5.0
_ANOTHER_PORT = Strategy(5, 0.0, 0.0, PortTaken)
_CTL_TIMEOUT_S = 60.0  # without PD it waits for it, without end
# Lightning notes each request of its own status page, the second time with all of the answer.
_STATUS_PAGE = re.compile(r'\["process http request (?:start|completed)"\]')
_STACK = re.compile(r"^[\w./*()\[\]{}~-]+\n\t.*", re.MULTILINE | re.DOTALL)  # a function, and below it its place
# What a line begins with: the time, the level, and the place in Lightning's source.
_HEAD = re.compile(r"(?:\[[0-9/:. +-]+\] )?\[[A-Z]+\] \[[\w.-]+:\d+\]|" + "|".join(map(re.escape, PHRASES)))


@dataclass(frozen=True)
class Watch:
    """What the caller wants to know and do while it runs."""

    stop: threading.Event
    on_progress: Callable[[Progress | None], None]
    progress_interval_s: float
    keep_alive: Callable[[], None]  # every few seconds; raises where the run must end


@dataclass(frozen=True)
class LightningRun:
    """Runs Lightning, and its helper, with one configuration.

    ``settings`` gives the configuration for a port of the HTTP server. With ``hiding``, no text of Lightning's is shown
    that may hold a value of a row.
    """

    program: Lightning
    settings: Callable[[int], Mapping[str, Any]]
    security: Mapping[str, str]
    redactor: Redactor
    hiding: Hiding | None = None
    ctl_timeout_s: float = _CTL_TIMEOUT_S

    def ignore_checkpoint_errors(self, stop: threading.Event) -> str | None:
        """Let a run go on at tables where an earlier one failed, as DM does.

        Args:
            stop: ends it; the run itself then sees to the rest.

        Returns:
            What went wrong with it, which is no more than a warning; None: nothing.
        """
        if self.program.ctl_path is None:
            return "tidb-lightning-ctl is neither beside tidb-lightning nor on PATH"
        said: list[str] = []
        ends_at = time.monotonic() + self.ctl_timeout_s
        with secret_file(_NAME, tomli_w.dumps(self.settings(0))) as path:
            command = [str(self.program.ctl_path), "--config", str(path), "--checkpoint-error-ignore=all"]
            try:
                with ChildProcess(command, child_environment(), said.append) as child:
                    while (code := child.wait(_TICK_S)) is None:
                        if stop.is_set() or time.monotonic() > ends_at:
                            child.stop(_TICK_S)
                            why = "was stopped" if stop.is_set() else f"had not ended after {self.ctl_timeout_s:.0f} s"
                            return f"tidb-lightning-ctl {why}{self._said(said)}"
            except OSError as error:
                return f"tidb-lightning-ctl: {type(error).__name__}"
        return None if code == 0 else f"tidb-lightning-ctl failed with exit code {code}{self._said(said)}"

    def _said(self, lines: list[str]) -> str:
        """What the helper said, without the stack behind it."""
        text = _STACK.sub("", "\n".join(lines)).strip()
        return f": {self._show(self.redactor.text(text[-_SHOWN_CHARACTERS:]))}" if text else ""

    def run(self, watch: Watch) -> Ended:
        """Run it to its end. For errors see :func:`~airflow_dm_loader.engines.physical.endings.conclude`."""
        attempts = Attempts(watch.stop.is_set)
        try:
            return attempts.run("starting tidb-lightning", lambda: self._run_at(_free_port(), watch), _ANOTHER_PORT)
        except PortTaken:
            raise LightningError(f"tidb-lightning found its port taken {_ANOTHER_PORT.tries} times") from None

    def _run_at(self, port: int, watch: Watch) -> Ended:
        output, heard = Output(), threading.Event()

        def take(line: str) -> None:
            if _STATUS_PAGE.search(line):  # it would fill the task's log, and make us ask again
                return
            heard.set()
            shown = self.redactor.text(line)
            output.add(shown)
            _log.info("tidb-lightning: %s", self._show(shown))

        with (
            secret_file(_NAME, tomli_w.dumps(self.settings(port))) as path,
            ChildProcess([str(self.program.path), "--config", str(path)], child_environment(), take) as child,
        ):
            exit_code, stopped, rows = self._wait(child, port, watch, heard)
        return replace(conclude(exit_code, output, stopped=stopped, show=self._show), rows=rows)

    def _show(self, text: str) -> str:
        """What people may see of a line, or of an error's text."""
        if self.hiding is None:
            return text
        head = _HEAD.match(text)
        rest = self.hiding.text(text[head.end() :] if head else text)
        return f"{head[0]} {rest}".strip() if head else rest

    def _wait(
        self, child: ChildProcess, port: int, watch: Watch, heard: threading.Event
    ) -> tuple[int, bool, int | None]:
        """The exit code, whether we stopped it, and how many rows it had sent when it had read all files."""
        rows: int | None = None
        looked_at = alive_at = time.monotonic()
        tick_s = min(_TICK_S, watch.progress_interval_s)
        while (code := child.wait(tick_s)) is None:
            if watch.stop.is_set():
                return child.stop(GRACE_S), True, rows
            if time.monotonic() - alive_at >= min(_ALIVE_S, watch.progress_interval_s):
                watch.keep_alive()
                alive_at = time.monotonic()
            is_due = time.monotonic() - looked_at >= watch.progress_interval_s
            if (
                not is_due and not heard.is_set()
            ):  # it says a line when a stage ends; once it has ended it answers no more
                continue
            heard.clear()
            progress = ask_progress(port, self.security)
            rows = rows if progress is None else progress.rows_in_all
            if is_due:
                watch.on_progress(progress)
                looked_at = time.monotonic()
        return code, watch.stop.is_set() and code != 0, rows


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
