"""Files of records made at random, of what a grammar could read otherwise than a server."""

from __future__ import annotations

import random

from airflow_dm_loader.formats.delimited.record_format import NULL_ESCAPE, NULL_WORD, RecordFormat


def form(separator: bytes, quote: bytes, terminator: bytes, *, escape: bytes = b"\\") -> RecordFormat:
    nulls = frozenset({NULL_ESCAPE} if escape else ()) | frozenset({NULL_WORD} if quote else ())
    return RecordFormat(separator, quote, escape, (terminator,), nulls, header=False, charset="binary")


FORMS = (
    form(b",", b'"', b"\n"),
    form(b"\t", b"", b"\n"),
    form(b",", b'"', b"\r\n"),
    form(b"||", b"'", b"~~\n"),
    form(b"|+|", b'"', b"\n"),
    form(b",", b'"', b"\n", escape=b""),
    form(b";", b'"', b"<>"),
)
PIECES = (
    b"", b"a", b"N", b"NULL", b"\\N", b"\\", b"\\\\", b"\\n", b"\\\n", b"\\0", b"\\Z", b"\\t", b"\\b", b"\\r", b"\\a",
    b"\n", b"\r", b"\r\n", b"\0", b"\xff", b"\xc3\xa9", b" ", b"'", b'"', b'""', b"''", b",", b"|", b"+",
    b"~", b"<", b">",
)  # fmt: skip


def some_field(random: random.Random, form: RecordFormat) -> bytes:
    marks = (form.separator, form.quote, form.quote * 2, b"\\" + form.separator[:1], *form.terminators)
    text = b"".join(random.choice(PIECES if random.random() < 0.7 else marks) for _ in range(random.randint(0, 3)))
    if random.random() < 0.2:
        text = random.choice((b"\\N", b"NULL", b"N", b""))
    return form.quote + text + form.quote if random.random() < 0.6 else text


def some_file(random: random.Random, form: RecordFormat, columns: int) -> bytes:
    records = [
        form.separator.join(some_field(random, form) for _ in range(columns)) for _ in range(random.randint(1, 3))
    ]
    (terminator,) = form.terminators
    return b"".join(record + terminator for record in records)
