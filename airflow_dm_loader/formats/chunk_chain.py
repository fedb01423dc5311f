"""What every cutter of a data file does alike: the chain of chunks, committed spans that are jumped over, checks."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import Protocol

from airflow_dm_loader.errors import CheckpointError, DumpFormatError, LoaderError
from airflow_dm_loader.formats.base import Chunk
from airflow_dm_loader.state.files import FileRow

FILE_CHANGED_REMEDY = "Put the dump back as it was, or set remove_meta and start afresh on empty tables."


class ReadFile(Protocol):
    """What a chain asks of the file that it cuts."""

    @property
    def seekable_cheaply(self) -> bool:
        """Whether its bytes are the stored ones."""

    @property
    def file_bytes_read(self) -> int:
        """Stored bytes that were read so far."""


class ChunkChain(ABC):
    """The chunks of one data file that are not committed yet.

    Args:
        decoded: the file, at its start.
        file: what is stored of it.
        committed: start -> end of its committed chunks.
        chunk_bytes: the load's chunk size, in decoded bytes.
    """

    unit = "byte"  # that positions count, in words

    def __init__(self, decoded: ReadFile, file: FileRow, *, committed: Mapping[int, int], chunk_bytes: int) -> None:
        self._decoded = decoded
        self._file = file
        self._committed = committed
        self._committed_starts = sorted(committed)
        self._chunk_bytes = chunk_bytes
        self._read_before = 0
        self.skipped = 0  # committed chunks that were jumped over

    def __iter__(self) -> Iterator[Chunk]:
        self._read_head()
        start = 0
        while True:
            while start in self._committed:
                start = self._committed[start]
                self._jump(start)
                self.skipped += 1
                self._read_before = self._decoded.file_bytes_read
            chunk = self._cut(start)
            self._check_met(start, math.inf if chunk is None else chunk.end)
            self._check_not_grown()
            if chunk is None:
                self._check_not_shrunk()
                return
            yield chunk
            start = chunk.end

    @abstractmethod
    def _read_head(self) -> None:
        """Read what stands before the first rows."""

    @abstractmethod
    def _cut(self, start: int) -> Chunk | None:
        """The chunk from here on; None: there are no more rows."""

    @abstractmethod
    def _jump(self, offset: int) -> None:
        """Go on at a later boundary."""

    def _stored_bytes(self, data_bytes: int) -> int:
        if self._decoded.seekable_cheaply:
            return data_bytes
        read, self._read_before = self._decoded.file_bytes_read - self._read_before, self._decoded.file_bytes_read
        return read

    def _check_met(self, start: int, end: float) -> None:
        """No committed chunk may begin where the chain does not come by: its rows would be sent twice."""
        after = bisect_right(self._committed_starts, start)
        if after < len(self._committed_starts) and self._committed_starts[after] < end:
            raise self._changed(self._committed_starts[after])

    def _changed(self, committed_start: int) -> LoaderError:
        return CheckpointError(
            f"a committed chunk starts at {self.unit} {committed_start}, but chunks are cut elsewhere now: "
            "the file was changed",
            remedy=FILE_CHANGED_REMEDY,
        ).at(file=self._file.name, offset=committed_start if self.unit == "byte" else None)

    def _check_not_grown(self) -> None:
        if self._decoded.file_bytes_read > self._file.file_bytes:
            raise self._other_size(f"at least {self._decoded.file_bytes_read}")

    def _check_not_shrunk(self) -> None:
        if self._decoded.file_bytes_read < self._file.file_bytes:
            raise self._other_size(str(self._decoded.file_bytes_read))

    def _other_size(self, now: str) -> DumpFormatError:
        return DumpFormatError(
            f"the file had {self._file.file_bytes} bytes when the load was planned, and has {now} now",
            file=self._file.name,
            remedy="Wait until the dump is complete; then set remove_meta and start afresh on empty tables.",
        )
