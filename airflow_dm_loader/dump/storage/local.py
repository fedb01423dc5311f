"""A dump in a folder of this machine, or on a file system that is mounted here."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

from airflow_dm_loader.attempts import PATIENT, Attempts
from airflow_dm_loader.dump.storage.base import DumpStorage, Listing, StoredFile, changed
from airflow_dm_loader.errors import DumpNotFoundError, DumpRefusedError, FatalError, LoaderError, RetriableError

# These do not go away by themselves. Others may: EIO of a disk or a cable, ESTALE and ETIMEDOUT of NFS.
_LASTING = frozenset(
    {
        errno.ENOENT,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.ELOOP,
        errno.ENAMETOOLONG,
        errno.EINVAL,
        errno.ENXIO,
    }
)


class LocalStorage(DumpStorage):
    """A folder, which may be a link itself.

    Its files are opened without smart_open, which would import every cloud's library that is installed.

    Args:
        follow_links: whether links in it may lead to files outside of it. Whoever can write a dump could else have
            the worker read and show its own files.
    """

    _opens_at_once = True

    def __init__(
        self, folder: Path, *, attempts: Attempts = PATIENT, follow_links: bool = False, deep: bool = False
    ) -> None:
        super().__init__(attempts=attempts, deep=deep)
        self.folder = folder
        self._follow_links = follow_links

    @property
    def where(self) -> str:
        return str(self.folder)

    def remove_folder_if_empty(self) -> bool:
        try:
            self.folder.rmdir()
        except FileNotFoundError:
            return True
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                return False
            raise FatalError(f"the dump's empty folder {self.folder} was not removed: {error.strerror}") from error
        return True

    def _list_once(self) -> Listing:
        """Links to files count as files, with the size of what they lead to."""
        try:
            names = sorted(self._names() if self._deep else (path.name for path in self.folder.iterdir()))
        except OSError as error:
            raise self._unreadable(error, f"there is no dump folder {self.folder}") from error
        found = [(name, self._stat(name)) for name in names]
        return Listing(
            tuple(StoredFile(name, info.st_size) for name, info in found if stat.S_ISREG(info.st_mode)),
            tuple(name + "/" * stat.S_ISDIR(info.st_mode) for name, info in found if not stat.S_ISREG(info.st_mode)),
        )

    def _names(self) -> Iterator[str]:
        """Of all files below the folder; links to folders are followed only where links may lead anywhere."""
        waiting, seen = [""], set()
        while waiting:
            at = waiting.pop()
            if (real := os.path.realpath(self.folder / at)) in seen:  # links that lead around in a circle
                continue
            seen.add(real)
            with os.scandir(self.folder / at) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=self._follow_links):
                        waiting.append(f"{at}{entry.name}/")
                    else:
                        yield at + entry.name

    def is_in_folder(self, folder: str, name: str) -> bool:
        try:
            return (self.folder / folder / name).is_file()
        except OSError as error:
            raise self._unreadable(error, file=folder) from error

    def names_in(self, folder: str, most: int) -> tuple[str, ...]:
        path = self.folder / folder
        if path.is_symlink():
            return ()
        try:
            with os.scandir(path) as found:
                return tuple(
                    sorted(each.name + "/" * each.is_dir(follow_symlinks=False) for each in islice(found, most))
                )
        except OSError as error:
            raise self._unreadable(error, file=folder) from error

    def _find(self, name: str) -> StoredFile:
        info = self._again(f"looking at {name}", lambda: self._stat(name))
        found = _stored(name, info)
        if found != self._listed.get(name, found):  # its size; a file that was mended in place has the old one
            raise changed(name)
        return found

    def _open_at(self, file: StoredFile, offset: int) -> BinaryIO:
        try:
            stream = (self.folder / file.name).open("rb", buffering=0)
            try:
                opened, found = os.fstat(stream.fileno()), self._stat(file.name)
                if _stored(file.name, opened).version != file.version or opened.st_ino != found.st_ino:
                    raise changed(file.name)
                stream.seek(offset)
            except BaseException:
                stream.close()
                raise
        except OSError as error:
            raise self._unreadable(error, file=file.name) from error
        return cast("BinaryIO", stream)

    def _meaning(self, error: Exception) -> LoaderError | None:
        return self._unreadable(error) if isinstance(error, OSError) else None

    def _remove(self, names: Sequence[str]) -> Iterator[tuple[str, str]]:
        for name in names:
            try:
                (self.folder / name).unlink(missing_ok=True)
            except OSError as error:
                yield name, str(error.strerror)

    def _stat(self, name: str) -> os.stat_result:
        path = self.folder / name
        try:
            info = path.stat()
            leads_out = (path.is_symlink() or "/" in name) and not path.resolve().is_relative_to(self.folder.resolve())
        except (OSError, RuntimeError) as error:  # RuntimeError: links that lead around in a circle
            failure = error if isinstance(error, OSError) else OSError(errno.ELOOP, os.strerror(errno.ELOOP))
            raise self._unreadable(failure, file=name) from error
        if leads_out and stat.S_ISREG(info.st_mode) and not self._follow_links:
            raise DumpRefusedError(
                "it is a link to a file outside of the dump's folder",
                file=name,
                remedy="Put the file itself there, or set follow_links if you trust whoever writes the dump.",
            )
        return info

    def _unreadable(self, error: OSError, what: str = "", *, file: str | None = None) -> LoaderError:
        kind: type[LoaderError] = DumpNotFoundError if error.errno in _LASTING else RetriableError
        if error.errno in (errno.EACCES, errno.EPERM):
            kind = DumpRefusedError
        what = what or f"a file of the dump in {self.folder} can't be read"
        return kind(f"{what}: {error.strerror}", file=file)


def _stored(name: str, info: os.stat_result) -> StoredFile:
    return StoredFile(name, info.st_size, f"{info.st_size} bytes of {info.st_mtime_ns}")
