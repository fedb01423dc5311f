"""Where a dump lies: its files, as stored.

Dumps are flat: one folder, no files in subfolders. Files are opened through smart_open, always as raw
bytes; :mod:`~airflow_dm_loader.dump.compression` decodes. This version reads local folders.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from airflow_dm_loader.dump.access import DumpAccess, check_access
from airflow_dm_loader.errors import ConfigError, DumpFormatError, DumpNotFoundError, FatalError, RetriableError
from airflow_dm_loader.location import DUMP_URI_CODE, DumpLocation


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of the folder."""

    name: str  # relative to the dump's folder, "/"-separated
    file_bytes: int  # as stored


class DumpStorage:
    """A dump's folder on this machine or on a file system that is mounted here."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def open_uri(cls, uri: str, access: DumpAccess | None = None) -> DumpStorage:
        """The folder at a path or a ``file://`` URI, which need not exist yet.

        Raises:
            ConfigError: another scheme, a ``file://`` URI of another host, or an access of another storage (20058).
        """
        location = DumpLocation.parse(uri)
        check_access(location, access)
        if location.folder is None:
            raise ConfigError(
                f"dump_uri: this version reads local folders only, and {location.kind}:// is not one",
                code=DUMP_URI_CODE,
                remedy="Copy the dump to a folder that this worker can read, or mount it there.",
            )
        return cls(location.folder)

    def list(self) -> list[StoredFile]:
        """The files of the folder, sorted by name.

        Links to files count as files, with the size of what they lead to.

        Raises:
            DumpNotFoundError: there is no such folder, it can't be read, or a file in it can't be.
        """
        found = ((name, self._stat(name)) for name in self._names())
        return [StoredFile(name, info.st_size) for name, info in found if stat.S_ISREG(info.st_mode)]

    def list_others(self) -> tuple[str, ...]:
        """Names in the folder that are no files (subfolders end in "/"); none of them is read or removed."""
        found = ((name, self._stat(name).st_mode) for name in self._names())
        return tuple(name + "/" * stat.S_ISDIR(mode) for name, mode in found if not stat.S_ISREG(mode))

    def open(self, name: str) -> BinaryIO:
        """The stored bytes of a file.

        Raises:
            DumpNotFoundError: it is gone, or can't be opened.
        """
        import smart_open

        try:
            return smart_open.open(str(self._path(name)), "rb", compression="disable")
        except OSError as error:
            raise self._unreadable(name, error) from error

    def read(self, name: str, limit: int) -> bytes:
        """All stored bytes of a file that has at most ``limit`` of them.

        Raises:
            DumpNotFoundError: it is gone, or can't be opened.
            DumpFormatError: it is longer.
        """
        with self.open(name) as file:
            try:
                content = file.read(limit + 1)
            except OSError as error:
                raise RetriableError(f"a dump file can't be read: {error.strerror}", file=name) from error
        if len(content) > limit:
            raise DumpFormatError(f"the file is longer than the {limit} bytes that such a file may have", file=name)
        return content

    def remove(self, names: Iterable[str]) -> tuple[str, ...]:
        """Remove these files; says in words which could not be removed, and why.

        A link is removed, never what it leads to. A file that is gone already is no problem.
        """
        problems = []
        for name in names:
            try:
                self._path(name).unlink(missing_ok=True)
            except OSError as error:
                problems.append(f"{name!r} was not removed: {error.strerror}")
        return tuple(problems)

    def remove_folder_if_empty(self) -> bool:
        """Whether the folder is gone now; one that holds anything, or is a link, stays.

        Raises:
            FatalError: it is empty but could not be removed.
        """
        try:
            self.folder.rmdir()
        except FileNotFoundError:
            return True
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                return False
            raise FatalError(f"the dump's empty folder {self.folder} was not removed: {error.strerror}") from error
        return True

    def _names(self) -> tuple[str, ...]:
        try:
            return tuple(sorted(path.name for path in self.folder.iterdir()))
        except OSError as error:
            raise DumpNotFoundError(f"there is no dump folder {self.folder}: {error.strerror}") from error

    def _stat(self, name: str) -> os.stat_result:
        try:
            return self._path(name).stat()
        except OSError as error:
            raise self._unreadable(name, error) from error

    def _path(self, name: str) -> Path:
        if name in ("", ".", "..") or "/" in name or "\x00" in name:
            raise ValueError(f"{name!r} is no name of a file in the dump's folder")
        return self.folder / name

    def _unreadable(self, name: str, error: OSError) -> DumpNotFoundError:
        return DumpNotFoundError(f"a file of the dump in {self.folder} can't be read: {error.strerror}", file=name)
