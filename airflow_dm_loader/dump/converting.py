"""A table whose text has another charset in the target: the server converts, if it is told what the bytes mean."""

from __future__ import annotations

from collections.abc import Mapping

from airflow_dm_loader.errors import TargetError

# Text in these is UTF-8; a UTF-8 session means it right.
UTF8 = frozenset({"ascii", "utf8", "utf8mb3", "utf8mb4"})
# Bytes of the first mean the same letters in the second.
CONTAINED = frozenset(
    {("ascii", "utf8"), ("ascii", "utf8mb4"), ("ascii", "latin1"), ("utf8", "utf8mb4"), ("utf8mb4", "utf8")}
)
_NO_SESSION = frozenset({"ucs2", "utf16", "utf16le", "utf32"})  # which no client can speak


def charset_to_convert(dumped: Mapping[str, str], there: Mapping[str, str]) -> str | None:
    """The charset of a session in which a column's own bytes arrive as the same letters; None: they do as they are.

    Args:
        dumped: column -> its charset in the dump.
        there: column -> its charset in the target.

    Raises:
        TargetError: the dump's columns have several charsets, and a session has one.
    """
    target = {name.lower(): charset for name, charset in there.items()}
    other = {
        name: (charset, target[name.lower()])
        for name, charset in dumped.items()
        if name.lower() in target and not same_letters(charset, target[name.lower()])
    }
    if not other:
        return None
    charsets = set(dumped.values())
    if charsets <= UTF8:
        return "utf8mb4"
    if len(charsets) == 1 and not charsets & _NO_SESSION:
        return charsets.pop()
    shown = "; ".join(
        f"{name} is {theirs} in the target and {ours} in the dump" for name, (ours, theirs) in other.items()
    )
    raise TargetError(
        f"the dump's bytes would be other letters in the target's charset, and its columns have several: {shown}",
        remedy="ALTER the target's columns to the dump's charsets, or rename the table: the load then creates its own. "
        "Then clear.",
    )


def same_letters(ours: str, theirs: str) -> bool:
    """Whether bytes of a charset mean the same letters in another one, or are refused there."""
    ours, theirs = (name.lower().replace("utf8mb3", "utf8") for name in (ours, theirs))
    return ours == theirs or (ours, theirs) in CONTAINED
