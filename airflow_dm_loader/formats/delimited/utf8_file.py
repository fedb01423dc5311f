"""A file of text in another charset as if it were in UTF-8: so a byte that looks like a separator is one.

In gbk, sjis and their like, the second byte of a letter may look like a quote or a backslash, and files can't be cut by
bytes. All else of this package sees UTF-8; offsets are bytes of that.
"""

from __future__ import annotations

import re
from collections import deque

from airflow_dm_loader.dump.codecs import UnknownLettersError, decode
from airflow_dm_loader.dump.compression import DecodedFile
from airflow_dm_loader.errors import DumpFormatError

_BLOCK_BYTES = 1 << 20
_SKIPPED_BYTES = 1 << 20
# No letter of several bytes has one of these in it, in any charset that is read here, but for the first.
_WHOLE_LETTERS = re.compile(rb".*[\x00-\x2f]", re.DOTALL)
_LONGEST_LETTER_BYTES = 4


class Utf8File:
    """A decoded file as UTF-8, read from its start on; it can only skip forward.

    Args:
        charset: what the file is in.
        replacement: what stands in UTF-8 for each byte sequence that is no letter; None: such a one is an error.
        most_bytes: of text without any blank, sign or line end: more is an error, which is what bounds the memory.
    """

    seekable_cheaply = False

    def __init__(self, decoded: DecodedFile, charset: str, *, replacement: str | None, most_bytes: int) -> None:
        self._decoded = decoded
        self.charset = charset
        self._replacement = replacement
        self._most_bytes = most_bytes
        self._rest = b""  # of the file, with a letter at its end that may be cut
        self._rest_at = 0
        self._ready = b""  # UTF-8 that nobody took yet
        self._at = 0  # where it starts in UTF-8
        self._replaced: deque[int] = deque()  # where, in UTF-8

    @property
    def file_bytes_read(self) -> int:
        """Stored bytes that were taken."""
        return self._decoded.file_bytes_read

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes of UTF-8; ``b""`` only at the end.

        Raises:
            DumpFormatError: bytes are no letters of the charset, and none stand for such.
        """
        while not self._ready:
            if not self._more():
                return b""
        taken, self._ready = self._ready[:size], self._ready[size:]
        self._at += len(taken)
        return taken

    def seek(self, offset: int, /) -> None:
        """Skip to a later offset in UTF-8."""
        if offset < self._at:
            raise ValueError("text that is made UTF-8 on the way can't be read backwards")
        while self._at < offset and self.read(min(offset - self._at, _SKIPPED_BYTES)):
            pass

    def replaced_before(self, offset: int) -> tuple[int, ...]:
        """Where letters were replaced, up to there; each is told once."""
        found = []
        while self._replaced and self._replaced[0] < offset:
            found.append(self._replaced.popleft())
        return tuple(found)

    def _more(self) -> bool:
        block = self._decoded.read(_BLOCK_BYTES)
        self._rest += block
        if not self._rest:
            return False
        end = len(self._rest)
        if block:
            match = _WHOLE_LETTERS.match(self._rest)
            end = match.end() if match is not None else 0
        if len(self._rest) - end > self._most_bytes:
            raise self._error(f"{self._most_bytes} bytes hold no blank, sign or line end", self._rest_at)
        raw, self._rest = self._rest[:end], self._rest[end:]
        self._ready = self._text(raw).encode() if raw else b""
        self._rest_at += end
        return True

    def _text(self, raw: bytes) -> str:
        try:
            return decode(raw, self.charset)
        except UnknownLettersError as problem:
            return self._by_letters(raw, str(problem))

    def _by_letters(self, raw: bytes, problem: str) -> str:
        """Letter by letter: where it is wrong, and what else there is."""
        parts: list[str] = []
        done = at = 0
        while at < len(raw):
            size, text = self._letter(raw, at)
            if text is None:
                if self._replacement is None:
                    raise self._error(problem, self._rest_at + at)
                self._replaced.append(self._at + done)
                text = self._replacement
            parts.append(text)
            done += len(text.encode())
            at += size
        return "".join(parts)

    def _letter(self, raw: bytes, at: int) -> tuple[int, str | None]:
        """The one letter there and its size; None: it is none."""
        for size in range(1, min(_LONGEST_LETTER_BYTES, len(raw) - at) + 1):
            try:
                return size, decode(raw[at : at + size], self.charset)
            except UnknownLettersError:
                continue
        return 1, None

    def _error(self, problem: str, at: int) -> DumpFormatError:
        return DumpFormatError(
            f"the file can't be read as {self.charset}: {problem}",
            file=self._decoded.name,
            offset=at,
            remedy="Say in csv, as character_set, what charset the file is in; or dump again in UTF-8. "
            "data_invalid_char_replace puts another letter in place of what is none, and the load then waits for "
            "somebody to accept it.",
        )
