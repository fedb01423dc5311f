"""Cuts SQL dump files into statements, exactly and in one pass.

One possessive regular expression finds the end of a statement: possessive, so that it never backtracks and a
``;`` inside a string, an identifier or a comment can't end one. It works on bytes, whatever their charset: dump
tools escape byte by byte.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from airflow_dm_loader.dump.read_ahead import DecodedBytes, ReadAhead
from airflow_dm_loader.errors import DumpFormatError

LONGER_STATEMENTS = (
    "Look at the file at that byte: most often a quote is not closed there. If it is sound, and its statements or "
    "records are so long, raise max_statement_bytes; then clear."
)
_BLOCK_BYTES = 4 << 20
_END = b";\n"  # of a statement, as dump tools write it
_PROOFS_TRIED = 4  # a file that failed so often is not in the layout
_LONG_BYTES = 64 << 10  # of a statement whose end is worth guessing

_COMMENT = rb"/\*(?!M?!)[^*]*+(?:\*(?!/)[^*]*+)*+\*/"  # not /*! and /*M!: servers run what stands in those
_LINE_COMMENT = rb"--(?=\s)[^\n]*+\n|\#[^\n]*+\n"
_ESCAPED = rb"'[^'\\]*+(?:\\.[^'\\]*+)*+'" rb'|"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_UNESCAPED = rb"'[^']*+'" rb'|"[^"]*+"'
_IDENTIFIER = rb"`[^`]*+`"
_BLANK = rb"(?:[\s;]++|" + _COMMENT + rb"|" + _LINE_COMMENT + rb")*+"
_BLANKS = b" \t\n\r\x0b\f"  # what bytes.strip takes for blank
_PLAIN = rb"[^'\"`;/\#\-]*+"


def _body(strings: bytes) -> bytes:
    special = rb"|".join((strings, _IDENTIFIER, _COMMENT, rb"/(?!\*)|/(?=\*M?!)", _LINE_COMMENT, rb"-(?!-\s)"))
    return _PLAIN + rb"(?:(?:" + special + rb")" + _PLAIN + rb")*+"


@dataclass(frozen=True, slots=True)
class _Patterns:
    blank: re.Pattern[bytes]
    body: re.Pattern[bytes]
    statement: re.Pattern[bytes]

    @classmethod
    def of(cls, strings: bytes) -> _Patterns:
        body = _body(strings)
        return cls(
            blank=re.compile(_BLANK, re.DOTALL),
            body=re.compile(body, re.DOTALL),
            statement=re.compile(_BLANK + rb"(" + body + rb");", re.DOTALL),
        )


_WITH_BACKSLASH = _Patterns.of(_ESCAPED)
_WITHOUT_BACKSLASH = _Patterns.of(_UNESCAPED)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a file.

    ``text`` starts at its first byte that is neither blank nor comment and ends before its ``;``; ``offset`` and
    ``end`` are byte offsets in the decoded file, of that first byte and of the byte after the ``;``.
    """

    text: bytes
    offset: int
    end: int
    proven: bool = False  # by the reader's prover


class Prover(Protocol):
    """Knows whole statements of a strict layout by one fast look; see :mod:`airflow_dm_loader.formats.sql.layouts`."""

    def proves(self, buffer: bytes, start: int, end: int) -> bool:
        """Whether ``buffer[start:end]`` is one whole statement, its ``;`` included."""


class StatementReader:
    """Reads statements one after the other, holding hardly more than the statement at hand.

    Args:
        source: the decoded file, at its start.
        file: its name, for errors.
        max_statement_bytes: a statement that has no end within so many bytes is an error, which is what bounds the
            memory when a quote is never closed.

    Set ``backslash_escapes`` to False once the file's head turned NO_BACKSLASH_ESCAPES on. Set ``prover`` where the
    layout is likely to be strict: what it proves need not be looked through byte by byte.
    """

    def __init__(self, source: DecodedBytes, *, file: str, max_statement_bytes: int = 64 << 20) -> None:
        self._file = file
        self._max_bytes = max_statement_bytes
        self._ahead = ReadAhead(source)  # at: where the next statement starts
        self.backslash_escapes = True
        self.prover: Prover | None = None
        self._not_proven = 0
        self._likely_bytes = 0  # that the next proven statement has, at least

    @classmethod
    def of_bytes(cls, raw: bytes, *, file: str) -> StatementReader:
        """Statements of a small file that is in memory."""
        return cls(io.BytesIO(raw), file=file)

    def __iter__(self) -> Iterator[Statement]:
        return self

    def __next__(self) -> Statement:
        if self.prover is not None and (statement := self._next_proven(self.prover)) is not None:
            return statement
        while True:
            if match := self._patterns.statement.match(self._ahead.data, self._ahead.at):
                (begin, end), after = match.span(1), match.end()
                del match  # it holds on to what it was found in
                return self._cut(begin, end, after, proven=False)
            if self._ahead.rest_bytes > self._max_bytes:
                raise self._unfinished(
                    f"no statement ends within {self._max_bytes} bytes (max_statement_bytes)", LONGER_STATEMENTS
                )
            if not self._read_more():
                self._check_tail()
                raise StopIteration

    def jump(self, offset: int) -> None:
        """Go on at a later statement boundary without reading what lies between."""
        self._ahead.jump(offset)

    def _next_proven(self, prover: Prover) -> Statement | None:
        """The next statement if it is in the strict layout: there, the first ``;`` at a line's end is its own."""
        ahead = self._ahead
        while True:
            begin = ahead.at
            while ahead.data[begin : begin + 1] == b"\n":
                begin += 1
            if (statement := self._guessed(prover, begin)) is not None:
                return statement
            end = ahead.data.find(_END, begin)
            if end >= 0:
                break
            if len(ahead.data) - begin > self._max_bytes or not self._read_more():
                return None
        if prover.proves(ahead.data, begin, end + 1):
            return self._cut_proven(begin, end)
        self._not_proven += 1
        if self._not_proven >= _PROOFS_TRIED:
            self.prover = None
        return None

    def _guessed(self, prover: Prover, begin: int) -> Statement | None:
        """The next statement, looked for where one as long as the last would end: tools write them alike.

        In the layout a ``;`` at a line's end ends a statement, so what is proven up to one is one statement.
        """
        if self._likely_bytes < _LONG_BYTES:
            return None
        end = self._ahead.data.find(_END, begin + self._likely_bytes)
        if end < 0 or not prover.proves(self._ahead.data, begin, end + 1):
            return None
        return self._cut_proven(begin, end)

    def _cut_proven(self, begin: int, end: int) -> Statement:
        self._likely_bytes = (end - begin) // 16 * 15
        return self._cut(begin, end, end + 1, proven=True)

    def _cut(self, begin: int, end: int, after: int, *, proven: bool) -> Statement:
        """The statement in ``data[begin:end]``, without blanks at its end."""
        ahead = self._ahead
        while end > begin and ahead.data[end - 1] in _BLANKS:
            end -= 1
        base = ahead.base
        return Statement(ahead.take(begin, end, after), base + begin, base + after, proven)

    def _read_more(self) -> bool:
        ahead = self._ahead
        while ahead.rest_bytes and ahead.data[ahead.at] in _BLANKS:
            ahead.at += 1  # what is read on begins with the statement then, and can be handed out as it is
        rest = ahead.rest_bytes
        room = max(0, self._max_bytes - rest)  # a statement without an end must not fill the memory
        return ahead.read_more(max(_BLOCK_BYTES, min(rest, room)), _END)  # doubling: scanning again stays linear

    def _check_tail(self) -> None:
        tail = self._ahead.data[self._ahead.at :] + b"\n"  # ends a comment on the last line
        if self._patterns.blank.match(tail).end() != len(tail):  # type: ignore[union-attr]  # matches b""
            raise self._unfinished("the file ends in the middle of a statement")

    @property
    def _patterns(self) -> _Patterns:
        return _WITH_BACKSLASH if self.backslash_escapes else _WITHOUT_BACKSLASH

    def _unfinished(self, what: str, remedy: str | None = None) -> DumpFormatError:
        data, base = self._ahead.data, self._ahead.base
        begin = self._patterns.blank.match(data, self._ahead.at).end()  # type: ignore[union-attr]
        stop = self._patterns.body.match(data, begin).end()  # type: ignore[union-attr]
        opened = data[stop : stop + 1].decode("ascii", "replace")
        if opened in {"'", '"', "`"}:
            what += f": the quote {opened} that opens at byte {base + stop} is never closed"
        return DumpFormatError(
            what, file=self._file, offset=base + begin, statement=data[begin : begin + 256], remedy=remedy
        )
