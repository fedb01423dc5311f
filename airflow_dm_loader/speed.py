"""Turns bytes that are done into :class:`~airflow_dm_loader.report.LoadStatus`: speed over a window, and an ETA."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from airflow_dm_loader.report import LoadStatus, TableStatus, percent

_WINDOW_S = 20.0


class SpeedWindow:
    """Bytes a second over the last seconds, so that a stall shows and a start is forgotten."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque()

    def bps(self, finished_bytes: int) -> int:
        """Take a reading; bytes a second since the oldest one in the window."""
        now = self._clock()
        self._seen.append((now, finished_bytes))
        while len(self._seen) > 2 and now - self._seen[0][0] > _WINDOW_S:
            self._seen.popleft()
        since, bytes_then = self._seen[0]
        return int((finished_bytes - bytes_then) / (now - since)) if now > since else 0


def make_status(
    finished_bytes: int,
    total_bytes: int,
    bps: int,
    *,
    done: bool,
    meta_binlog: str,
    meta_binlog_gtid: str,
    tables: tuple[TableStatus, ...] = (),
    indexes_waiting: int = 0,
    index_seconds: float = 0.0,
) -> LoadStatus:
    """A moment of the import, in DM's words.

    Args:
        index_seconds: what the building of indexes will take from now on.
    """
    return LoadStatus(
        finished_bytes=finished_bytes,
        total_bytes=total_bytes,
        progress=percent(finished_bytes, total_bytes, done),
        bps=bps,
        eta_s=eta_s(total_bytes - finished_bytes, bps, index_seconds),
        tables=tables,
        indexes_waiting=indexes_waiting,
        meta_binlog=meta_binlog,
        meta_binlog_gtid=meta_binlog_gtid,
    )


def eta_s(bytes_left: int, bps: int, index_seconds: float) -> float | None:
    """Seconds until rows and then indexes are in; None: how fast rows go is not known."""
    if bytes_left and not bps:
        return None
    return (bytes_left / bps if bytes_left else 0.0) + index_seconds
