r"""Records that the loader writes itself for LOAD DATA, where values of the file are replaced on their way.

All strings stand in quotes, and NULL is ``\N`` without: of that there is one reading, whatever the file's own form was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from airflow_dm_loader.formats.delimited.record_format import NULL_ESCAPE, RecordFormat

# In which each byte of a quote, a backslash or a line end is one; not so in gbk or sjis.
WRITTEN_CHARSETS = frozenset({"utf8mb4", "utf8mb3", "utf8", "ascii", "latin1", "binary"})
_ESCAPES = ((b"\\", b"\\\\"), (b'"', b'\\"'), (b"\n", b"\\n"), (b"\r", b"\\r"), (b"\0", b"\\0"))


def written_form(form: RecordFormat) -> RecordFormat:
    """The form of these records, in the charset of the file."""
    return replace(form, separator=b",", quote=b'"', escape=b"\\", terminators=(b"\n",), nulls=frozenset({NULL_ESCAPE}))


def written_record(values: Sequence[bytes | None]) -> bytes:
    """A record, with its end."""
    return b",".join(map(_written, values)) + b"\n"


def _written(value: bytes | None) -> bytes:
    if value is None:
        return NULL_ESCAPE
    for mark, escaped in _ESCAPES:
        value = value.replace(mark, escaped)
    return b'"' + value + b'"'
