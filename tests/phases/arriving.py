"""A dump that a tool is still making: its files come one by one, in the order in which dump tools write them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airflow_dm_loader.attempts import Clock
from airflow_dm_loader.config import LoadConfig
from tests.dumps import load_config

LIST = "finished.txt"


@dataclass
class ArrivingDump:
    """Brings the files of a ``whole`` dump into ``folder``, and says in a list there which are finished."""

    whole: Path
    folder: Path
    waiting: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        names = sorted(path.name for path in self.whole.iterdir())
        first = [name for name in names if "-schema" in name]
        rows = [name for name in names if name not in first and name != "metadata"]
        self.waiting = [*first, *rows, "metadata"]

    def bring(self, *names: str) -> None:
        """Write these files whole, and name them in the list."""
        for name in names:
            shutil.copyfile(self.whole / name, self.folder / name)
            self.name(name)
            self.waiting.remove(name)

    def name(self, name: str) -> None:
        with (self.folder / LIST).open("a") as file:
            file.write(name + "\n")

    def bring_schemas(self) -> None:
        self.bring(*(name for name in list(self.waiting) if "-schema" in name))

    def bring_rest(self) -> None:
        self.bring(*list(self.waiting))

    def config(self, **changes: Any) -> LoadConfig:
        return load_config(
            self.folder, **{"wait_for_dump": "stream", "finished_files": LIST, "dump_timeout_s": 60, **changes}
        )


@dataclass
class StepClock(Clock):
    """Each time that somebody waits, the next of ``steps`` happens; waits take no time otherwise."""

    steps: Sequence[Callable[[], object]]
    done: int = 0
    slept_s: float = 0.0

    def now_s(self) -> float:
        return self.slept_s

    def sleep(self, seconds: float) -> None:
        self.slept_s += 2.0  # a whole look's wait
        if self.done < len(self.steps):
            self.done += 1
            self.steps[self.done - 1]()
