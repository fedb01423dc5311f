"""Reads a stored file to its end although connections break and disks fail in the middle of it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

from airflow_dm_loader.errors import LoaderError, RetriableError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class ResumingFile(io.RawIOBase):
    """The bytes of one version of a stored file.

    After a failure it opens the file again where it stopped, a bounded number of times. It never mixes two versions:
    ``open_at`` refuses another one than the first. A file that ends before ``file_bytes`` counts as a failure.

    Args:
        open_at: opens the file at an offset; raises :class:`LoaderError` only, :class:`RetriableError` where it may
            work later.
        translate: what an exception that reading raised means; None: it is none of the storage's.
        again: carries out one read, again where that can help.
        stream: the file, opened at its start; None: the first read opens it where it starts.
    """

    def __init__(
        self,
        name: str,
        file_bytes: int,
        open_at: Callable[[int], BinaryIO],
        translate: Callable[[Exception], LoaderError | None],
        again: Callable[[Callable[[], int]], int],
        stream: BinaryIO | None,
    ) -> None:
        self.name = name
        self._file_bytes = file_bytes
        self._open_at = open_at
        self._translate = translate
        self._again = again
        self._stream = stream
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Costs nothing: the next read opens the file there."""
        position = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._file_bytes}[whence]
        if position < 0:
            raise ValueError("a negative offset")
        if position != self._position:
            self._drop()
            self._position = position
        return position

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read some of the next bytes.

        Raises:
            RetriableError: it did not work at any try.
            CheckpointError: the file is another one now.
        """
        view = memoryview(buffer).cast("B")[: max(0, self._file_bytes - self._position)]
        if not view:
            return 0
        try:
            return self._read_once(view)
        except RetriableError:
            return self._again(lambda: self._read_once(view))

    def close(self) -> None:
        self._drop()
        super().close()

    def _read_once(self, view: memoryview) -> int:
        try:
            if self._stream is None:
                self._stream = self._open_at(self._position)
            count: int = self._stream.readinto(view)  # type: ignore[attr-defined]  # every binary file has it
        except LoaderError:
            raise
        except Exception as error:
            self._drop()
            found = self._translate(error)
            if found is None:
                raise
            raise found.at(file=self.name, offset=self._position) from error
        if not count:
            self._drop()
            raise RetriableError(
                f"the storage ended the file before its {self._file_bytes} bytes",
                file=self.name,
                offset=self._position,
            )
        self._position += count
        return count

    def _drop(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()
