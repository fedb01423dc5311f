"""Patterns of names, as DM reads them: wildcards, or a regular expression after ``~``.

Wildcards: ``?`` is one character, ``[a-c]`` one of these, ``[!x]`` one that is none of these, and ``*``, which may
only be the last character, is any text. A ``[`` without its ``]`` stands for itself. The whole name must match.

A regular expression is in RE2's syntax, which is that of Go and so of DM, and may match anywhere in the name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_REGEXP_MARK = "~"
_CLASS = re.compile(r"\[([^\]]*)\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class NamePattern:
    """A pattern, ready to be held against names."""

    text: str
    matches: Callable[[str], bool]


@lru_cache(maxsize=1024)
def name_pattern(text: str, *, case_sensitive: bool) -> NamePattern:
    """Compile a pattern; ValueError, in words, where it is none."""
    if not text:
        raise ValueError("a pattern must not be empty")
    if text.startswith(_REGEXP_MARK):
        found = compile_regexp(text[1:], case_sensitive=case_sensitive)
        return NamePattern(text, lambda name: found.search(_bytes(name)) is not None)
    wildcards = re.compile(_wildcards(text if case_sensitive else text.lower()), re.DOTALL)
    if case_sensitive:
        return NamePattern(text, lambda name: wildcards.fullmatch(name) is not None)
    return NamePattern(text, lambda name: wildcards.fullmatch(name.lower()) is not None)


def compile_regexp(text: str, *, case_sensitive: bool = True) -> Any:
    """A regular expression in RE2's syntax, over UTF-8 bytes; ValueError where it is none."""
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(_bytes(text if case_sensitive else f"(?i){text}"), options)
    except re2.error as error:
        reason = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else error.args[0]
        raise ValueError(f"{text!r} is no regular expression of RE2: {reason}") from None


def joined_groups(regexp: str, name: str) -> str | None:
    """What the capture groups took of a name, joined; None where the expression does not match."""
    found = compile_regexp(regexp).search(_bytes(name))
    if found is None:
        return None
    return b"".join(group or b"" for group in found.groups()).decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _wildcards(text: str) -> str:
    parts = []
    at = 0
    while at < len(text):
        character = text[at]
        if character == "*":
            if at + 1 < len(text):
                raise ValueError(f"in {text!r}, * may only be the last character")
            parts.append(".*")
        elif character == "?":
            parts.append(".")
        elif character == "[" and (found := _CLASS.match(text, at)):
            parts.append(_class(found[1]))
            at = found.end()
            continue
        else:
            parts.append(re.escape(character))
        at += 1
    return "".join(parts)


def _class(inside: str) -> str:
    """One character of a class, as a regular expression; a class of nothing, or from z to a, matches nothing."""
    if inside == "!":
        return "!"
    negated = inside.startswith("!")
    at, ranges = int(negated), []
    while at < len(inside):
        if inside[at + 1 : at + 2] == "-" and at + 2 < len(inside):
            first, last = inside[at], inside[at + 2]
            at += 3
        else:
            first = last = inside[at]
            at += 1
        if first <= last:
            ranges.append(f"{re.escape(first)}-{re.escape(last)}")
    if not ranges:
        return "." if negated else "(?!)"
    return f"[{'^' if negated else ''}{''.join(ranges)}]"
