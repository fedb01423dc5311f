"""A literal of a row as the bytes that it stands for."""

from __future__ import annotations

import re

_INTRODUCER = rb"(?:_(?:binary|utf8mb4|utf8mb3|utf8)\s*+)?+"
_STRINGS = {
    True: re.compile(rb"(?i:%b)(?:'((?:[^'\\]++|\\.|'')*+)'|\"((?:[^\"\\]++|\\.|\"\")*+)\")" % _INTRODUCER, re.DOTALL),
    False: re.compile(rb"(?i:%b)(?:'((?:[^']++|'')*+)'|\"((?:[^\"]++|\"\")*+)\")" % _INTRODUCER, re.DOTALL),
}
_BITS = re.compile(rb"(?:(?i:_binary)\s++)?+(?:[xX]'([0-9A-Fa-f]*+)'|0x([0-9A-Fa-f]++))")
_NUMBER = re.compile(rb"[-+]?+[0-9.]++(?:[eE][-+]?+[0-9]++)?+")
_ESCAPES = {b"0": b"\0", b"b": b"\b", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"Z": b"\x1a", b"%": b"\\%", b"_": b"\\_"}
_PAIR = {quote: re.compile(rb"\\(.)|%b%b" % (quote, quote), re.DOTALL) for quote in (b"'", b'"')}


def literal_bytes(value: bytes, *, backslash_escapes: bool) -> bytes | None:
    """What a string, a hex literal or a number stands for; None: it is none of these in the forms of dump tools."""
    text = value.strip(b" \t\n\r\x0b\x0c")
    if (string := _STRINGS[backslash_escapes].fullmatch(text)) is not None:
        quote = b"'" if string[1] is not None else b'"'
        return _plain(string[1] if string[1] is not None else string[2], quote, backslash_escapes=backslash_escapes)
    if (bits := _BITS.fullmatch(text)) is not None:
        digits = (bits[1] if bits[1] is not None else bits[2]).decode()
        return bytes.fromhex(digits if len(digits) % 2 == 0 else f"0{digits}")
    return text if _NUMBER.fullmatch(text) else None


def _plain(inside: bytes, quote: bytes, *, backslash_escapes: bool) -> bytes:
    if not backslash_escapes:
        return inside.replace(quote * 2, quote)
    return _PAIR[quote].sub(lambda match: quote if match[1] is None else _ESCAPES.get(match[1], match[1]), inside)
