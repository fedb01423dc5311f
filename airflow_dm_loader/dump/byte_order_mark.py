"""Byte order marks, which editors and spreadsheets put in front of a file, and never data.

Where all that follows is UTF-8 for sure, the mark of UTF-8 can be passed over, with a word. Elsewhere a mark is
refused by its name: no dump tool writes one, so the file is not the one that was dumped.
"""

from __future__ import annotations

from airflow_dm_loader.errors import DumpFormatError

UTF8_MARK = b"\xef\xbb\xbf"
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")  # of UTF-16 and UTF-32
LOOKED_AT_BYTES = 64  # of a file's start
_FEWEST_WIDE_BYTES = 4
MARK_PROBLEM = "starts with a byte order mark, which no dump tool writes: an editor has changed it"
MARK_REMEDY = "Put back the file as it was dumped."


def starts_with_mark(raw: bytes) -> bool:
    """Whether a file begins with the mark of UTF-8, UTF-16 or UTF-32."""
    return raw.startswith((UTF8_MARK, *_WIDE_MARKS))


def is_wide(raw: bytes) -> bool:
    """Whether a file of text begins as UTF-16 or UTF-32 do: with their mark, or with a NUL beside each ASCII letter."""
    if raw.startswith(_WIDE_MARKS):
        return True
    halves = raw[::2], raw[1::2]
    nuls = [half.count(b"\x00") for half in halves]
    return len(raw) >= _FEWEST_WIDE_BYTES and nuls in ([len(halves[0]), 0], [0, len(halves[1])])


def byte_order_mark_error(file: str, remedy: str = MARK_REMEDY) -> DumpFormatError:
    """The error for a file that begins with one."""
    return DumpFormatError(f"the file {MARK_PROBLEM}", file=file, offset=0, remedy=remedy)


def wide_text_error(file: str) -> DumpFormatError:
    """The error for a file in UTF-16 or UTF-32, with a byte order mark or without."""
    return DumpFormatError(
        "the file is in UTF-16 or UTF-32, by its byte order mark or by the NUL beside each letter: an editor or "
        "another tool wrote it so",
        file=file,
        offset=0,
        remedy="Put back the file as it was dumped, or write it in UTF-8 before the load starts.",
    )
