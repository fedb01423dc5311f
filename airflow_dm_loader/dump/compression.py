"""Decoding compressed dump files, a bounded piece at a time.

A stream that ends before its end marker, or whose checksum is wrong, is an error that tells how many
decoded bytes were sound; it never looks like a file that simply ends there.
"""

from __future__ import annotations

import re
import sys
import zlib
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from airflow_dm_loader.dump.data_formats import DECODED, Compression
from airflow_dm_loader.dump.optional_codecs import EXTRAS, SnappyChunk, corrupt_errors, lz4_frame
from airflow_dm_loader.dump.storage import DumpStorage
from airflow_dm_loader.errors import DumpFormatError, LoadInterruptedError, RetriableError

_FILE_PIECE_BYTES = 64 << 10  # stored bytes that are read at once
_SKIP_PIECE_BYTES = 1 << 20  # decoded bytes that are dropped at once


class Decoder(Protocol):
    """One gzip member, frame of zstd or lz4, or chunk of snappy; the shape of ``zstd.ZstdDecompressor``."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _GzipMember:
    """zlib's decompressor in the shape of zstd's."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(wbits=31)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        decoded = self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)
        # A full piece can leave more inside zlib, even where it took all the input.
        self.needs_input = len(decoded) < max_length and not self._zlib.unconsumed_tail
        return decoded


class DecodedFile:
    """The decoded bytes of a dump file; a context manager.

    ``offset`` counts decoded bytes, ``file_bytes_read`` the stored bytes that were taken for them.
    """

    def __init__(self, storage: DumpStorage, name: str, compression: Compression) -> None:
        if compression not in DECODED:
            raise DumpFormatError(
                f"this version can't decode {compression.value} compression"
                if compression is not Compression.UNKNOWN
                else "the ending of the file's name says no compression that is known",
                file=name,
                remedy="Decompress the file, or dump again without compression, or with gzip or zstd.",
            )
        if (extra := EXTRAS.get(compression)) is not None:
            extra.check(f"reading {compression} files", name)
        self.name = name
        self.offset = 0
        self.file_bytes_read = 0
        self._storage = storage
        self._compression = compression
        self._decoder: Decoder | None = None  # None: between members or frames
        self._members = 0
        self._input = b""
        self._failure: DumpFormatError | RetriableError | None = None
        self._file: BinaryIO = storage.open(name)

    @property
    def seekable_cheaply(self) -> bool:
        """Whether :meth:`seek` costs nothing; else it decodes what it skips."""
        return self._compression is Compression.NONE

    def read(self, n: int) -> bytes:
        """The next ``n`` decoded bytes, fewer only before the end; ``b""`` is the end of the file.

        Raises:
            DumpFormatError: the stream is cut or corrupt; ``offset`` is where sound bytes end. What comes
                before that is returned first.
            RetriableError: the storage failed.
        """
        if n <= 0:
            raise ValueError("read takes a number of bytes above zero")
        pieces: list[bytes] = []
        missing = n
        while missing and self._failure is None:
            try:
                piece = self._plain(missing) if self.seekable_cheaply else self._decoded(missing)
            except LoadInterruptedError:
                raise
            except (DumpFormatError, RetriableError) as error:
                self._failure = error
                break
            if not piece:
                break
            self.offset += len(piece)
            missing -= len(piece)
            pieces.append(piece)
        if self._failure is not None and not pieces:
            raise self._failure
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def seek(self, offset: int) -> None:
        """Go on reading at this decoded offset.

        Raises:
            DumpFormatError: the file ends before it, or is cut or corrupt before it.
            RetriableError: the storage failed.
        """
        if self.seekable_cheaply:
            end = self._file.seek(0, 2)
            self.offset = self.file_bytes_read = self._file.seek(min(offset, end))
            self._failure = None
        elif offset < self.offset:
            self._restart()
        while self.offset < offset:
            if not self.read(min(offset - self.offset, _SKIP_PIECE_BYTES)):
                raise DumpFormatError(
                    f"the file ends before byte {offset}, where this load was before",
                    file=self.name,
                    offset=self.offset,
                )

    def close(self) -> None:
        """Let go of the stored file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _restart(self) -> None:
        self._file.close()
        self._file = self._storage.open(self.name)
        self.offset = self.file_bytes_read = self._members = 0
        self._decoder, self._input, self._failure = None, b"", None

    def _plain(self, n: int) -> bytes:
        self._storage.leave_if_stopped()
        at_start = self.file_bytes_read == 0
        piece = self._stored(n)
        if at_start and (found := compression_of(piece)) is not None:
            raise DumpFormatError(
                f"the file is compressed with {found}, but its name does not say so",
                file=self.name,
                offset=0,
                remedy="Add the compression's ending to the file's name, as .gz or .zst; or decompress the file.",
            )
        return piece

    def _stored(self, n: int) -> bytes:
        piece = self._file.read(n)
        self.file_bytes_read += len(piece)
        return piece

    def _decoded(self, n: int) -> bytes:
        """Some of the next ``n`` decoded bytes; ``b""`` only at a sound end."""
        piece = b""
        while not piece:
            self._storage.leave_if_stopped()  # little may hold much, or very many empty members
            decoder = self._decoder or self._next_decoder()
            if decoder is None:
                break
            if decoder.needs_input and not self._fill():
                raise self._cut()
            data, self._input = self._input, b""
            try:
                piece = decoder.decompress(data, n)
            except _corrupt(self._compression) as error:
                raise DumpFormatError(
                    f"the {self._compression.value} stream is corrupt: {error}", file=self.name, offset=self.offset
                ) from error
            self._decoder = decoder
            if decoder.eof:
                self._input, self._decoder = decoder.unused_data, None
        return piece

    def _next_decoder(self) -> Decoder | None:
        """A decoder for the member or frame that starts here; None at a sound end of the file."""
        while self._fill():
            if self._compression is Compression.GZIP and self._members:
                self._input = self._input.lstrip(b"\x00")  # padding, as tapes and block devices leave it
            if self._input:
                self._members += 1
                return self._decoder_here()
        if not self._members:
            raise self._cut()
        return None

    def _decoder_here(self) -> Decoder:
        match self._compression:
            case Compression.GZIP:
                return _GzipMember()
            case Compression.SNAPPY:
                return SnappyChunk(first=self._members == 1)
            case Compression.LZ4:
                return lz4_frame()
            case _:
                return _zstd_frame()

    def _fill(self) -> bool:
        """Whether there are stored bytes to decode; reads some where none are left."""
        if not self._input:
            self._input = self._stored(_FILE_PIECE_BYTES)
        return bool(self._input)

    def _cut(self) -> DumpFormatError:
        return DumpFormatError(
            f"the {self._compression.value} stream ends in the middle: the file was cut short",
            file=self.name,
            offset=self.offset,
        )


_MARKS = {  # how files of a compression begin; each has bytes that are escaped or quoted in rows
    b"\xfd7zXZ\x00": Compression.XZ,
    b"\x04\x22\x4d\x18": Compression.LZ4,
    b"\xff\x06\x00\x00sNaPpY": Compression.SNAPPY,
}
_BZIP2 = re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)")  # a block, or the end of a stream without one
_DECODED_MARKS = {b"\x1f\x8b\x08": Compression.GZIP, b"\x28\xb5\x2f\xfd": Compression.ZSTD}


def compression_of(beginning: bytes) -> Compression | None:
    """The compression that a file's first bytes show; None: none that is known.

    A row may begin with a BLOB that is compressed itself. All of the bytes must decode then, which those of rows, with
    their separators and escapes, do not.
    """
    if _BZIP2.match(beginning):
        return Compression.BZIP2
    for mark, compression in _MARKS.items():
        if beginning.startswith(mark):
            return compression
    for mark, compression in _DECODED_MARKS.items():
        if beginning.startswith(mark) and _decodes(beginning[:_FILE_PIECE_BYTES], mark, compression):
            return compression
    return None


def _decodes(beginning: bytes, mark: bytes, compression: Compression) -> bool:
    decoder = _GzipMember() if compression is Compression.GZIP else _zstd_frame()
    left = beginning
    try:
        while not decoder.eof and (left or not decoder.needs_input):
            decoder.decompress(left, _FILE_PIECE_BYTES)
            left = b""
    except (zlib.error, _zstd_error()):
        return False
    behind = decoder.unused_data.lstrip(b"\x00") if decoder.eof else b""
    return not behind or behind.startswith(mark[: len(behind)])


def open_decoded(storage: DumpStorage, name: str, compression: Compression) -> DecodedFile:
    """Open a dump file for reading what it holds.

    Raises:
        DumpNotFoundError: it is gone, or can't be opened.
        DumpFormatError: this version does not know its compression.
    """
    return DecodedFile(storage, name, compression)


def _corrupt(compression: Compression) -> tuple[type[Exception], ...]:
    return zlib.error, _zstd_error(), *corrupt_errors(compression)


if sys.version_info >= (3, 14):

    def _zstd_frame() -> Decoder:
        from compression import zstd

        return zstd.ZstdDecompressor()

    def _zstd_error() -> type[Exception]:
        from compression import zstd

        return zstd.ZstdError

else:

    def _zstd_frame() -> Decoder:
        from backports import zstd

        return zstd.ZstdDecompressor()

    def _zstd_error() -> type[Exception]:
        from backports import zstd

        return zstd.ZstdError
