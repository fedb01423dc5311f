"""A dump under a prefix of a bucket."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import BinaryIO

from airflow_dm_loader.attempts import PATIENT, Attempts
from airflow_dm_loader.dump.storage.base import DumpStorage, Listing, StoredFile, changed
from airflow_dm_loader.dump.storage.bucket import Bucket, StoredObject
from airflow_dm_loader.errors import CheckpointError, DumpNotFoundError, FatalError, LoaderError
from airflow_dm_loader.location import DumpLocation


class ObjectStorage(DumpStorage):
    """A prefix of a bucket. An object at the prefix itself is the mark of a folder, not a file."""

    def __init__(
        self, location: DumpLocation, bucket: Bucket, *, attempts: Attempts = PATIENT, deep: bool = False
    ) -> None:
        super().__init__(attempts=attempts, deep=deep)
        self._location = location
        self._bucket = bucket
        self._prefix = location.prefix
        self._has_mark = False
        self._was_removed = False
        self._first_look = threading.Lock()

    @property
    def where(self) -> str:
        return str(self._location)

    def remove_folder_if_empty(self) -> bool:
        left = self._look()
        if left.files or left.others:
            return False
        if self._has_mark and (why := self._delete([self._prefix])):
            raise FatalError(f"the mark of the dump's empty folder {self.where} was not removed: {why[self._prefix]}")
        return True

    def _list_once(self) -> Listing:
        files: dict[str, StoredFile] = {}
        others: set[str] = set()
        has_mark = False
        with self._translating():
            for found in self._list_below():
                if isinstance(found, str):
                    others.add(found.removeprefix(self._prefix))
                elif found.key == self._prefix:
                    has_mark = True
                elif not found.key.endswith("/"):  # the mark of a folder below
                    name = found.key.removeprefix(self._prefix)
                    files[name] = StoredFile(name, found.object_bytes, found.version)
        if not (files or others or self._was_removed):  # a prefix is there for as long as something is under it
            raise DumpNotFoundError(f"there is nothing at {self.where}")
        self._has_mark = has_mark
        return Listing(tuple(files[name] for name in sorted(files)), tuple(sorted(others)))

    def _list_below(self) -> Iterator[StoredObject | str]:
        waiting = [self._prefix]
        while waiting:
            for found in self._bucket.list(waiting.pop()):
                if self._deep and isinstance(found, str):
                    waiting.append(found)
                else:
                    yield found

    def is_in_folder(self, folder: str, name: str) -> bool:
        key = f"{self._prefix}{folder}/{name}"
        with self._translating():
            return any(not isinstance(found, str) and found.key == key for found in self._bucket.list(key))

    def names_in(self, folder: str, most: int) -> tuple[str, ...]:
        prefix = self._prefix + folder
        with self._translating():
            found = [
                each if isinstance(each, str) else each.key for each in islice(self._bucket.list(prefix), most + 1)
            ]
        return tuple(sorted(key.removeprefix(prefix) for key in found if key != prefix)[:most])

    def _find(self, name: str) -> StoredFile:
        """By the listing: one request tells the versions of a thousand objects."""
        with self._first_look:
            if self._listing is None:
                self._look()
        found = self._listed.get(name)
        if found is None:
            raise DumpNotFoundError(f"there is no such object at {self.where}", file=name)
        return found

    def _open_at(self, file: StoredFile, offset: int) -> BinaryIO:
        with self._translating(file=file.name, offset=offset):
            return self._bucket.open(self._prefix + file.name, file.version, offset)

    def _remove(self, names: Sequence[str]) -> Iterator[tuple[str, str]]:
        self._was_removed = True
        try:
            failed = self._delete([self._prefix + name for name in names])
        except LoaderError as error:
            yield from ((name, error.message) for name in names)
            return
        yield from ((key.removeprefix(self._prefix), why) for key, why in failed.items())

    def _delete(self, keys: Sequence[str]) -> Mapping[str, str]:
        def once() -> Mapping[str, str]:
            with self._translating():
                return self._bucket.delete(keys)

        return self._again(f"removing objects of {self.where}", once)

    def _meaning(self, error: Exception) -> LoaderError | None:
        trouble = self._bucket.meaning(error)
        if trouble is None:
            return None
        if trouble.kind is CheckpointError:
            return changed()
        return trouble.kind(f"{self.where}: {trouble.what}", remedy=trouble.remedy)

    @contextmanager
    def _translating(self, *, file: str | None = None, offset: int | None = None) -> Iterator[None]:
        try:
            yield
        except LoaderError:
            raise
        except Exception as error:
            found = self._meaning(error)
            if found is None:
                raise
            raise found.at(file=file, offset=offset) from error
