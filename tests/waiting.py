"""Waiting for what will come: as long as it takes on a busy machine, and a failure that says what was waited for."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 240.0  # no bound that a test is about: pytest's own timeout is longer, and would say less


def wait_until(
    is_so: Callable[[], object],
    described: Callable[[], object] = lambda: "it did not come",
    *,
    every_s: float = 0.01,
) -> None:
    """Look again and again. ``described``: what to show if it does not come."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, described()
        time.sleep(every_s)
