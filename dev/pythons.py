"""Pythons of other versions than the one at work, by their minor version: ``find_python("3.13")``.

The one at work, one on the PATH, or else Debian's, unpacked into ``.bootstrap`` as the newer servers are. Debian's
needs its own release's libc, so a script in its place runs it by its own loader; Python takes the script for itself,
and environments that are made of it work as others do.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from dev.unpacked import UnpackedRelease

_DEBIAN = {"3.13": "trixie"}
_BY_ITS_LOADER = """#!/bin/sh
exec {loader} --library-path {libraries} --argv0 "$0" {program} "$@"
"""


def find_python(minor: str) -> Path:
    """The program. Raises LookupError where this machine has none, and Debian's can't be had."""
    if minor == f"{sys.version_info.major}.{sys.version_info.minor}":
        return Path(getattr(sys, "_base_executable", sys.executable))
    on_path = shutil.which(f"python{minor}")
    if on_path is not None and _runs(on_path):
        return Path(on_path)
    return _debian_python(minor)


def _runs(program: str | Path) -> bool:
    """A shim of pyenv may be there and not run."""
    return subprocess.run([program, "-c", "import ssl, sqlite3"], capture_output=True, check=False).returncode == 0


def _debian_python(minor: str) -> Path:
    release = UnpackedRelease(f"python{minor}")
    program = release.usr / "bin" / f"python{minor}"
    if not program.exists():
        if minor not in _DEBIAN:
            raise LookupError(f"there is no Python {minor} here, and no Debian release is known to have it")
        release.get(
            _DEBIAN[minor],
            [f"python{minor}"],
            alone=f"libpython{minor}-dev",  # its headers, for packages that are compiled
            finish=lambda unpacked: _make_usable(minor, unpacked, release.usr.parent),
        )
    if not _runs(program):
        raise LookupError(f"Python {minor} of Debian {_DEBIAN[minor]} does not run here")
    return program


def _make_usable(minor: str, unpacked: Path, place: Path) -> None:
    """Put the script that runs it in its place, and the header of this machine's kind where compilers look."""
    program = unpacked / "usr" / "bin" / f"python{minor}"
    binary = program.rename(program.with_name(f"python{minor}.elf"))
    (loader,) = unpacked.glob("usr/lib/*-linux-gnu/ld-linux-*.so.*")
    program.write_text(
        _BY_ITS_LOADER.format(
            loader=place / loader.relative_to(unpacked),
            libraries=place / loader.parent.relative_to(unpacked),
            program=place / binary.relative_to(unpacked),
        )
    )
    program.chmod(0o755)
    (header,) = unpacked.glob(f"usr/include/*-linux-gnu/python{minor}/pyconfig.h")
    shutil.copy(header, unpacked / "usr" / "include" / f"python{minor}" / "pyconfig.h")
