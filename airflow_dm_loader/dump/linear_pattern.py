"""Patterns over many bytes at C speed: linear in their length, with the interpreter's lock released."""

from __future__ import annotations

from typing import Any

_MAX_PROGRAM_BYTES = 64 << 20


def compile_linear(pattern: bytes) -> Any | None:
    """The pattern by google-re2, which captures nothing; None: its program would be too large."""
    import re2

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1  # bytes are bytes
    options.never_capture = True
    options.max_mem = _MAX_PROGRAM_BYTES
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error:  # hundreds of columns
        return None
