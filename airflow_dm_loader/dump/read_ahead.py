"""Decoded bytes that were read and not handed out yet, in one piece, of which there is never a second copy in memory.

A row can have hundreds of MB. To join two byte strings, and to cut one out of another, takes a copy of all of it each
time. BytesIO grows the memory that it has, and hands that out as it is where nobody else holds it; where somebody
does, it makes a copy, and nothing else changes.
"""

from __future__ import annotations

import io
from typing import Protocol

_PIECE_BYTES = 4 << 20
_LARGE_BYTES = 1 << 20  # from here on it is worth not to copy
_SPENT_BYTES = 16 << 20  # what was handed out is let go of, once it is so much
_LEAST_GROWTH = 8  # the part of what is there


class DecodedBytes(Protocol):
    """Where the bytes come from: a decoded file."""

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes; ``b""`` only at the end."""

    def seek(self, offset: int, /) -> object:
        """Go to a byte offset."""


class ReadAhead:
    """What was read of a file, from some offset on.

    Attributes:
        data: it. Keep no reference to it over a call of a method: that would cost a copy.
        at: how much of it is handed out, or need not be.
        base: the offset in the file where it starts.
    """

    def __init__(self, source: DecodedBytes) -> None:
        self._source = source
        self._held = io.BytesIO()  # the same bytes
        self.data = b""
        self.at = 0
        self.base = 0

    @property
    def rest_bytes(self) -> int:
        """How much is not handed out yet."""
        return len(self.data) - self.at

    def jump(self, offset: int) -> None:
        """Go on at a later offset without reading what lies between."""
        ahead = offset - self.base
        if self.at <= ahead <= len(self.data):
            self.at = ahead
        else:
            self._source.seek(offset)
            self._let_go(b"", offset)

    def take(self, begin: int, end: int, after: int) -> bytes:
        """``data[begin:end]``; what stands before ``after`` is handed out with it."""
        if begin or end < _LARGE_BYTES:
            taken = self.data[begin:end]
            self.at = after
            if after >= _SPENT_BYTES:
                self._let_go(self.data[after:], self.base + after)
            return taken
        held, rest, base = self._held, self.data[after:], self.base + after
        self._let_go(rest, base)
        held.truncate(end)
        return held.getvalue()

    def append(self, some: bytes) -> None:
        """Let the bytes follow what is there, as if the file had them."""
        self.data = b""
        self._held.seek(0, io.SEEK_END)
        self._held.write(some)
        self.data = self._held.getvalue()

    def read_more(self, most_bytes: int, until: bytes) -> bool:
        """Read up to ``most_bytes`` more; fewer where ``until`` comes and an eighth was added. False: the file ends.

        What was handed out is let go of.
        """
        wanted = min(most_bytes, _PIECE_BYTES)
        piece = self._source.read(wanted)
        if not piece:
            return False
        if self.at:
            self._let_go(self.data[self.at :], self.base + self.at)
        before, added = len(self.data), 0
        self.data = b""
        self._held.seek(0, io.SEEK_END)
        while piece:
            added += self._held.write(piece)
            if len(piece) < wanted or (added * _LEAST_GROWTH >= before and until in piece):
                break  # after a short piece comes the end, or an error that must wait until this is handed out
            wanted = min(most_bytes - added, _PIECE_BYTES)
            piece = self._source.read(wanted) if wanted else b""
        self.data = self._held.getvalue()
        return True

    def _let_go(self, rest: bytes, base: int) -> None:
        """Hold only ``rest`` from here on."""
        self._held, self.data, self.at, self.base = io.BytesIO(rest), rest, 0, base
