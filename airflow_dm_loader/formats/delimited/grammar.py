r"""Where the fields and records of a file end, and what a field means.

It agrees with LOAD DATA wherever it says anything, and is stricter: a quote inside a field without quotes, text after
a closing quote, a raw line end without quotes, a record with another number of fields and NULL in another spelling
are errors here; LOAD DATA reads them somehow.

Three patterns do the work. ``plain`` (linear, at C speed) matches as many plain records as there are: those with no
byte of the terminator inside, so that each terminator ends one. ``sound`` matches one record, of whatever form. Fields
are told one by one where a record is neither, which is what errors come from, and where their values are needed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from airflow_dm_loader.errors import DumpFormatError
from airflow_dm_loader.formats.delimited.field_rules import Rules
from airflow_dm_loader.formats.delimited.patterns import (
    HEX_DIGITS,
    body_pattern,
    contents,
    escape_or_double,
    field_pattern,
    sound_record,
)
from airflow_dm_loader.formats.delimited.plain import plain_records
from airflow_dm_loader.formats.delimited.record_format import RecordFormat

_LONGEST_MARK_BYTES = 256  # of separators and terminators; formats are checked to have less
_PART_BYTES = 256 << 10  # of a field
_ESCAPES = {b"0": b"\0", b"b": b"\b", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"Z": b"\x1a"}
_HEX = re.compile(HEX_DIGITS)
_ALLOWED_BY = " csv: {{{}: true}} takes it as it is, with a finding in the report."


@dataclass(frozen=True, slots=True)
class Field:
    """A field as it stands in the file, ``text`` without its quotes; ``start`` is its place in the buffer."""

    text: bytes
    quoted: bool
    start: int


@dataclass(frozen=True, slots=True)
class Record:
    """A whole record; ``end`` is the place in the buffer after its ``terminator``."""

    fields: list[Field]
    end: int
    terminator: bytes

    @property
    def is_empty_line(self) -> bool:
        """Whether nothing stands before the terminator."""
        return _is_empty_line(self.fields)


class Grammar:
    """Reads records of one format.

    Args:
        file: the file's name, for errors.
        columns: how many fields each record has; None: not known yet.
        hex_fields: places of fields that must be hex digits.
        rules: what fields may be, so that the server takes them as they are.
    """

    def __init__(
        self,
        form: RecordFormat,
        *,
        file: str,
        columns: int | None = None,
        hex_fields: Collection[int] = (),
        rules: Rules = (),
    ) -> None:
        self._form = form
        self._file = file
        self._columns = columns
        self._hex_fields = frozenset(hex_fields)
        self._rules = rules
        self._field = field_pattern(form)
        self._body = body_pattern(form)
        self._contents = contents(form)
        self._escape_or_double = escape_or_double(form)
        self.plain = plain_records(form, columns, self._hex_fields, rules) if columns is not None else None
        self.sound = sound_record(form, columns, self._hex_fields, rules) if columns is not None else None

    def record(self, buffer: bytes, at: int, *, offset: int) -> Record | None:
        """The record at ``buffer[at:]``; None: it is not whole.

        Args:
            offset: where ``buffer`` starts in the decoded file.

        Raises:
            DumpFormatError: it is none, whatever follows.
        """
        fields: list[Field] = []
        start = at
        while True:
            match = self._field.match(buffer, at)
            if match is None:
                self._check_may_go_on(buffer, start, at, offset)
                return None
            quoted, plain, mark = match.groups()
            fields.append(Field(plain if quoted is None else quoted, quoted is not None, at))
            at = match.end()
            if mark in self._form.terminators:
                self._check(fields, buffer, start, offset)
                return Record(fields, at, mark)

    def values(self, piece: bytes) -> Iterator[tuple[list[bytes | None], int]]:
        """What the records of a piece mean, and where each starts in it; a NULL is None.

        The piece holds whole records that were found to be sound: they are not looked at again.
        """
        form, meaning = self._form, self._meaning
        nulls, separator = form.nulls, form.separator
        escape = form.escape or None
        quote = form.quote or None
        values: list[bytes | None] = []
        start = 0
        if not self._columns and self._columns is not None:
            yield from (([], match.start()) for match in self._field.finditer(piece))
            return
        for match in self._field.finditer(piece):
            text, plain, mark = match.groups()
            if text is None:
                if plain in nulls:
                    values.append(None)
                else:
                    values.append(meaning(plain) if escape is not None and escape in plain else plain)
            elif (escape is not None and escape in text) or (quote is not None and quote in text):
                values.append(meaning(text))
            else:
                values.append(text)
            if mark != separator:
                yield values, start
                values, start = [], match.end()

    def value(self, field: Field) -> bytes | None:
        """What a field means; None is NULL."""
        if not field.quoted and field.text in self._form.nulls:
            return None
        if (self._form.escape and self._form.escape in field.text) or (field.quoted and self._form.quote in field.text):
            return self._meaning(field.text)
        return field.text

    def _meaning(self, text: bytes) -> bytes:
        """A field's text without its escapes; a huge one part by part, since each escape takes memory of its own."""
        if len(text) <= _PART_BYTES:
            return self._escape_or_double.sub(_one_meaning, text)
        parts: list[bytes] = []
        at = 0
        while at < len(text):
            part = self._contents.match(text, at, at + _PART_BYTES)
            assert part is not None  # it matches at least one escape
            parts.append(self._escape_or_double.sub(_one_meaning, part[0]))
            at = part.end()
        return b"".join(parts)

    def unfinished(
        self, buffer: bytes, at: int, *, offset: int, what: str, remedy: str | None = None
    ) -> DumpFormatError:
        """The error for a record that starts there and has no end; it names a quote that is never closed.

        Raises:
            DumpFormatError: no further bytes could have made a record of it.
        """
        start = at
        while (match := self._field.match(buffer, at)) is not None:
            at = match.end()
        self._check_may_go_on(buffer, start, at, offset)
        body = self._body.match(buffer, at)
        setting = ""
        if body is not None and body.end() == len(buffer) and (body[1] is not None or not self._opens(buffer, at)):
            what += ": its last field is whole, and no line end stands behind it" if body[1] is not None else ""
            setting = _ALLOWED_BY.format("allow_no_final_line_end") if self._form.by_setting else ""
        elif self._opens(buffer, at):
            opens = self._form.quote.decode()
            what += f": the quote {opens} that opens at byte {offset + at} is never closed"
        return DumpFormatError(
            what,
            file=self._file,
            offset=offset + start,
            statement=buffer[start : start + 256],
            remedy=remedy
            or "If the dump was cut, dump again. If the file is whole, its last record lacks its line end." + setting,
        )

    def _opens(self, buffer: bytes, at: int) -> bool:
        return bool(self._form.quote) and buffer.startswith(self._form.quote, at)

    def empty_line(self, buffer: bytes, at: int, *, offset: int) -> DumpFormatError:
        """The error for an empty line there, which no tool writes for a row or for names."""
        return self._error(
            "an empty line stands where a record should",
            buffer, at, at, offset,
            remedy="Put back the file as it was dumped; or take the empty lines out before the load starts."
            + (_ALLOWED_BY.format("allow_empty_lines") if self._form.by_setting else ""),
        )  # fmt: skip

    def _check_may_go_on(self, buffer: bytes, start: int, at: int, offset: int) -> None:
        """Refuse what stands at ``at`` if no further bytes can make a field of it; its record starts at ``start``."""
        match = self._body.match(buffer, at)
        assert match is not None  # it matches b""
        remedy = None
        stop = match.end()
        rest = buffer[stop : stop + _LONGEST_MARK_BYTES]
        if any(mark.startswith(rest) for mark in (self._form.separator, *self._form.terminators)):
            return
        is_closed = match[1] is not None
        if is_closed and not rest.startswith((b"\n", b"\r")):
            what = "after a closing quote stands neither a separator nor the end of a record"
        elif not is_closed and (rest == self._form.escape or self._opens(buffer, at)):
            return  # an escape that was cut, or quotes that are still open
        elif not is_closed and self._form.quote and rest.startswith(self._form.quote):
            what = "a quote stands inside a field without quotes"
        else:
            ends = " or ".join(repr(end.decode("latin-1")) for end in self._form.terminators)
            what = f"records end with {ends}, and here stands another line end"
            if self._form.by_setting and not self._form.mixes_ends:
                remedy = "Put back the file as it was dumped." + _ALLOWED_BY.format("allow_mixed_line_ends")
        raise self._error(what, buffer, start, stop, offset, remedy)

    def _check(self, fields: list[Field], buffer: bytes, start: int, offset: int) -> None:
        if self._columns is not None and _is_empty_line(fields):
            if not self._form.takes_empty_line(self._columns):
                raise self.empty_line(buffer, start, offset=offset)
            if not self._columns:
                return
        if self._columns is not None and len(fields) != self._columns:
            raise self._error(
                f"fields of this record: {len(fields)}; columns that they should fill: {self._columns}",
                buffer, start, start, offset,
            )  # fmt: skip
        for at, field in enumerate(fields):
            if self._columns is not None and not self._tells_null(field):
                quote = self._form.quote.decode() if field.quoted else ""
                raise self._error(
                    f"the field {quote}{field.text.decode()}{quote} means NULL in some formats, and not in this one",
                    buffer, start, field.start, offset,
                    remedy="Say in csv, as null, what stands for NULL in this dump; in a list, all else is text.",
                )  # fmt: skip
            if at in self._hex_fields and self.value(field) is not None and not _HEX.fullmatch(field.text):
                raise self._error(
                    f"field {at + 1} of the record must be hex digits, two for each byte",
                    buffer, start, field.start, offset,
                )  # fmt: skip

        for at, rule in self._rules:
            value = self.value(fields[at])
            if value is not None and (why := rule.changes(value)):
                raise self._error(
                    f"the server would change field {at + 1} of the record without a word: {why}",
                    buffer, start, fields[at].start, offset,
                    remedy="Write the value as its column takes it, without changing the file's size; or ALTER the "
                    "column to a type that holds it. Then clear the failed task.",
                )  # fmt: skip

    def _tells_null(self, field: Field) -> bool:
        r"""Whether it is clear that the field is NULL or not; ``"\N"`` is NULL for some servers, and N for others."""
        if field.quoted:
            return field.text != self._form.null_escape or not self._form.escape
        return field.text not in self._form.ambiguous

    def _error(
        self, what: str, buffer: bytes, start: int, at: int, offset: int, remedy: str | None = None
    ) -> DumpFormatError:
        line = buffer[start : start + 256].partition(b"\n")[0].rstrip(b"\r")
        return DumpFormatError(what, file=self._file, offset=offset + at, statement=line, remedy=remedy)


def _is_empty_line(fields: list[Field]) -> bool:
    return len(fields) == 1 and not fields[0].quoted and not fields[0].text


def _one_meaning(match: re.Match[bytes]) -> bytes:
    escaped: bytes | None = match[1]
    if escaped is None:
        return match[0][: len(match[0]) // 2]  # a quote that stands twice
    return _ESCAPES.get(escaped, escaped)
