"""Which collation may stand for another, so that the dump's bytes keep their meaning."""

from __future__ import annotations

# Every text in the first charset has the same bytes and letters in the others.
_SAME_BYTES = {
    "ascii": {"latin1", "utf8mb3", "utf8mb4"},
    "utf8mb3": {"utf8mb4"},
}


def same_meaning(name: str, other: str) -> bool:
    """Whether bytes in the charset of one collation, or in this charset, are the same letters in that of the other."""
    charset, instead = _charset_of(name), _charset_of(other)
    return charset == instead or instead in _SAME_BYTES.get(charset, ())


def _charset_of(name: str) -> str:
    """The charset of a collation, or the charset itself."""
    charset = name.lower().partition("_")[0]
    return {"utf8": "utf8mb3", "uca1400": "utf8mb4"}.get(charset, charset)
