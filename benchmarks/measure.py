"""Runs one load in a process of its own and measures what it cost."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_LOOK_EVERY_S = 0.02
_CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


class LoadFailedError(RuntimeError):
    """A peer did not load, or what it loaded is not what was dumped: there is no figure then."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one load cost. None: not measured."""

    wall_s: float  # of the process, from its start to its end
    client_cpu_s: float | None = None  # with the processes that it started
    server_cpu_s: float | None = None
    peak_rss_bytes: int | None = None  # of the largest process of the client
    details: Mapping[str, float | str] = field(default_factory=dict)


def server_cpu_s(pid: int) -> float:
    """CPU time of a process so far, from ``/proc/<pid>/stat``."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / _CLOCK_TICKS


def run_measured(
    command: Sequence[str],
    *,
    server_pid: int,
    log: Path,
    while_running: Callable[[subprocess.Popen[bytes]], None] | None = None,
) -> Measurement:
    """Run ``command`` to its end.

    ``while_running`` may wait for something and kill the process; then its end by that signal is no failure.

    Raises:
        LoadFailedError: it ended with another status than 0; the end of its log is quoted.
    """
    os.sync()  # what the last load left to be written is not this one's
    cpu_before = server_cpu_s(server_pid)
    with log.open("wb") as output:
        started = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            peak = _PeakWatch(process.pid)
            if while_running is not None:
                while_running(process)
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
        wall_s = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode and not (while_running and process.returncode < 0):
        tail = log.read_text(errors="replace")[-3000:]
        raise LoadFailedError(f"{Path(command[0]).name} ended with {process.returncode}:\n{tail}")
    return Measurement(
        wall_s=wall_s,
        client_cpu_s=usage.ru_utime + usage.ru_stime,
        server_cpu_s=server_cpu_s(server_pid) - cpu_before,
        peak_rss_bytes=peak.peak_rss_bytes(usage.ru_maxrss * 1024),
    )


class _PeakWatch:
    """The peak memory of a process and its children.

    The kernel's own figure at a process's end counts what its parent held when it was started, so it is exact
    where it is above that. Below, what was looked at every few milliseconds must do.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._seen = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def peak_rss_bytes(self, reported: int) -> int:
        """Ends the watch. ``reported`` is the kernel's figure."""
        self._ended.set()
        self._thread.join()
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return reported if reported > own else self._seen

    def _watch(self) -> None:
        while not self._ended.wait(_LOOK_EVERY_S):
            for pid in (self._pid, *_children(self._pid)):
                self._seen = max(self._seen, _peak_of(pid))


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:  # it has ended
        return []


def _peak_of(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:  # it has ended
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0
