"""MySQL's charsets by Python's codecs, as far as the two mean the same letters by the same bytes.

A test holds each against the servers. What has no codec, and letters in which the two differ, are refused by name.
"""

from __future__ import annotations

UTF8 = frozenset({"utf8", "utf8mb3", "utf8mb4"})
WIDE = frozenset(
    {"ucs2", "utf16", "utf16le", "utf32"}
)  # in which ASCII is not one byte a letter; no client speaks them

_CODECS = {
    "ascii": "ascii", "big5": "big5", "cp1250": "cp1250", "cp1251": "cp1251", "cp1256": "cp1256", "cp1257": "cp1257",
    "cp850": "cp850", "cp852": "cp852", "cp866": "cp866", "cp932": "cp932", "eucjpms": "euc_jp", "euckr": "cp949",
    "gb18030": "gb18030", "gb2312": "gb2312", "gbk": "gbk", "greek": "iso8859_7", "hebrew": "iso8859_8",
    "hp8": "hp_roman8", "koi8r": "koi8_r", "koi8u": "koi8_u", "latin1": "cp1252", "latin2": "iso8859_2",
    "latin5": "iso8859_9", "latin7": "iso8859_13", "macce": "mac_latin2", "macroman": "mac_roman",
    "sjis": "shift_jis", "tis620": "tis_620", "ujis": "euc_jp",
    "utf8": "utf-8", "utf8mb3": "utf-8", "utf8mb4": "utf-8",
}  # fmt: skip
_UNLIKE = {  # charset -> the letters in which servers and codecs differ
    "big5": "\u02cd\u2574\u5341\u5345\uff0f\uff3c\uffe3",
    "cp1256": "\u0679\u0688\u0691\u06a9\u06ba\u06be\u06c1\u06d2",
    "cp866": "\xa4\u2116",
    "cp932": "\x80\uf8f0\uf8f1\uf8f2\uf8f3",
    "eucjpms": "\xa2\xa3\xac\u2016\u2212\u301c",
    "gb18030": "\ue7c7",
    "greek": "\u037a\u2018\u2019\u20ac\u20af",
    "hebrew": "\xaf",
    "koi8u": "\u2219",
    "sjis": "\uff3c",
    "ujis": "\uff3c",
}
_LATIN1_CONTROLS = {byte: chr(byte) for byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D)}  # MySQL's latin1 has them, cp1252 not


class UnknownLettersError(ValueError):
    """Bytes or letters that a charset has not, or of which nothing certain is known."""


def is_charset(name: str) -> bool:
    """Whether it is the name of a charset that is known here."""
    return name in _CODECS


def decode(raw: bytes, charset: str) -> str:
    """The text that bytes in one of MySQL's charsets are. Raises UnknownLettersError."""
    if raw.isascii() and charset not in WIDE:
        return raw.decode("ascii")
    if charset == "latin1":
        return raw.decode("latin-1").translate(_latin1_letters())
    codec = _codec(charset)
    try:
        text = raw.decode(codec)
    except UnicodeDecodeError as error:
        raise UnknownLettersError(f"byte {error.start} is no {charset}") from None
    return _certain(text, charset)


def encode(text: str, charset: str) -> bytes:
    """The text in one of MySQL's charsets. Raises UnknownLettersError."""
    if text.isascii() and charset not in WIDE:
        return text.encode("ascii")
    if charset == "latin1":
        controls = {letter: byte for byte, letter in _LATIN1_CONTROLS.items()}
        return b"".join(
            bytes([controls[letter]]) if letter in controls else _letters(letter, "latin1", "cp1252") for letter in text
        )
    return _letters(_certain(text, charset), charset, _codec(charset))


def _letters(text: str, charset: str, codec: str) -> bytes:
    try:
        return text.encode(codec)
    except UnicodeEncodeError as error:
        raise UnknownLettersError(f"{charset} has no {text[error.start]!r}") from None


def _codec(charset: str) -> str:
    if charset not in _CODECS:
        raise UnknownLettersError(f"letters beyond ASCII in {charset} can't be read here")
    return _CODECS[charset]


def _certain(text: str, charset: str) -> str:
    for letter in _UNLIKE.get(charset, ""):
        if letter in text:
            raise UnknownLettersError(f"servers and Python differ in what {letter!r} is in {charset}")
    return text


def _latin1_letters() -> dict[int, str]:
    return {byte: bytes([byte]).decode("cp1252") for byte in range(0x80, 0xA0) if byte not in _LATIN1_CONTROLS}
