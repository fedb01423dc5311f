"""Records as rows of INSERT statements: each field a string, as LOAD DATA takes it, or NULL."""

from __future__ import annotations

from collections.abc import Mapping

from airflow_dm_loader.dump.value_marks import BINARY_TYPES, TEXT_TYPES
from airflow_dm_loader.formats.delimited.record_layout import Function, RecordLayout


class Literals:
    """Makes SQL of fields.

    Numbers go as strings too: so each value takes the way into its column that it takes under LOAD DATA. In a session
    of UTF-8, each string says what charset it is in, if the file has another one: there no byte of ours is taken for a
    part of a letter that would hide a quote or a backslash.

    Args:
        types: column -> the target's type, in lower case without length.
        extracted: what every row gets besides: ``v1,v2``.
    """

    def __init__(self, layout: RecordLayout, types: Mapping[str, str], extracted: bytes) -> None:
        folded = {name.lower(): kind for name, kind in types.items()}
        charset = layout.format.charset
        is_binary = charset == "binary"  # then every string is, unless it is marked
        usual = f"_{charset}".encode() if layout.session_charset != charset else b""
        self._forms = []
        for name in layout.columns or ():
            kind, function = folded.get(name.lower()), layout.functions.get(name)
            mark = usual
            if is_binary and kind in TEXT_TYPES and function is None:
                mark = b"_utf8mb4"
            elif not is_binary and kind in BINARY_TYPES:
                mark = b"_binary"
            self._forms.append(_form(function).replace(b"?", mark + b"'?'").split(b"?"))
        self._extracted = [extracted] if extracted else []
        slots = [before + b"%b" + after for before, after in self._forms]
        self._plain = b"(" + b",".join(slots + [part.replace(b"%", b"%%") for part in self._extracted]) + b")"
        self._plain_quotes = self._plain.count(b"'")

    def row(self, values: list[bytes | None]) -> bytes:
        """A record's values as ``(..)``."""
        if None not in values:
            row = self._plain % tuple(values)
            if row.count(b"'") == self._plain_quotes and b"\\" not in row:  # nothing to escape, as nearly always
                return row
        made = [
            b"NULL" if value is None else before + value.replace(b"\\", b"\\\\").replace(b"'", b"''") + after
            for value, (before, after) in zip(values, self._forms, strict=True)
        ]
        return b"(" + b",".join(made + self._extracted) + b")"


def _form(function: Function | None) -> bytes:
    return b"?" if function is None else (function.value % "?").encode()
