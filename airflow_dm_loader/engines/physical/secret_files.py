"""Files with secrets, for a program that takes them no other way: gone at the end, also when this process was killed.

Each lies in a folder of its own, which is locked for as long as it is in use. The kernel lets go of the lock when its
process ends, however that came; so whoever gets it from a folder of another may sweep that away.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PREFIX = "dm-loader-lightning-"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def secret_file(name: str, text: str) -> Iterator[Path]:
    """A file with mode 0600 in a folder with mode 0700; both go at the end. What others left is swept away first."""
    sweep(Path(tempfile.gettempdir()))
    folder, lock = _locked_folder()
    try:
        path = folder / name
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        yield path
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def sweep(place: Path) -> None:
    """Remove the folders of this user whose process has ended without doing so."""
    for folder in place.glob(f"{_PREFIX}*"):
        try:
            lock = os.open(folder, _FOLDER)
        except OSError:  # of another user, a link, or gone by now
            continue
        try:
            if os.fstat(lock).st_uid == os.geteuid() and _take(lock):
                shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(lock)


def _locked_folder() -> tuple[Path, int]:
    """A new folder and its lock: another process may have swept it away before that was ours."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        try:
            lock = os.open(folder, _FOLDER)
        except FileNotFoundError:
            continue
        if _take(lock) and folder.exists():
            return folder, lock
        os.close(lock)


def _take(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
