"""The stand-in, installed as the real programs would be."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STAND_IN = Path(__file__).with_name("stand_in.py")


@dataclass(frozen=True)
class Installed:
    """``folder`` holds the programs, their script, and the notes of their runs."""

    folder: Path

    def plays(self, *acts: dict[str, Any], version: str = "8.5.0", **script: Any) -> None:
        """What its runs shall do, one after another; the last act repeats. See ``stand_in.py``."""
        text = json.dumps({"version": version, "acts": acts or [{}], **script})
        (self.folder / "script.json").write_text(text)

    def runs(self, program: str = "tidb-lightning") -> list[dict[str, Any]]:
        """Its runs so far: arguments, configuration, file modes, environment, pid."""
        notes = self.folder / "runs.jsonl"
        lines = notes.read_text().splitlines() if notes.exists() else []
        return [run for run in map(json.loads, lines) if run["program"] == program]

    @property
    def sleeping(self) -> Path:
        """A file that is there once it sleeps in the middle of its work."""
        return self.folder / "sleeping"


def install(folder: Path) -> Installed:
    folder.mkdir()
    for name in ("tidb-lightning", "tidb-lightning-ctl"):
        program = folder / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{STAND_IN}" {name} "{folder}" "$@"\n')
        program.chmod(0o755)
    installed = Installed(folder)
    installed.plays()
    return installed
