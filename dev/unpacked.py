"""Programs of a newer Debian release, unpacked into ``.bootstrap``, most of them by ``dev/bootstrap.sh``.

They need that release's libc, so its own loader runs them, with its own libraries. What few runs need is got when it is
first asked for (:meth:`UnpackedRelease.get`).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

BOOTSTRAPPED = Path(__file__).parents[1] / ".bootstrap"
_UNPACK = Path(__file__).parent / "unpack_release.sh"


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

    def get(
        self, debian: str, packages: Sequence[str], *, alone: str = "", finish: Callable[[Path], None] | None = None
    ) -> None:
        """Unpack packages of a Debian release into its folder, which is there once it is whole.

        Args:
            alone: a package of which nothing is wanted but itself.
            finish: what is still to be done with the folder, before it takes its place.

        Raises:
            LookupError: they can't be had.
        """
        folder = BOOTSTRAPPED / self.name
        new = folder.with_name(f"{self.name}.new")
        shutil.rmtree(new, ignore_errors=True)
        command: list[str | Path] = [_UNPACK, debian, new, *packages]
        if subprocess.run(command, env=os.environ | {"ALONE": alone}, check=False).returncode:
            shutil.rmtree(new, ignore_errors=True)
            raise LookupError(f"{', '.join(packages)} of Debian {debian} can't be had here")
        if finish is not None:
            finish(new)
        shutil.rmtree(folder, ignore_errors=True)
        new.rename(folder)
