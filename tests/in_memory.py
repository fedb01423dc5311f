"""Where the run's servers, and Airflow's database, have their files: in memory, if there is enough of it.

They write to the disk at each commit and each CREATE, as in production, and most of a test's time was waiting for that.
A server that is killed loses nothing by it; the machine must not.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from dev.places import PLACE

_MEMORY = Path("/dev/shm")
_BYTES_A_PROCESS = 3 << 30  # six servers of some 200 MiB, and what tests load


def name_place() -> None:
    """Set ``PRIVATE_SERVERS_IN`` for this process and its children, where nobody has set it and there is room."""
    processes = os.cpu_count() or 1  # as many as ``-n auto`` starts; the first one says it for all
    if PLACE not in os.environ and _free_bytes() > processes * _BYTES_A_PROCESS:
        os.environ[PLACE] = str(_MEMORY)


def _free_bytes() -> int:
    """Of the file system in memory, and of the memory that it takes."""
    meminfo = Path("/proc/meminfo")
    if not meminfo.exists() or not os.access(_MEMORY, os.W_OK):
        return 0
    values = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
    return min(shutil.disk_usage(_MEMORY).free, int(values["MemAvailable"].split()[0]) << 10)
