"""snappy and lz4, by packages that extras bring; each in the form that has a beginning of its own.

snappy is the framed form, as dumpling writes it. It has no end: a file that was cut just between two of its chunks,
each of 64 KiB, is told by its text alone, as one is that is not compressed. lz4 is the frame format of the program.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from airflow_dm_loader.dump.data_formats import Compression
from airflow_dm_loader.dump.extras import Extra

if TYPE_CHECKING:
    from airflow_dm_loader.dump.compression import Decoder

EXTRAS = {Compression.SNAPPY: Extra("cramjam", "snappy"), Compression.LZ4: Extra("lz4", "lz4")}

_BEGINNING = b"\xff\x06\x00\x00sNaPpY"
_HEAD_BYTES = 4  # of a chunk: its kind, and the length of the rest
_COMPRESSED, _PLAIN, _STREAM = 0x00, 0x01, 0xFF
_PASSED_OVER = range(0x80, 0xFF)  # padding, and what a later version of the form may add
_LONGEST_DATA_BYTES = 4 + 76490  # what 64 KiB come to at worst, behind a checksum


class NotFramedError(ValueError):
    """What stands there is no chunk of a framed stream."""


class SnappyChunk:
    """Decodes one chunk of a framed stream, in the shape of ``zstd.ZstdDecompressor``.

    Args:
        first: of the file: it must say that this is such a stream.
    """

    def __init__(self, *, first: bool) -> None:
        self._first = first
        self._held = bytearray()
        self._decoded = b""
        self._at = 0
        self._is_whole = False
        self.unused_data = b""

    @property
    def needs_input(self) -> bool:
        return not self._is_whole

    @property
    def eof(self) -> bool:
        return self._is_whole and self._at == len(self._decoded)

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """See ``zstd.ZstdDecompressor``. Raises NotFramedError, and cramjam's DecompressionError."""
        if not self._is_whole:
            self._held += data
            self._look()
        piece = self._decoded[self._at : self._at + max_length]
        self._at += len(piece)
        return piece

    def _look(self) -> None:
        """Decode the chunk, if it is whole."""
        held = self._held
        if self._first and not _BEGINNING.startswith(held[: len(_BEGINNING)]):
            raise NotFramedError("it is not in the framed form, and no other one can be read")
        if len(held) < _HEAD_BYTES:
            return
        kind, end = held[0], _HEAD_BYTES + int.from_bytes(held[1:_HEAD_BYTES], "little")
        is_data = kind in (_COMPRESSED, _PLAIN)
        if not is_data and kind != _STREAM and kind not in _PASSED_OVER:
            raise NotFramedError(f"a chunk of kind {kind} is not known")
        if is_data and end > _HEAD_BYTES + _LONGEST_DATA_BYTES:
            raise NotFramedError(f"a chunk of {end} bytes is longer than any")
        if len(held) < end:
            return
        chunk, self.unused_data = bytes(held[:end]), bytes(held[end:])
        self._held, self._is_whole = bytearray(), True
        if kind == _STREAM and chunk != _BEGINNING:
            raise NotFramedError("the beginning of a stream is another one than that of the framed form")
        if is_data:
            self._decoded = _decode(chunk)


def _decode(chunk: bytes) -> bytes:
    """A chunk's data; its checksum is verified."""
    import cramjam

    return bytes(cramjam.snappy.decompress(_BEGINNING + chunk))


def lz4_frame() -> Decoder:
    """A decoder for one frame."""
    from lz4.frame import LZ4FrameDecompressor

    return cast("Decoder", LZ4FrameDecompressor())


def corrupt_errors(compression: Compression) -> tuple[type[Exception], ...]:
    """What the decoders of a compression raise for a stream that is none."""
    if compression is Compression.LZ4:
        return (RuntimeError,)
    if compression is Compression.SNAPPY:
        import cramjam

        return NotFramedError, cramjam.DecompressionError
    return ()
