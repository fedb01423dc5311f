"""Reads whole records of a file, in one pass, holding hardly more than what is asked for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from airflow_dm_loader.dump.byte_order_mark import (
    LOOKED_AT_BYTES,
    UTF8_MARK,
    byte_order_mark_error,
    is_wide,
    wide_text_error,
)
from airflow_dm_loader.dump.codecs import UTF8, UnknownLettersError, decode
from airflow_dm_loader.dump.lexer import LONGER_STATEMENTS
from airflow_dm_loader.dump.read_ahead import DecodedBytes, ReadAhead
from airflow_dm_loader.errors import DumpFormatError
from airflow_dm_loader.formats.delimited.field_rules import Rules
from airflow_dm_loader.formats.delimited.grammar import Grammar, Record
from airflow_dm_loader.formats.delimited.record_format import RecordFormat

_BLOCK_BYTES = 4 << 20
_SMALL_BYTES = 64 << 10
_MOST_SMALL = 1 << 10  # pieces that are put together
_SHORTEST_RUN, _LONGEST_RUN = 1, 256
_MARK_OR_VALUE = (
    "Put back the file as it was dumped. If it is a CSV file in UTF-8, say so in csv, as character_set. If its first "
    "value really starts so, dump this table as SQL, where the two can be told apart."
)


@dataclass(frozen=True, slots=True)
class Span:
    """Whole records that follow each other; offsets are bytes of the decoded file."""

    pieces: tuple[bytes, ...]  # each of whole records
    starts: tuple[int, ...]  # where each of them starts
    start: int
    end: int
    rows: int


class _Pieces:
    """Records that follow each other, put together where they are small and nothing was passed over in between."""

    def __init__(self) -> None:
        self._done: list[tuple[int, bytes]] = []
        self._small: list[bytes] = []
        self._start = self._end = 0

    def add(self, at: int, records: bytes) -> None:
        """Records that start there in the file."""
        large = len(records) >= _SMALL_BYTES
        if self._small and (large or at != self._end or len(self._small) >= _MOST_SMALL):
            self._join()
        if large:
            self._done.append((at, records))
            return
        if not self._small:
            self._start = at
        self._small.append(records)
        self._end = at + len(records)

    def span(self, start: int, end: int, rows: int) -> Span | None:
        """All of them; None: there are none."""
        if self._small:
            self._join()
        if not self._done:
            return None
        starts, pieces = zip(*self._done, strict=True)
        return Span(pieces, starts, start, end, rows)

    def _join(self) -> None:
        self._done.append((self._start, b"".join(self._small)))
        self._small = []


class RecordReader:
    """Reads the records of one file.

    Args:
        source: the decoded file, at its start.
        form: how its records are written.
        file: its name, for errors.
        max_record_bytes: a record that has no end within so many bytes is an error, which is what bounds the memory
            when a quote is never closed.
    """

    def __init__(self, source: DecodedBytes, form: RecordFormat, *, file: str, max_record_bytes: int) -> None:
        self._file = file
        self._max_bytes = max_record_bytes
        self._ahead = ReadAhead(source)  # at: where the next record starts
        self._run = _SHORTEST_RUN  # of records that are looked at one by one, before plain ones are looked for again
        self.form = form
        self.grammar = Grammar(form, file=file)
        self._first_end = b""
        self._skips = form.skips_empty_lines
        self._added = b""  # the line end that the last record lacks
        self._noted: set[str] = set()

    @property
    def offset(self) -> int:
        """Where the next record starts."""
        return self._ahead.base + self._ahead.at - (len(self._added) if not self._ahead.rest_bytes else 0)

    def take_notes(self) -> frozenset[str]:
        """What was allowed since the last time, by kind of finding."""
        noted, self._noted = frozenset(self._noted), set()
        return noted

    def look(self, *, columnless: bool = False, names_like_statement: bool = False) -> tuple[str, ...] | None:
        """Look at the file's first record: it tells how records end. Its names, where it is the header.

        Args:
            columnless: its rows hold no values, as of a table all of whose columns are generated: dumpling writes an
                empty line for each, and no header.
            names_like_statement: the names are read as those in a statement are: as UTF-8, or else byte by byte.

        Raises:
            DumpFormatError: there is none, and there must be a header; or it is malformed, or a byte order mark stands
                before it that may be a value, or the file is in UTF-16.
        """
        self._pass_over_mark(may_be_data=names_like_statement)
        has_header = self.form.header and not columnless
        if has_header:
            self._skip_empty_lines()
        first = self._whole_record()
        if first is None:
            if has_header:
                raise DumpFormatError(
                    "the file is empty, and its first record should name the columns", file=self._file, offset=0
                )
            return None
        self._first_end = first.terminator
        if not self.form.mixes_ends:
            self.form = replace(self.form, terminators=(first.terminator,))
        self.grammar = Grammar(self.form, file=self._file)
        if not has_header:
            return None
        if first.is_empty_line:
            raise self.grammar.empty_line(self._ahead.data, self._ahead.at, offset=self._ahead.base)
        self._ahead.at = first.end
        if not self.form.header_matches:
            return None
        names = [self.grammar.value(field) or b"" for field in first.fields]
        if names_like_statement:
            return tuple(name.decode("utf-8", "surrogateescape") for name in names)
        return tuple(map(self._name, names))

    def expect(self, columns: int, hex_fields: Collection[int], rules: Rules = ()) -> None:
        """From here on each record has so many fields; those at ``hex_fields`` hold hex digits, others by ``rules``."""
        self.grammar = Grammar(self.form, file=self._file, columns=columns, hex_fields=hex_fields, rules=rules)
        self._skips = self.form.skips_empty_lines and not self.form.takes_empty_line(columns)

    def take(self, wanted_bytes: int) -> Span | None:
        """The records up to the first boundary at or after ``wanted_bytes`` from here; None: the file has no more.

        Raises:
            DumpFormatError: a record is malformed, or the file ends within one.
        """
        start = self.offset
        pieces = _Pieces()
        rows = 0
        self._skip_empty_lines()
        goal = max(start + wanted_bytes, self.offset + 1)  # at least one record
        while self.offset < goal:
            at = self.offset
            found = self._next_records(goal)
            if found is None:
                break
            rows += found[1]
            pieces.add(at, found[0])
            del found  # a huge record is in memory once
            self._skip_empty_lines()
        return pieces.span(start, self.offset, rows)

    def jump(self, offset: int) -> None:
        """Go on at a later boundary without reading what lies between."""
        self._ahead.jump(offset)
        self._noted.clear()

    def _skip_empty_lines(self) -> None:
        """Pass over all empty lines that follow: so the chain of chunks does not hang on how much was read."""
        longest = max(map(len, self.form.terminators))
        while self._skips:
            while self._ahead.rest_bytes < longest and self._read_more():
                pass
            data, at = self._ahead.data, self._ahead.at
            end = next((each for each in self.form.terminators if data.startswith(each, at)), None)
            del data
            if end is None or self._added:
                return
            self._ahead.at += len(end)
            self._noted.add("empty_lines")

    def _pass_over_mark(self, *, may_be_data: bool) -> None:
        while len(self._ahead.data) < LOOKED_AT_BYTES and self._read_more():
            pass
        start = self._ahead.data[:LOOKED_AT_BYTES]
        if self.form.charset in UTF8 and is_wide(start):
            raise wide_text_error(self._file)
        if not start.startswith(UTF8_MARK):
            return
        if may_be_data or self.form.charset not in UTF8:
            raise byte_order_mark_error(self._file, _MARK_OR_VALUE)
        self._ahead.at = len(UTF8_MARK)
        self._noted.add("byte_order_mark")

    def _name(self, name: bytes) -> str:
        """A column's name in the line of names, which is in the file's charset."""
        try:
            return decode(name, "utf8mb4" if self.form.charset == "binary" else self.form.charset)
        except UnknownLettersError as problem:
            raise DumpFormatError(
                f"the first line names a column that can't be read as {self.form.charset}: {problem}",
                file=self._file,
                offset=0,
                remedy="Say in csv, as character_set, what charset the file is in.",
            ) from None

    def _next_records(self, goal: int) -> tuple[bytes, int] | None:
        """Some records, to the first boundary at or after ``goal`` at most, and how many; None: the file ends."""
        if not self._holds_an_end():
            return None
        if (found := self._plain_records(goal) or self._sound_records(goal)) is not None:
            return found
        record = self._whole_record()
        if record is None:
            return None
        end = record.end
        if record.terminator != self._first_end:
            self._noted.add("mixed_line_ends")
        del record  # a huge one's fields are copies
        return self._take(end), 1

    def _plain_records(self, goal: int) -> tuple[bytes, int] | None:
        """The plain records that are in the buffer; None: what starts there is none, or not whole yet."""
        if self.grammar.plain is None:
            return None
        ahead = self._ahead
        match = self.grammar.plain.match(ahead.data, ahead.at)
        end = match.end() if match is not None else ahead.at
        del match  # it holds on to what it was found in
        if end == ahead.at:
            return None
        (terminator,) = self.form.terminators
        if ahead.base + end >= goal:
            last = ahead.data.find(terminator, max(ahead.at, goal - ahead.base - len(terminator)), end)
            end = last + len(terminator)
        rows = ahead.data.count(terminator, ahead.at, end)
        self._run = _SHORTEST_RUN
        return self._take(end), rows

    def _sound_records(self, goal: int) -> tuple[bytes, int] | None:
        """Some records of whatever form that are in the buffer; None: the first is malformed, or not whole yet."""
        if self.grammar.sound is None:
            return None
        ahead = self._ahead
        end, rows, stop = ahead.at, 0, goal - ahead.base
        while rows < self._run and end < stop:
            match = self.grammar.sound.match(ahead.data, end)
            if match is None:
                break
            end, rows = match.end(), rows + 1
            del match  # it holds on to what it was found in
        if not rows:
            return None
        self._run = min(2 * self._run, _LONGEST_RUN)
        return self._take(end), rows

    def _take(self, end: int) -> bytes:
        return self._ahead.take(self._ahead.at, end, end)

    def _whole_record(self) -> Record | None:
        """The record that starts here, which stays where it is; None: the file ends here."""
        while self._holds_an_end():
            record = self.grammar.record(self._ahead.data, self._ahead.at, offset=self._ahead.base)
            if record is not None:
                return record
            self._read_on()  # the end was within quotes
        return None

    def _holds_an_end(self) -> bool:
        """Read on until a record may end in the buffer; False: the file ends here."""
        end = self.form.last_bytes
        while self._ahead.data.find(end, self._ahead.at) < 0:
            if self._ahead.rest_bytes:
                self._read_on()
            elif not self._read_more():
                return False
        return True

    def _read_on(self) -> None:
        """Read more of the record that starts here, which has no end yet."""
        if self._ahead.rest_bytes > self._max_bytes:
            raise self._unfinished(
                f"no record ends within {self._max_bytes} bytes (max_statement_bytes)", LONGER_STATEMENTS
            )
        if self._read_more():
            return
        if not self.form.open_end or self._added:
            raise self._unfinished("the file ends in the middle of a record")
        self._added = self._first_end or self.form.terminators[-1]
        self._ahead.append(self._added)
        self._noted.add("no_final_line_end")

    def _read_more(self) -> bool:
        rest = self._ahead.rest_bytes
        room = max(0, self._max_bytes - rest)
        until = self.form.last_bytes
        # Doubling: what is scanned again stays linear.
        return self._ahead.read_more(max(_BLOCK_BYTES, min(rest, room)), until)

    def _unfinished(self, what: str, remedy: str | None = None) -> DumpFormatError:
        ahead = self._ahead
        return self.grammar.unfinished(ahead.data, ahead.at, offset=ahead.base, what=what, remedy=remedy)
