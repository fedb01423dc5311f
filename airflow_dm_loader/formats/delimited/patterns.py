"""The patterns that tell fields and records, made of a format. All are possessive: they never try a byte twice."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from airflow_dm_loader.formats.delimited.field_rules import USUAL_BYTES, FieldRule, Rules
from airflow_dm_loader.formats.delimited.record_format import RecordFormat

HEX_DIGITS = rb"(?:[0-9A-Fa-f]{2})*+"


def escape_or_double(form: RecordFormat) -> re.Pattern[bytes]:
    """An escape (group 1: what stands behind its first byte), or a quote that stands twice."""
    escape = re.escape(form.escape) + rb"(.)" if form.escape else rb"(?!)()"
    double = rb"|" + re.escape(form.quote) * 2 if form.quote else b""
    return re.compile(escape + double, re.DOTALL)


def contents(form: RecordFormat) -> re.Pattern[bytes]:
    """Whole escapes, quotes that stand twice, and other bytes: as much of a field as may be read by itself."""
    stop = re.escape(form.quote[:1] + form.escape)
    kinds = [rb"[^%b]++" % stop] if stop else [rb".++"]
    kinds += [re.escape(form.escape) + rb"."] if form.escape else []
    kinds += [re.escape(form.quote) * 2] if form.quote else []
    kinds += _alone([form.quote])
    return re.compile(rb"(?:%b)++" % b"|".join(kinds), re.DOTALL)


def _alone(marks: Iterable[bytes]) -> list[bytes]:
    """The first byte of longer marks where it stands by itself, which a line end may not."""
    rests: dict[bytes, list[bytes]] = {}
    for mark in marks:
        if mark and mark[:1] not in b"\r\n":
            rests.setdefault(mark[:1], []).append(re.escape(mark[1:]))
    return [b"%b(?!%b)" % (re.escape(first), b"|".join(found)) for first, found in rests.items() if b"" not in found]


def _contents(form: RecordFormat) -> tuple[bytes | None, bytes]:
    """Patterns of what stands between quotes, if there are any, and of a field without quotes."""
    quote = re.escape(form.quote)
    escape = re.escape(form.escape) + rb"." if form.escape else rb"(?!)"
    stop = re.escape(form.quote[:1] + form.escape)
    inside = b"".join(b"|" + each for each in _alone([form.quote]))
    quoted = rb"(?:[^%b]++|%b|%b%b%b)*+" % (stop, escape, quote, quote, inside) if quote else None
    marks = [form.separator, *form.terminators]
    firsts = re.escape(b"".join(dict.fromkeys(mark[:1] for mark in marks)))
    alone = b"".join(b"|" + each for each in _alone([*marks, form.quote]))
    plain = rb"(?:[^%b\r\n%b]++|%b%b)*+" % (stop, firsts, escape, alone)
    return quoted, (rb"(?!%b)" % quote if quote else b"") + plain


@lru_cache(maxsize=32)
def field_pattern(form: RecordFormat) -> re.Pattern[bytes]:
    """A field and what ends it: (between quotes, without quotes, the mark)."""
    quoted, plain = _contents(form)
    # the longest first: a terminator may begin with the separator
    marks = b"|".join(re.escape(mark) for mark in sorted((form.separator, *form.terminators), key=len, reverse=True))
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


def tells_usual_fields(form: RecordFormat) -> bool:
    """Whether no mark of the format can stand in a field of the usual form."""
    return USUAL_BYTES.isdisjoint(b"".join((form.separator, *form.terminators, form.quote, form.escape)))


def usual_field(form: RecordFormat, rule: FieldRule) -> bytes:
    """A field of the usual form, in quotes or without, or a NULL."""
    quote = re.escape(form.quote)
    quoted = [quote + rule.usual + rule.in_quotes + quote] if quote else []
    return rb"|".join((*map(re.escape, sorted(form.nulls)), rule.usual, *quoted))


@lru_cache(maxsize=32)  # a dump can have thousands of tables alike
def sound_record(
    form: RecordFormat, columns: int, hex_fields: frozenset[int], rules: Rules = ()
) -> re.Pattern[bytes] | None:
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
        no_null = rb"(?!%b%b%b)" % (re.escape(form.null_escape), quote, ends) if form.escape else b""
        text = rb"%b%b%b%b|%b" % (quote, no_null, quoted, quote, text)
        digits += rb"|%b%b%b" % (quote, HEX_DIGITS, quote)
    if rules and not tells_usual_fields(form):
        return None
    usual = {at: usual_field(form, rule) for at, rule in rules}
    fields = [rb"(?:%b)" % (digits if at in hex_fields else usual.get(at, text)) for at in range(columns)]
    empty = b"" if form.takes_empty_line(columns) else b"(?!%b)" % terminator
    return re.compile(empty + separator.join(fields) + terminator, re.DOTALL)
