"""Programs that a benchmark needs and Debian does not have: where they are is said in the environment."""

from __future__ import annotations

import os
import shutil
from enum import StrEnum
from pathlib import Path


class Program(StrEnum):
    """A program of others; the value is the environment variable that says where it is."""

    MYDUMPER_1 = "BENCH_MYDUMPER_1"
    MYLOADER_1 = "BENCH_MYLOADER_1"
    DUMPLING = "BENCH_DUMPLING"

    @property
    def path(self) -> Path | None:
        """Where it is; None: it can't be had here."""
        said = os.environ.get(self.value)
        found = shutil.which(said) if said else None
        return Path(found) if found else None

    def sure(self) -> str:
        """Where it is.

        Raises:
            RuntimeError: it is not said, or not there.
        """
        if self.path is None:
            raise RuntimeError(f"set {self.value} to the program")
        return str(self.path)
