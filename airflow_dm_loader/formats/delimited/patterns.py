"""The patterns that tell fields and records, made of a format. All are possessive: they never try a byte twice."""

from __future__ import annotations

import re
from functools import lru_cache

from airflow_dm_loader.formats.delimited.record_format import NULL_ESCAPE, RecordFormat

HEX_DIGITS = rb"(?:[0-9A-Fa-f]{2})*+"


def escape_or_double(form: RecordFormat) -> re.Pattern[bytes]:
    """An escape (group 1: what stands behind the backslash), or a quote that stands twice."""
    escape = rb"\\(.)" if form.escape else rb"(?!)()"
    double = rb"|" + re.escape(form.quote) * 2 if form.quote else b""
    return re.compile(escape + double, re.DOTALL)


def contents(form: RecordFormat) -> re.Pattern[bytes]:
    """Whole escapes, quotes that stand twice, and other bytes: as much of a field as may be read by itself."""
    quote = re.escape(form.quote)
    kinds = [rb"[^%b%b]++" % (quote, rb"\\" if form.escape else b"")] if form.quote or form.escape else [rb".++"]
    kinds += [rb"\\."] if form.escape else []
    kinds += [quote * 2] if form.quote else []
    return re.compile(rb"(?:%b)++" % b"|".join(kinds), re.DOTALL)


def _contents(form: RecordFormat) -> tuple[bytes | None, bytes]:
    """Patterns of what stands between quotes, if there are any, and of a field without quotes."""
    quote, escape = re.escape(form.quote), rb"\\." if form.escape else rb"(?!)"
    stop = quote + (rb"\\" if form.escape else b"")
    quoted = rb"(?:[^%b]++|%b|%b%b)*+" % (stop, escape, quote, quote) if quote else None
    marks = [form.separator, *form.terminators]
    firsts = re.escape(b"".join(dict.fromkeys(mark[:1] for mark in marks)))
    # the first byte of a longer mark may stand by itself, but a line end may not
    alone = b"|".join(
        b"%b(?!%b)" % (re.escape(m[:1]), re.escape(m[1:])) for m in marks if len(m) > 1 and m[:1] not in b"\r\n"
    )
    plain = rb"(?:[^%b\r\n%b]++|%b%b)*+" % (stop, firsts, escape, b"|" + alone if alone else b"")
    return quoted, (rb"(?!%b)" % quote if quote else b"") + plain


@lru_cache(maxsize=32)
def field_pattern(form: RecordFormat) -> re.Pattern[bytes]:
    """A field and what ends it: (between quotes, without quotes, the mark)."""
    quoted, plain = _contents(form)
    marks = b"|".join(re.escape(mark) for mark in (form.separator, *form.terminators))
    quote = re.escape(form.quote)
    body = rb"%b(%b)%b|(%b)" % (quote, quoted, quote, plain) if quoted is not None else rb"(?!)()|(%b)" % plain
    return re.compile(rb"(?:%b)(%b)" % (body, marks), re.DOTALL)


@lru_cache(maxsize=32)
def body_pattern(form: RecordFormat) -> re.Pattern[bytes]:
    """As much as there is of a field; group 1: quotes that were closed."""
    quoted, plain = _contents(form)
    quote = re.escape(form.quote)
    if quoted is None:
        return re.compile(rb"(?!)()|%b" % plain, re.DOTALL)
    return re.compile(rb"(%b%b%b)|%b%b|%b" % (quote, quoted, quote, quote, quoted, plain), re.DOTALL)


@lru_cache(maxsize=32)  # a dump can have thousands of tables alike
def sound_record(form: RecordFormat, columns: int, hex_fields: frozenset[int]) -> re.Pattern[bytes] | None:
    """A whole record in which nothing is wrong; None: the file's line end is not known yet."""
    if len(form.terminators) != 1:
        return None
    quoted, plain = _contents(form)
    quote = re.escape(form.quote)
    separator, terminator = re.escape(form.separator), re.escape(form.terminators[0])
    ends = rb"(?:%b|%b)" % (separator, terminator)
    unclear = b"|".join(map(re.escape, sorted(form.ambiguous)))
    text = (rb"(?!(?:%b)%b)" % (unclear, ends) if unclear else b"") + plain
    digits = b"|".join((HEX_DIGITS, *map(re.escape, sorted(form.nulls))))
    if quoted is not None:
        no_null = rb"(?!%b%b%b)" % (re.escape(NULL_ESCAPE), quote, ends) if form.escape else b""
        text = rb"%b%b%b%b|%b" % (quote, no_null, quoted, quote, text)
        digits += rb"|%b%b%b" % (quote, HEX_DIGITS, quote)
    fields = [rb"(?:%b)" % (digits if at in hex_fields else text) for at in range(columns)]
    empty = b"" if form.takes_empty_line(columns) else b"(?!%b)" % terminator
    return re.compile(empty + separator.join(fields) + terminator, re.DOTALL)
