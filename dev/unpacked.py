"""Programs of a newer Debian release, which ``dev/bootstrap.sh`` unpacked into ``.bootstrap``.

They need that release's libc, so its own loader runs them, with its own libraries.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

BOOTSTRAPPED = Path(__file__).parents[1] / ".bootstrap"


@dataclass(frozen=True)
class UnpackedRelease:
    """A folder under ``.bootstrap`` that holds a release's packages."""

    name: str

    @property
    def usr(self) -> Path:
        return BOOTSTRAPPED / self.name / "usr"

    def find(self, program: str) -> list[str] | None:
        """The command that runs a program, to be followed by its arguments; None: it is not there."""
        for path in (self.usr / "sbin" / program, self.usr / "bin" / program):
            if path.exists():
                (loader,) = self.usr.glob("lib/*-linux-gnu/ld-linux-*.so.*")
                return [str(loader), "--library-path", str(loader.parent), str(path)]
        return None
