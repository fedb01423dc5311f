"""What every place can do where a dump lies."""

from __future__ import annotations

import io
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, ClassVar, TypeVar, cast

from airflow_dm_loader.attempts import AT_STORAGE, PATIENT, Attempts
from airflow_dm_loader.dump.storage.resuming import ResumingFile
from airflow_dm_loader.errors import CheckpointError, DumpFormatError, LoaderError, LoadInterruptedError
from airflow_dm_loader.logs import visible_log

_log = visible_log(__name__)
_BUFFER_BYTES = 128 << 10  # of each open file
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of the folder."""

    name: str  # relative to the dump's folder; without "/", but in a storage that looks into subfolders
    file_bytes: int  # as stored
    version: str = field(default="", compare=False)  # another one is another content; what it says is the storage's


@dataclass(frozen=True, slots=True)
class Listing:
    """What lies in the folder, each sorted by name."""

    files: tuple[StoredFile, ...]
    others: tuple[str, ...]


class DumpStorage(ABC):
    """A dump's folder or prefix.

    Reading goes on by itself after a failure, for about half a minute, and then raises :class:`RetriableError`.
    Threads may share one.

    Args:
        attempts: by what clock it waits between two tries, and until when.
        deep: list the files of subfolders, too, as ``folder/name``.
    """

    # Whether opening a file costs next to nothing, so that one that can't be opened is found out right then.
    _opens_at_once: ClassVar[bool] = False

    def __init__(self, *, attempts: Attempts = PATIENT, deep: bool = False) -> None:
        self._attempts = attempts
        self._deep = deep
        self._listing: Listing | None = None
        self._listed: dict[str, StoredFile] = {}
        self._lock = threading.Lock()

    @property
    @abstractmethod
    def where(self) -> str:
        """The place, as it may be shown."""

    def list(self) -> list[StoredFile]:
        """The files of the folder, sorted by name.

        What is opened from then on must be as it was listed.

        Raises:
            DumpNotFoundError: there is nothing, or it can't be read.
            RetriableError: the storage failed.
        """
        return list(self._look().files)

    def list_others(self) -> tuple[str, ...]:
        """Names in the folder that are no files (subfolders end in "/"); none of them is read or removed."""
        return (self._listing or self._look()).others

    @abstractmethod
    def is_in_folder(self, folder: str, name: str) -> bool:
        """Whether a folder in the dump's folder holds a file of this name; looks once.

        Raises:
            LoaderError: it can't be looked into.
        """

    @abstractmethod
    def names_in(self, folder: str, most: int) -> tuple[str, ...]:
        """At most so many names in a folder (``a/b/``) below the dump's; subfolders end in "/". Links lead nowhere.

        Raises:
            LoaderError: it can't be looked into.
        """

    def open(self, name: str) -> BinaryIO:
        """The stored bytes of a file.

        Raises:
            DumpNotFoundError: it is gone, or can't be opened.
            CheckpointError: it is not as it was listed, or becomes another one while it is read (34018).
            RetriableError: the storage failed; also at each ``read``.
        """
        _check_name(name, self._deep)
        file = self._find(name)
        what = f"reading {name}"

        def open_at(offset: int) -> BinaryIO:
            return self._open_at(file, offset)

        stream = self._again(what, lambda: open_at(0)) if self._opens_at_once else None
        resuming = ResumingFile(
            name, file.file_bytes, open_at, self._meaning, lambda read: self._again(what, read), stream
        )
        return cast("BinaryIO", io.BufferedReader(resuming, _BUFFER_BYTES))

    def find(self, name: str) -> StoredFile:
        """A file with its version, as it would be opened now. Raises as :meth:`open`."""
        _check_name(name, self._deep)
        return self._find(name)

    def leave_if_stopped(self) -> None:
        """For what reads a file for long without asking for more of it. Raises LoadInterruptedError."""
        if self._attempts.stop():
            raise LoadInterruptedError("asked to stop while the dump was read")

    def read(self, name: str, limit: int) -> bytes:
        """All stored bytes of a file that has at most ``limit`` of them.

        Raises:
            DumpNotFoundError: it is gone, or can't be opened.
            DumpFormatError: it is longer.
            RetriableError: the storage failed.
        """
        with self.open(name) as file:
            content = file.read(limit + 1)
        if len(content) > limit:
            raise DumpFormatError(f"the file is longer than the {limit} bytes that such a file may have", file=name)
        return content

    def remove(self, names: Iterable[str]) -> tuple[str, ...]:
        """Remove these files; says in words which could not be removed, and why.

        A link is removed, never what it leads to. A file that is gone already is no problem.
        """
        given = tuple(names)
        for name in given:
            _check_name(name, self._deep)
        return tuple(f"{name!r} was not removed: {why}" for name, why in self._remove(given))

    @abstractmethod
    def remove_folder_if_empty(self) -> bool:
        """Whether the folder is gone now; one that holds anything, or is a link, stays.

        Raises:
            FatalError: it is empty but could not be removed.
        """

    @abstractmethod
    def _list_once(self) -> Listing: ...

    @abstractmethod
    def _find(self, name: str) -> StoredFile:
        """The file as it is to be read, with its version; tries again by itself."""

    @abstractmethod
    def _open_at(self, file: StoredFile, offset: int) -> BinaryIO:
        """Open this version of the file there; raises only LoaderError."""

    @abstractmethod
    def _meaning(self, error: Exception) -> LoaderError | None:
        """What an exception of reading means; None: it is none of the storage's."""

    @abstractmethod
    def _remove(self, names: Sequence[str]) -> Iterable[tuple[str, str]]:
        """Remove files; gives the names of those that could not be removed, and why."""

    def _look(self) -> Listing:
        listing = self._again(f"listing {self.where}", self._list_once)
        _log.debug("%d files at %s", len(listing.files), self.where)
        with self._lock:
            self._listing, self._listed = listing, {file.name: file for file in listing.files}
        return listing

    def _again(self, what: str, work: Callable[[], _T]) -> _T:
        return self._attempts.run(what, work, AT_STORAGE)


def _check_name(name: str, deep: bool) -> None:
    if "\x00" in name or ("/" in name and not deep) or any(part in ("", ".", "..") for part in name.split("/")):
        raise ValueError(f"{name!r} is no name of a file in the dump's folder")


def changed(name: str | None = None) -> CheckpointError:
    """The error of a file that is another one now."""
    return CheckpointError(
        "the file was changed while the dump was being read",
        file=name,
        remedy="Nothing of two versions was mixed. A file that was fixed in its old size resumes with a clear; else "
        "put the dump back as it was, or load the new one under another task_name.",
    )
