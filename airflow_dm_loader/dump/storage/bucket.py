"""What is needed of the client of an object storage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from airflow_dm_loader.dump.storage.troubles import Trouble


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object of a bucket; ``version`` is its ETag or generation."""

    key: str
    object_bytes: int
    version: str


class Bucket(Protocol):
    """What is needed of a storage's client. Each call may raise whatever the client raises."""

    def list(self, prefix: str) -> Iterable[StoredObject | str]:
        """The objects right under the prefix, and as text the prefixes below it, page by page."""

    def open(self, key: str, version: str, offset: int) -> BinaryIO:
        """Read this version of an object from there on; any other one is an error, also later."""

    def delete(self, keys: Sequence[str]) -> Mapping[str, str]:
        """Delete objects in as few requests as can be; gives those that were not, and why."""

    def meaning(self, error: Exception) -> Trouble | None:
        """What an exception of the client means; None: it is none of the storage's."""
