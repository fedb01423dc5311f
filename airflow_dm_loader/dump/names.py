"""How dump tools write identifiers: in file names, and between quote characters.

dumpling escapes what a file system or the file-name grammar could trip over as ``%XX`` (upper-case hex);
mydumper puts ``mydumper_N`` in place of such a name and gives the real one in ``metadata``.
"""

from __future__ import annotations

import re

# dumpling's own pattern (dumpling/export/prepare.go). Of "-schema" only the dash is escaped.
_TO_ESCAPE = re.compile(r'[\x00-\x1f%"*./:<>?\\|]|-(?=(?i:schema))')
# Its exact inverse: an escape that dumpling would not write is text.
_ESCAPED = re.compile(r"%(?:([01][0-9A-F]|2[25AEF]|3[ACEF]|5C|7C)|2D(?=(?i:schema)))")

_STAND_IN = re.compile(r"mydumper_\d+")

# mydumper writes a newline in a name as the C string "\u10000", which is U+1000 and a zero.
_NEWLINE_STAND_IN = "\u1000" + "0"


def escape(name: str) -> str:
    """The name of a schema or table as dumpling writes it into a file name."""
    return _TO_ESCAPE.sub(lambda match: f"%{ord(match[0]):02X}", name)


def unescape(text: str) -> str:
    """The inverse of :func:`escape`. A ``%`` that dumpling would not have written stays as it is."""
    return _ESCAPED.sub(lambda match: chr(int(match[1] or "2D", 16)), text)


def is_stand_in(name: str) -> bool:
    """Whether mydumper 0.11 and later put this name in place of a real one.

    They give a stand-in to real names of that form too, so the answer is certain for their dumps.
    """
    return _STAND_IN.fullmatch(name) is not None


def unquote(text: str, quote: str) -> str:
    """An identifier as ``metadata`` holds it: quote characters are doubled, newlines replaced."""
    return text.replace(quote * 2, quote).replace(_NEWLINE_STAND_IN, "\n")
