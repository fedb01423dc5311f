"""How much is tried, and what was."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator

LONG = os.environ.get("FAULTS") == "long"
SEED = int(os.environ.get("FAULTS_SEED") or random.SystemRandom().randrange(1 << 32))
_tried: Counter[str] = Counter()


def tried(fault: str, times: int = 1) -> None:
    """Count a fault that was made to happen."""
    _tried[fault] += times


def rounds(short: int, long: int) -> int:
    """How often a fault is tried in ``make test``, and in ``make faults``."""
    return long if LONG else short


def table() -> Iterator[str]:
    """What was tried, for people."""
    if LONG:
        for fault, times in sorted(_tried.items()):
            yield f"{times:6}  {fault}"
    if _tried:
        yield f"{sum(_tried.values()):6}  faults of {len(_tried)} kinds in all"
