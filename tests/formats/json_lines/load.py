"""A load by a process of its own, which knows one format more: ``python -m tests.formats.json_lines.load <job>``.

The job is JSON: ``config``, ``target``, and ``dies_at``, the number of the chunk whose rows are sent when it is killed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

from airflow_dm_loader import LoadConfig, TargetConfig, load_dump
from airflow_dm_loader.dump.data_formats import register
from airflow_dm_loader.state import chunks
from tests.formats.json_lines import JSON_LINES


def main(job: dict[str, Any]) -> None:
    register(JSON_LINES)
    if job["dies_at"]:
        _die_at(job["dies_at"])
    report = load_dump(LoadConfig(**job["config"]), TargetConfig(**job["target"]))
    sys.stdout.write(json.dumps({"outcome": report.outcome, "rows": report.rows}))


def _die_at(number: int) -> None:
    complete, came = chunks.complete, 0

    def die(*args: Any, **kwargs: Any) -> None:
        nonlocal came
        came += 1
        if came == number:
            os.kill(os.getpid(), signal.SIGKILL)
        complete(*args, **kwargs)

    chunks.complete = die


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
