"""Which name was meant by one that nobody knows."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def meant(name: str, known: Iterable[str]) -> str:
    """``; did you mean 'pool_size'?``, or nothing where no known name is close."""
    names = {other.lower(): other for other in known}
    close = names.get(name.lower()) or next(iter(difflib.get_close_matches(name.lower(), names, n=1)), None)
    return f"; did you mean {names.get(close, close)!r}?" if close else ""
