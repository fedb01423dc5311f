from __future__ import annotations

import io
import itertools
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_dm_loader.dump import lexer
from airflow_dm_loader.dump.lexer import Statement, StatementReader
from airflow_dm_loader.errors import DumpFormatError

DUMPS = Path(__file__).parents[1] / "data" / "dumps"
SQL_FILES = sorted(DUMPS.glob("*/*.sql"))
BLANKS = b" \t\n\r\f\v"


class Trickle:
    """A file whose reads give few bytes: block borders can be anywhere."""

    def __init__(self, raw: bytes, sizes: list[int]) -> None:
        self._file = io.BytesIO(raw)
        self._sizes = itertools.cycle(sizes)

    def read(self, size: int, /) -> bytes:
        return self._file.read(min(size, next(self._sizes)))

    def seek(self, offset: int, /) -> int:
        return self._file.seek(offset)


class Endless:
    """An endless string."""

    def __init__(self, head: bytes) -> None:
        self.head = head
        self.bytes_read = 0

    def read(self, size: int, /) -> bytes:
        block = (self.head if self.bytes_read == 0 else b"").ljust(size, b"x")
        self.bytes_read += len(block)
        return block

    def seek(self, offset: int, /) -> int:
        raise AssertionError(f"nobody asked to seek to {offset}")


def comment_end(raw: bytes, at: int) -> int | None:
    """Where the comment that starts at ``at`` ends; None: no comment starts there; beyond the file: no end."""
    if raw[at : at + 1] == b"#" or (raw[at : at + 2] == b"--" and raw[at + 2 : at + 3] in {bytes([c]) for c in BLANKS}):
        end = raw.find(b"\n", at)
        return end + 1 if end >= 0 else len(raw) + 1
    if raw[at : at + 2] == b"/*" and raw[at + 2 : at + 3] != b"!" and raw[at + 2 : at + 4] != b"M!":
        end = raw.find(b"*/", at + 2)
        return end + 2 if end >= 0 else len(raw) + 1
    return None


def reference(raw: bytes, *, backslash_escapes: bool = True) -> tuple[list[Statement], bool]:
    """The statements of a file, byte by byte, and whether nothing unfinished is left after them."""
    size = len(raw)
    raw += b"\n"
    statements: list[Statement] = []
    begin, at, quote = None, 0, b""
    while at < size:
        byte = raw[at : at + 1]
        if quote:
            if byte == b"\\" and backslash_escapes and quote != b"`":
                at += 1
            elif byte == quote:
                quote = b""
            at += 1
        elif (after := comment_end(raw, at)) is not None:
            if after > len(raw):
                return statements, False
            at = after
        else:
            if byte == b";" and begin is not None:
                statements.append(Statement(raw[begin:at].rstrip(), begin, at + 1))
                begin = None
            elif byte not in BLANKS + b";" and begin is None:
                begin = at
            if byte in (b"'", b'"', b"`"):
                quote = byte
            at += 1
    return statements, begin is None


def read(reader: StatementReader) -> tuple[list[Statement], DumpFormatError | None]:
    """All statements up to the end or the error."""
    found: list[Statement] = []
    try:
        while (statement := next(reader, None)) is not None:
            found.append(statement)
    except DumpFormatError as error:
        return found, error
    return found, None


def read_bytes(raw: bytes) -> tuple[list[Statement], DumpFormatError | None]:
    return read(StatementReader.of_bytes(raw, file="f.sql"))


def texts(raw: bytes) -> list[bytes]:
    found, error = read_bytes(raw)
    assert error is None
    return [statement.text for statement in found]


def escaped(content: bytes, quote: bytes) -> bytes:
    return quote + content.replace(b"\\", b"\\\\").replace(quote, b"\\" + quote) + quote


# What makes lexers stumble, as pieces that a file is glued from.
MARKS = [
    b"'", b'"', b"`", b"\\", b";", b"),(", b"(", b"\n", b"\r\n", b" ", b"-", b"--", b"-- ", b"--\n", b"#", b"/", b"*",
    b"/*", b"*/", b"/*!", b"/*!40101 ", b"/*M!", b"/*M", b"-1.5e-7", b"8/2", b"\x00", b"\xff\xfe", b"\xe4\xb8\xad",
    b"\x5c\x27", b"a",
]  # fmt: skip
PIECES = st.lists(st.sampled_from(MARKS) | st.binary(max_size=3), max_size=12).map(b"".join)
STRINGS = st.builds(escaped, PIECES, st.sampled_from([b"'", b'"']))
COMMENTS = st.one_of(
    PIECES.map(lambda text: b"-- " + text.replace(b"\n", b"") + b"\n"),
    PIECES.map(lambda text: b"#" + text.replace(b"\n", b"") + b"\n"),
    PIECES.map(lambda text: b"/* " + text.replace(b"*/", b"*\\/") + b" */"),
)
SPACE = st.sampled_from([b"", b" ", b"\n", b";", b" ;\n", b"\r\n"])
VALUES = st.one_of(
    STRINGS,
    STRINGS.map(lambda text: b"_binary " + text),
    st.sampled_from([b"NULL", b"1", b"-1", b"1/-2", b"1e-9", b"0x00FF", b"CONVERT('a;b' USING utf8mb4)", b"1 -1"]),
)
ROWS = st.lists(VALUES, min_size=1, max_size=4).map(lambda values: b"(" + b",".join(values) + b")")
INSERTS = st.lists(ROWS, min_size=1, max_size=3).map(lambda rows: b"INSERT INTO `a;'b` VALUES\n" + b",\n".join(rows))
HEADS = st.sampled_from([b"/*!40101 SET NAMES binary*/", b"SET TIME_ZONE='+00:00'", b"/*M!100 SET a='/*' */"])
STATEMENTS = INSERTS | HEADS
CUTS = st.lists(st.integers(1, 7) | st.integers(1, 200), min_size=1, max_size=8)


@given(
    parts=st.lists(st.tuples(st.lists(SPACE | COMMENTS, max_size=3).map(b"".join), STATEMENTS), max_size=5), cuts=CUTS
)
def test_statements_come_back_as_they_were_written(parts: list[tuple[bytes, bytes]], cuts: list[int]) -> None:
    raw, spans = b"", []
    for space, text in parts:
        raw += space
        spans.append((text, len(raw), len(raw) + len(text) + 1))
        raw += text + b";"
    found, error = read(StatementReader(Trickle(raw, cuts), file="f.sql"))
    assert error is None
    assert [(statement.text, statement.offset, statement.end) for statement in found] == spans
    assert all(raw[each.offset : each.end] == each.text + b";" for each in found)


@given(raw=st.lists(st.sampled_from(MARKS) | STRINGS | COMMENTS, max_size=30).map(b"".join), cuts=CUTS)
@example(raw=b"a--", cuts=[1])
@example(raw=b"--", cuts=[1])
@example(raw=b"a /* ' */ ; b -- ;\n;", cuts=[3])
@pytest.mark.parametrize("backslash_escapes", [True, False])
def test_any_bytes_are_cut_as_a_slow_lexer_cuts_them(raw: bytes, cuts: list[int], backslash_escapes: bool) -> None:
    reader = StatementReader(Trickle(raw, cuts), file="f.sql")
    reader.backslash_escapes = backslash_escapes
    found, error = read(reader)
    expected, whole = reference(raw, backslash_escapes=backslash_escapes)
    assert found == expected
    assert (error is None) is whole


@given(raw=st.lists(STATEMENTS, min_size=1, max_size=6).map(b";\n".join), block=st.integers(1, 64))
def test_the_size_of_the_blocks_does_not_matter(raw: bytes, block: int) -> None:
    raw += b";\n"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lexer, "_BLOCK_BYTES", block)
        found, error = read_bytes(raw)
    assert error is None
    assert found == reference(raw)[0]


@pytest.mark.parametrize("dump", sorted({path.parent.name for path in SQL_FILES}))
def test_a_real_dump_is_cut_as_a_slow_lexer_cuts_it(dump: str) -> None:
    for path in (DUMPS / dump).glob("*.sql"):
        raw = path.read_bytes()[:40_000]
        found, error = read(StatementReader(Trickle(raw, [4093]), file=path.name))
        assert (found, error is None) == reference(raw)


SMALL_FILE = (
    b'/*!40101 SET NAMES binary*/;\n-- a; comment\nINSERT INTO `t` VALUES\n(1,\'a;\\\'b\'),\n(-2,"/* """);\n'
    b"# it's one; too\nREPLACE INTO `a``;b` VALUES (1/2,x'00'); /* the ; end */\n"
)


@pytest.mark.parametrize("backslash_escapes", [True, False])
def test_a_file_cut_anywhere_gives_whole_statements_only(backslash_escapes: bool) -> None:
    raw = SMALL_FILE if backslash_escapes else SMALL_FILE.replace(b"\\'", b"''")
    whole, unbroken = reference(raw, backslash_escapes=backslash_escapes)
    assert unbroken
    assert len(whole) == 3
    for cut in range(len(raw)):
        reader = StatementReader.of_bytes(raw[:cut], file="f.sql")
        reader.backslash_escapes = backslash_escapes
        found, error = read(reader)
        assert found == [statement for statement in whole if statement.end <= cut]
        begun = [statement for statement in whole if statement.offset < cut < statement.end]
        assert error is not None or not begun
        if begun and error is not None:
            assert error.file == "f.sql"
            assert error.offset == begun[0].offset


def test_semicolons_in_strings_names_and_comments_end_nothing() -> None:
    assert texts(b"a ';' \";\" `;` /* ; */ -- ;\n # ;\n b; c;") == [b"a ';' \";\" `;` /* ; */ -- ;\n # ;\n b", b"c"]


def test_minus_signs_and_slashes_are_not_taken_for_comments() -> None:
    assert texts(b"a --1; b 4/2; c --; d 1--2;") == [b"a --1", b"b 4/2", b"c --", b"d 1--2"]


def test_version_comments_are_statements_and_plain_comments_are_not() -> None:
    assert texts(b"/* a */ /*!40101 SET a=1*/; /*M!100 b */;/**/") == [b"/*!40101 SET a=1*/", b"/*M!100 b */"]


def test_a_backslash_is_a_letter_where_the_head_says_so() -> None:
    raw = rb"SET x; a 'c:\'; b 'it''s\';"
    reader = StatementReader.of_bytes(raw, file="f.sql")
    assert next(reader).text == b"SET x"
    reader.backslash_escapes = False
    assert [statement.text for statement in reader] == [rb"a 'c:\'", rb"b 'it''s\'"]


def test_an_identifier_knows_no_backslash() -> None:
    assert texts(rb"a `c:\`; b;") == [rb"a `c:\`", b"b"]


@pytest.mark.parametrize("raw", [b"", b" \n", b";;", b"-- only a comment", b"# only", b"/* only */", b"--"])
def test_a_file_without_statements_has_none(raw: bytes) -> None:
    assert texts(raw) == []


@pytest.mark.parametrize("quote", ["'", '"', "`"])
def test_an_unclosed_quote_is_found_where_it_opens(quote: str) -> None:
    raw = b"SET x;\nINSERT INTO t VALUES (1,'\"`', " + quote.encode() + b"abc); INSERT INTO t VALUES (2);\n"
    found, error = read_bytes(raw)
    assert [statement.text for statement in found] == [b"SET x"]
    assert error is not None
    opened = raw.index(quote.encode() + b"abc")
    assert f"the quote {quote} that opens at byte {opened} is never closed" in error.message
    assert (error.code, error.file, error.offset) == (34006, "f.sql", 7)
    assert error.statement is not None
    assert error.statement.startswith("INSERT INTO t")


def test_a_statement_without_its_semicolon_is_an_error_that_shows_it() -> None:
    found, error = read_bytes(b"a;\n /* c */ INSERT INTO t VALUES (1)\n")
    assert len(found) == 1
    assert error is not None
    assert error.message == "the file ends in the middle of a statement"
    assert error.offset == 12


@pytest.mark.parametrize(
    ("head", "offset", "what"),
    [
        (b"INSERT INTO t VALUES ('", 0, "the quote ' that opens at byte 22 is never closed"),
        (b"a; b `", 3, "the quote ` that opens at byte 5 is never closed"),
        (b"a; /* ", 3, "no statement ends within 65536 bytes"),
    ],
)
def test_what_never_ends_is_an_error_before_it_eats_the_memory(
    monkeypatch: pytest.MonkeyPatch, head: bytes, offset: int, what: str
) -> None:
    monkeypatch.setattr(lexer, "_BLOCK_BYTES", 1 << 12)
    source = Endless(head)
    found, error = read(StatementReader(source, file="f.sql", max_statement_bytes=1 << 16))
    assert len(found) == head.count(b";")
    assert error is not None
    assert what in error.message
    assert error.offset == offset
    assert source.bytes_read <= 4 << 16
    assert len(str(error)) < 1000


def test_a_long_statement_below_the_limit_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexer, "_BLOCK_BYTES", 16)
    raw = b"INSERT INTO t VALUES ('" + b"x" * 60_000 + b"');b;"
    found, error = read(StatementReader(io.BytesIO(raw), file="f.sql", max_statement_bytes=1 << 16))
    assert error is None
    assert [len(statement.text) for statement in found] == [60_025, 1]


@given(
    raw=st.lists(STATEMENTS, min_size=1, max_size=8).map(lambda parts: b";\n".join(parts) + b";\n"),
    cuts=CUTS,
    data=st.data(),
)
def test_a_jump_goes_on_at_a_later_statement(raw: bytes, cuts: list[int], data: st.DataObject) -> None:
    whole = reference(raw)[0]
    here = data.draw(st.integers(0, len(whole)))
    there = data.draw(st.integers(here, len(whole)))
    reader = StatementReader(Trickle(raw, cuts), file="f.sql")
    assert [next(reader) for _ in range(here)] == whole[:here]
    reader.jump(whole[there - 1].end if there else 0)
    assert read(reader) == (whole[there:], None)


def test_a_jump_over_much_reads_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexer, "_BLOCK_BYTES", 64)
    raw = b"SET x;" + b"(" * 100_000 + b";\nlast;"
    source = io.BytesIO(raw)
    reader = StatementReader(source, file="f.sql")
    assert next(reader).text == b"SET x"
    assert source.tell() <= 64
    reader.jump(raw.index(b"\nlast"))
    assert [(statement.text, statement.offset) for statement in reader] == [(b"last", raw.index(b"last"))]


def test_an_error_after_a_jump_counts_from_the_start_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexer, "_BLOCK_BYTES", 8)
    raw = b"a;" + b"b" * 1000 + b"; c 'x"
    reader = StatementReader.of_bytes(raw, file="f.sql")
    next(reader)
    reader.jump(1003)
    _, error = read(reader)
    assert error is not None
    assert error.offset == 1004
    assert "opens at byte 1006" in error.message
