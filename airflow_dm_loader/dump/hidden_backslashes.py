"""Charsets in which the second byte of a letter may be a backslash or a backquote.

Statements are told apart byte by byte. A server that was told ``SET NAMES gbk`` takes such a byte for the letter's, and
what stands behind it for something else than we do: a string would end elsewhere. What both read alike is loaded, and
the rest is refused by the charset's name.
"""

from __future__ import annotations

import re

from airflow_dm_loader.errors import DumpFormatError

_SECOND = rb"[\x40-\x5b\x5d-\x5f\x61-\x7e%b]"  # without backslash and backquote
_ASCII = rb"[\x00-\x5b\x5d-\x7f]++|\\(?![\x80-\xff])"
_LETTERS = {
    "big5": rb"[\xa1-\xf9]" + _SECOND % rb"\xa1-\xfe",
    "cp932": rb"[\xa1-\xdf]|[\x81-\x9f\xe0-\xfc]" + _SECOND % rb"\x80-\xfc",
    "gb18030": rb"[\x81-\xfe][\x30-\x39][\x81-\xfe][\x30-\x39]|[\x81-\xfe]" + _SECOND % rb"\x80-\xfe",
    "gbk": rb"[\x81-\xfe]" + _SECOND % rb"\x80-\xfe",
    "sjis": rb"[\xa1-\xdf]|[\x81-\x9f\xe0-\xfc]" + _SECOND % rb"\x80-\xfc",
}
_SAFE = {
    charset: re.compile(rb"(?:" + _ASCII + rb"|" + letter + rb")*+", re.DOTALL) for charset, letter in _LETTERS.items()
}
_REMEDY = "Dump again with SET NAMES binary or utf8mb4: mydumper writes the first unless --set-names says otherwise."


class HiddenBackslashes:
    """Looks for them in the statements of one file.

    Args:
        charset: of the file's bytes, by its head; others than those above hide none.
    """

    def __init__(self, charset: str, file: str) -> None:
        self._charset = charset
        self._file = file
        self._safe = _SAFE.get(charset)

    def check(self, text: bytes, offset: int) -> None:
        """Raise DumpFormatError where a server in the file's charset may read a statement otherwise than we do."""
        if self._safe is None or text.isascii():
            return
        end = self._safe.match(text).end()  # type: ignore[union-attr]  # matches b""
        if end < len(text):
            raise DumpFormatError(
                f"the file says SET NAMES {self._charset}, in which a letter's second byte may be a backslash: the "
                "server would read on from here otherwise than byte by byte",
                file=self._file,
                offset=offset + end,
                statement=text[end : end + 64],
                remedy=_REMEDY,
            )

    def named(self, error: DumpFormatError) -> DumpFormatError:
        """What to say where statements can't be told apart at all."""
        if self._safe is None:
            return error
        return DumpFormatError(
            f"the file says SET NAMES {self._charset}, in which a letter's second byte may be a backslash: its "
            "statements can't be told apart",
            file=error.file,
            offset=error.offset,
            remedy=_REMEDY,
        )
