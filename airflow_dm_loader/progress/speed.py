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
    index_seconds: float | None = 0.0,
    comparison_seconds: float | None = 0.0,
    slowed: str = "",
    row_seconds: float | None = None,
) -> LoadStatus:
    """A moment of the import, in DM's words.

    Args:
        index_seconds: what the building of indexes will take once the rows are in; None: not known yet.
        comparison_seconds: what the comparison will take after that; None: not known yet.
        slowed: why less is sent than could be, in words.
        row_seconds: until all rows are in, as it is known otherwise than by their speed; None: it is not.
    """
    left, after = total_bytes - finished_bytes, (index_seconds, comparison_seconds)
    known = left and not bps and row_seconds is not None
    return LoadStatus(
        finished_bytes=finished_bytes,
        total_bytes=total_bytes,
        progress=percent(finished_bytes, total_bytes, done),
        bps=bps,
        eta_s=eta_s(0, 0, row_seconds, *after) if known else eta_s(left, bps, *after),
        indexes_s=index_seconds,
        comparison_s=comparison_seconds,
        tables=tables,
        indexes_waiting=indexes_waiting,
        slowed=slowed,
        meta_binlog=meta_binlog,
        meta_binlog_gtid=meta_binlog_gtid,
    )


def eta_s(bytes_left: int, bps: int, *after_rows: float | None) -> float | None:
    """Seconds until all rows are in, and what comes after them is done.

    None: how fast rows go is not known, or nothing is left but what is not known.

    Args:
        after_rows: the seconds of each thing that follows; one that is not known is left out.
    """
    if bytes_left and not bps:
        return None
    known = [seconds for seconds in after_rows if seconds is not None]
    left = (bytes_left / bps if bytes_left else 0.0) + sum(known)
    return None if not left and len(known) < len(after_rows) else left
