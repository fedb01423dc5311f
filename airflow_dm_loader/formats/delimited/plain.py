"""Knows many records at once, by one linear look: those of the simplest form, which nearly all are in.

In them no byte of the terminator stands inside a field, so that each terminator ends a record, and no field has a
form that needs a second look. All else :mod:`~airflow_dm_loader.formats.delimited.grammar` tells record by record.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from airflow_dm_loader.dump.linear_pattern import compile_linear
from airflow_dm_loader.formats.delimited.field_rules import Rules
from airflow_dm_loader.formats.delimited.patterns import tells_usual_fields, usual_field
from airflow_dm_loader.formats.delimited.record_format import NULL_ESCAPE, NULL_WORD, RecordFormat

_DIGITS = rb"(?:[0-9A-Fa-f]{2})*"


@lru_cache(maxsize=32)  # a dump can have thousands of tables alike
def plain_records(form: RecordFormat, columns: int, hex_fields: frozenset[int], rules: Rules = ()) -> Any | None:
    """A pattern that matches as many plain records as there are; None: there is none for this format."""
    terminator = form.terminators[0]
    if len(form.terminators) > 1 or len(set(terminator)) < len(terminator):
        return None  # it is not known yet, or where one ends could not be told from the middle
    if len(form.quote) > 1 or form.escape not in (b"", b"\\"):
        return None
    quote = re.escape(form.quote)
    may_be_empty = columns != 1 or form.takes_empty_line(columns)
    text = b"(?:%b%b)" % (_quoted(form, terminator), _unquoted(form, terminator, may_be_empty=may_be_empty))
    digits = rb"(?:\\N|%b|%b%b%b)" % (_DIGITS, quote, _DIGITS, quote)
    if rules and not tells_usual_fields(form):
        return None
    usual = {at: b"(?:%b)" % usual_field(form, rule) for at, rule in rules}
    fields = [digits if at in hex_fields else usual.get(at, text) for at in range(columns)]
    return compile_linear(b"(?:%b%b)*" % (re.escape(form.separator).join(fields), re.escape(terminator)))


def _quoted(form: RecordFormat, terminator: bytes) -> bytes:
    """A field in quotes, as the first of two alternatives; nothing where the format has no quotes."""
    if not form.quote:
        return b""
    quote = re.escape(form.quote)
    escaped = rb"|\\[^N%b]" % _set(terminator) if form.escape else b""  # \N in quotes needs a second look
    return rb"%b(?:[^%b]%b|%b%b)*%b|" % (
        quote, _set(form.quote + form.escape + terminator), escaped, quote, quote, quote,
    )  # fmt: skip


def _unquoted(form: RecordFormat, terminator: bytes, *, may_be_empty: bool) -> bytes:
    """A field without quotes. What is NULL elsewhere but not here is not of this form, nor what may begin it."""
    stop = form.quote + form.escape + terminator + b"\r\n" + form.separator[:1]
    before = b"" if NULL_ESCAPE in form.nulls else b"N"
    escaped = rb"|\\[^%b]" % _set(before + terminator) if form.escape else b""
    any_byte = rb"(?:[^%b]%b)" % (_set(stop), escaped)
    first = rb"(?:[^%b]%b)" % (_set(stop + b"N"), escaped) if NULL_WORD in form.ambiguous else any_byte
    return rb"(?:%b%b*)%b" % (first, any_byte, b"?" if may_be_empty else b"")


def _set(some: bytes) -> bytes:
    """The bytes, as they may stand within brackets."""
    return re.escape(bytes(dict.fromkeys(some)))
