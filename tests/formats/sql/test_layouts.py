"""What is proven stands in lines as LOAD DATA reads them; everything else goes as statements."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_dm_loader.dump.lexer import StatementReader
from airflow_dm_loader.dump.statements import split_rows
from airflow_dm_loader.errors import DumpFormatError
from airflow_dm_loader.formats.sql import layouts
from airflow_dm_loader.formats.sql.layouts import (
    Layout,
    LayoutProver,
    RowLayout,
    drop_binary_marks,
    pieces_without_binary_marks,
)

COMMA_LAST_HEAD = b"INSERT INTO `t` VALUES\n"
COMMA_FIRST_HEAD = b"INSERT INTO `t` VALUES"
ESCAPES = {0: b"\\0", 10: b"\\n", 13: b"\\r", 26: b"\\Z", 34: b'\\"', 39: b"\\'", 92: b"\\\\"}


def columns_of(kinds: list[str]) -> dict[str, str]:
    return {f"c{at}": kind for at, kind in enumerate(kinds)}


def prover(kinds: list[str], head: bytes, first_rows: bytes) -> LayoutProver:
    return LayoutProver(head, list(columns_of(kinds)), columns_of(kinds), first_rows)


def proves(kinds: list[str], head: bytes, rows: bytes, first_rows: bytes | None = None) -> bool:
    """Whether a statement is proven, in a file whose first statement has ``first_rows``."""
    text = head + rows
    by = prover(kinds, head, rows if first_rows is None else first_rows)
    end = b"\n;" if by.row_layout.layout is Layout.COMMA_FIRST else b";"
    proven = by.proves_text(text)
    assert by.proves(b"xx\n" + text + end + b"\nINSERT", 3, 3 + len(text + end)) == proven
    return proven


# -- dumps as the tools write them


def escaped(value: bytes) -> bytes:
    return b"".join(ESCAPES.get(byte, bytes([byte])) for byte in value)


def written(value: bytes, quote: bytes) -> bytes:
    return quote + escaped(value) + quote


NUMBERS = {
    "int": st.integers(-(2**63), 2**64).map(str),
    "decimal": st.decimals(allow_nan=False, allow_infinity=False, places=5).map(lambda number: f"{number:f}"),
    "double": st.floats(allow_nan=False, allow_infinity=False).map(lambda number: repr(number).replace("e+", "e")),
}
BYTES = st.lists(
    st.one_of(
        st.binary(max_size=8),
        st.sampled_from(
            [b"),\n(", b"_binary ", b'_binary "', b",_binary ", b"\\N", b"NULL", b"\\%", b";\n", b"'", b'"']
        ),
    ),
    max_size=5,
).map(b"".join)


@st.composite
def dumped_rows(draw: st.DrawFn, layout: Layout, quote: bytes) -> tuple[list[str], list[bytes]]:
    """Types of columns, and rows of them as a tool writes them."""
    binaries = ["blob"] if quote == b'"' else []
    kinds = draw(st.lists(st.sampled_from(["int", "decimal", "double", "text", *binaries]), min_size=1, max_size=4))
    rows = []
    for _ in range(draw(st.integers(1, 4))):
        fields = []
        for kind in kinds:
            if draw(st.integers(0, 5)) == 0:
                fields.append(b"NULL")
            elif kind in NUMBERS:
                fields.append(draw(NUMBERS[kind]).encode())
            else:
                mark = b"_binary " if layout is Layout.COMMA_FIRST and draw(st.booleans()) else b""
                fields.append(mark + written(draw(BYTES), quote))
        rows.append(b"(" + b",".join(fields) + b")")
    return kinds, rows


def laid_out(layout: Layout, rows: list[bytes]) -> tuple[bytes, bytes]:
    """The statement's head and its rows."""
    if layout is Layout.COMMA_LAST:
        return COMMA_LAST_HEAD, b",\n".join(rows)
    return COMMA_FIRST_HEAD, b"\n,".join(rows)


STYLES = st.sampled_from([(Layout.COMMA_LAST, b'"'), (Layout.COMMA_LAST, b"'"), (Layout.COMMA_FIRST, b'"')])


@given(st.data(), STYLES)
def test_what_the_tools_write_is_proven_and_each_row_is_a_line(
    data: st.DataObject, style: tuple[Layout, bytes]
) -> None:
    layout, quote = style
    kinds, rows = data.draw(dumped_rows(layout, quote))
    head, text = laid_out(layout, rows)

    assert proves(kinds, head, text)
    assert text.count(b"\n") + 1 == len(rows)


_FIELD = rb"""(?:NULL|-?\d[\d.e+-]*|(?:_binary )?"(?:[^"\\\n]|\\[0nrtbZ\\'"])*"|'(?:[^'\\\n]|\\[0nrtbZ\\'"])*')"""
STRICT_ROW = re.compile(rb"\(%b(?:,%b)*\)" % (_FIELD, _FIELD))


@given(st.data(), STYLES)
def test_whatever_is_proven_has_its_rows_in_lines_as_the_splitter_of_statements_sees_them(
    data: st.DataObject, style: tuple[Layout, bytes]
) -> None:
    """A proven statement is damaged; if it is still proven, the slow reader must agree on every row."""
    layout, quote = style
    kinds, rows = data.draw(dumped_rows(layout, quote))
    head, text = laid_out(layout, rows)
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 3)))
        junk = st.sampled_from(
            [b"", b"(", b")", b",", b"\n", b" ", b'"', b"'", b"\\", b"),(", b"1", b"e5", b"NULL", b";"]
        )
        text = text[:start] + data.draw(junk) + text[end:]

    if proves(kinds, head, text, laid_out(layout, rows)[1]):
        spans = list(split_rows(text, file="f", offset=0))
        between = {text[end:start] for (_, end), (start, _) in pairwise(spans)}
        assert between <= {b",\n" if layout is Layout.COMMA_LAST else b"\n,"}
        assert (spans[0][0], spans[-1][1]) == (0, len(text))
        assert text.count(b"\n") + 1 == len(spans)
        assert all(STRICT_ROW.fullmatch(text[slice(*span)]) for span in spans)


@given(st.data(), STYLES)
def test_a_statement_that_was_cut_off_is_never_proven_with_more_rows_than_it_has(
    data: st.DataObject, style: tuple[Layout, bytes]
) -> None:
    layout, quote = style
    kinds, rows = data.draw(dumped_rows(layout, quote))
    head, text = laid_out(layout, rows)
    cut = text[: data.draw(st.integers(0, len(text) - 1))]

    if proves(kinds, head, cut, text):
        assert cut in {laid_out(layout, rows[:count])[1] for count in range(1, len(rows))}


# -- what LOAD DATA would store otherwise than an INSERT, or in silence (see the module)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", b"0x6162"),
        ("blob", b"0x6162"),
        ("text", b"x'6162'"),
        ("blob", b"x'6162'"),
        ("blob", b"X'6162'"),
        ("int", b"0x41"),
        ("int", b"b'1'"),
        ("text", b"b'1'"),
        ("int", b"TRUE"),
        ("text", b'_binary "a"'),  # only mydumper 1.0 writes it, and not in this layout
        ("blob", b"_binary 'a'"),
        ("text", b'_utf8mb4"a"'),
        ("text", b'N"a"'),
        ("text", b'CONVERT("{}" USING UTF8MB4)'),
        ("text", b'CONVERT(_binary "{}" USING UTF8MB4)'),
        ("int", b"1+1"),
        ("int", b"(1)"),
        ("int", b'"1"'),
        ("text", b"1"),
        ("enum", b"2"),
        ("set", b"3"),
        ("date", b"20261123"),
        ("timestamp", b"NOW()"),
        ("text", b"DEFAULT"),
        ("int", b"DEFAULT"),
        ("text", rb'"50\% of it"'),
        ("text", rb'"a\_b"'),
        ("text", rb'"\N"'),
        ("text", rb'"\a"'),
        ("text", rb"\N"),
        ("text", b"null"),
        ("text", b"Null"),
        ("int", b"null"),
        ("text", b"NULL "),
        ("int", b" NULL"),
        ("text", b' "a"'),
        ("text", b'"a" '),
        ("text", b'"a"\t'),
        ("text", b'"a" "b"'),
        ("text", b'"a""b"'),
        ("text", b"'a'"),  # the other quote: the file has double ones
        ("blob", b"'a'"),
        ("int", b" 1"),
        ("int", b"1 "),
        ("int", b"+1"),
        ("int", b"--1"),
        ("int", b""),
        ("int", b"1."),
        ("double", b".5"),
        ("double", b"1e"),
        ("double", b"inf"),
        ("int", b"1.5"),
        ("bigint", b"9007199254740993e0"),  # a DOUBLE to an INSERT, digits to LOAD DATA
        ("decimal", b"1.23456789012345678901e5"),
        ("double", b"1" * 66),  # an INSERT takes 65 digits
        ("float", b"1" * 66 + b".5"),
        ("text", b"/* a */ NULL"),
        ("int", b"1 /* ( */"),
        ("int", b"/*(*/1"),
        ("text", b'"a\nb"'),
        ("text", b'"a'),
        ("text", b'a"'),
        ("text", b'"a\\"'),
    ],
)
def test_a_value_that_both_ways_do_not_read_alike_is_refused(kind: str, value: bytes) -> None:
    good = {"text": b'"a"', "int": b"1"}

    for before, after in (("text", "int"), ("int", "text")):
        row, null = (b"(" + b",".join((good[before], field, good[after])) + b")" for field in (value, b"NULL"))
        assert not proves([before, kind, after], COMMA_LAST_HEAD, row, first_rows=null)
        assert proves([before, kind, after], COMMA_LAST_HEAD, null)


@pytest.mark.parametrize(
    "kind", ["bit", "year", "json", "geometry", "point", "uuid", "inet6", "inet4", "vector", "bool"]
)
def test_a_table_with_a_column_of_a_type_that_is_not_known_to_read_alike_proves_nothing(kind: str) -> None:
    assert not prover(["int", kind], COMMA_LAST_HEAD, b"(1,NULL)").can_prove
    assert not proves(["int", kind], COMMA_LAST_HEAD, b"(1,NULL)")


def test_a_column_that_the_target_does_not_have_or_computes_proves_nothing() -> None:
    assert not LayoutProver(COMMA_LAST_HEAD, ["a", "b"], {"a": "int"}, b"(1,2)").can_prove


def test_binary_columns_go_by_load_data_only_as_mydumper_writes_them() -> None:
    assert proves(["blob"], COMMA_LAST_HEAD, b'("\xff")')
    assert not proves(["blob"], COMMA_LAST_HEAD, b"('a')")  # dumpling writes x'..'


@pytest.mark.parametrize("kind", ["blob", "varbinary", "binary"])
def test_bytes_in_hex_are_proven_by_their_digits(kind: str) -> None:
    dumpling, hex_blob = b"(1,'x',x'00ff')", b'(1,"x",0x00FF)'
    kinds = ["int", "text", kind]

    assert proves(kinds, COMMA_LAST_HEAD, dumpling + b",\n(2,NULL,x''),\n(3,'a',NULL)")
    assert proves(kinds, COMMA_LAST_HEAD, hex_blob + b',\n(2,NULL,""),\n(3,"a",NULL)')
    assert proves(kinds, COMMA_FIRST_HEAD, hex_blob + b'\n,(2,_binary "",0xAb)')
    for row in (b"x'0'", b"x'0g'", b"x'00", b"0x00", b"'00'", b"X'00'", b"x'00' ", b"_binary x'00'", b'x"00"'):
        assert not proves(kinds, COMMA_LAST_HEAD, dumpling + b",\n(2,'a'," + row + b")", dumpling)
    for row in (b"0x0", b"0x", b"0X00", b"0xgg", b"x'00'", b'"a"', b"0x00 ", b'_binary ""'):
        assert not proves(kinds, COMMA_LAST_HEAD, hex_blob + b',\n(2,"a",' + row + b")", hex_blob)


def test_hex_within_strings_is_not_taken_for_that_of_bytes() -> None:
    rows = b'(1,"f(0x00,x\'00\')","\xff")'

    assert proves(["int", "text", "blob"], COMMA_LAST_HEAD, rows)
    assert prover(["int", "text", "blob"], COMMA_LAST_HEAD, rows).row_layout.hex_mark == b""


def test_numbers_and_texts_in_hex_are_not_proven() -> None:
    assert not proves(["int", "blob"], COMMA_LAST_HEAD, b'(0x01,0x00),\n(2,"")')
    assert not proves(["text", "blob"], COMMA_LAST_HEAD, b'(0x41,0x00),\n("a",0x00)')


FIRST = b'(1,"a")'


@pytest.mark.parametrize(
    ("head", "rows"),
    [
        (COMMA_LAST_HEAD, b'(1,"a"),(2,"b")'),
        (COMMA_LAST_HEAD, b'(1,"a"),\r\n(2,"b")'),
        (COMMA_LAST_HEAD, b'(1,"a")\r\n,(2,"b")'),
        (COMMA_LAST_HEAD, b'(1,"a"),\n (2,"b")'),
        (COMMA_LAST_HEAD, b'(1,"a"), \n(2,"b")'),
        (COMMA_LAST_HEAD, b'(1,"a") ,\n(2,"b")'),
        (COMMA_LAST_HEAD, b'(1,"a"),\n\n(2,"b")'),
        (COMMA_LAST_HEAD, b'(1,"a")\n(2,"b")'),
        (COMMA_LAST_HEAD, b'(1,"a")\n,(2,"b")'),
        (COMMA_LAST_HEAD, b'(1,"a"),\n/* (3,"c") */(2,"b")'),
        (COMMA_LAST_HEAD, b'/* ( */(1,"a")'),
        (COMMA_LAST_HEAD, b'(1,"a") /* ( */'),
        (COMMA_LAST_HEAD, b'(1,"a"),\n-- (\n(2,"b")'),
        (COMMA_LAST_HEAD, b'(1,"a"),\n(2,"b"),'),
        (COMMA_LAST_HEAD, b'(1,"a"),\n'),
        (COMMA_LAST_HEAD, b'(1,"a"),\n(2'),
        (COMMA_LAST_HEAD, b'(1,"a"),\n(2,"b'),
        (COMMA_LAST_HEAD, b'(1,"a"),\n(2,"b"'),
        (COMMA_LAST_HEAD, b'(1,"a");\nDROP TABLE t'),
        (COMMA_LAST_HEAD, b'(1,"a") ON DUPLICATE KEY UPDATE a=1'),
        (COMMA_LAST_HEAD, b'(1,"a",2)'),
        (COMMA_LAST_HEAD, b"(1)"),
        (COMMA_LAST_HEAD, b"()"),
        (COMMA_LAST_HEAD, b""),
        (COMMA_FIRST_HEAD, b'(1,"a"),(2,"b")'),
        (COMMA_FIRST_HEAD, b'(1,"a")\r\n,(2,"b")'),
        (COMMA_FIRST_HEAD, b'(1,"a"),\n(2,"b")'),
        (COMMA_FIRST_HEAD, b'(1,"a")\n, (2,"b")'),
        (COMMA_FIRST_HEAD, b'(1,"a")\n\n,(2,"b")'),
        (COMMA_FIRST_HEAD, b'(1,"a")\n,'),
        (COMMA_FIRST_HEAD, b'(1,"a")\n,(2,"b"'),
        (COMMA_FIRST_HEAD, b'(1,_binary  "a")'),
        (COMMA_FIRST_HEAD, b'(1,_BINARY "a")'),
        (COMMA_FIRST_HEAD, b'(1,_binary "a" )'),
        (COMMA_FIRST_HEAD, b"(1,_binary 'a')"),
        (COMMA_FIRST_HEAD, b"(1,_binary NULL)"),
        (COMMA_FIRST_HEAD, b"(_binary 1,NULL)"),
        (COMMA_FIRST_HEAD, b'(1,"a")\n,(2,CONVERT(_binary "b" USING utf8mb4))'),
    ],
)
def test_rows_that_do_not_stand_one_by_one_in_lines_are_refused(head: bytes, rows: bytes) -> None:
    assert proves(["int", "text"], head, FIRST)
    assert not proves(["int", "text"], head, rows, FIRST)
    assert not proves(["int", "text"], head, rows)


@pytest.mark.parametrize(
    "text",
    [
        b'INSERT INTO `u` VALUES\n(1,"a")',
        b'REPLACE INTO `t` VALUES\n(1,"a")',
        b'INSERT INTO `t` (`a`,`b`) VALUES\n(1,"a")',
        b'INSERT INTO `t` VALUES\r\n(1,"a")',
        b'/* ( */ INSERT INTO `t` VALUES\n(1,"a")',
        b'INSERT INTO `t` VALUES (1,"a")',
        b'INSERT INTO `t` VALUES\n(1,"a");INSERT INTO `t` VALUES\n(2,"b")',
    ],
)
def test_a_statement_with_another_head_than_the_files_first_is_refused(text: bytes) -> None:
    by = prover(["int", "text"], COMMA_LAST_HEAD, FIRST)

    assert by.proves_text(COMMA_LAST_HEAD + FIRST)
    assert not by.proves_text(text)


@pytest.mark.parametrize("first_rows", [b"(1,NULL)", b'(1,"\'")', b"(1,'\"')", b"(1,NULL),(2,NULL)"])
@pytest.mark.parametrize("head", [COMMA_LAST_HEAD, COMMA_FIRST_HEAD])
@pytest.mark.parametrize("rows", [b"(1,'a')", b'(1,"a")', b"(1,_binary 'a')", b'(1,_binary "a")'])
def test_a_wrong_guess_never_proves(head: bytes, first_rows: bytes, rows: bytes) -> None:
    """Whatever the file's first statement looked like: quotes and marks are as the layout says, or nothing."""
    by = prover(["int", "text"], head, first_rows)
    quote = b"'" if b"('" in first_rows.replace(b"1,", b"") else b'"'
    fits = quote + b"a" + quote in rows and (b"_binary" not in rows or (head == COMMA_FIRST_HEAD and quote == b'"'))

    assert by.row_layout.quote == quote
    assert by.proves_text(head + rows) == fits


@pytest.mark.parametrize(
    ("head", "rows", "expected"),
    [
        (COMMA_LAST_HEAD, b'(1,"a")', RowLayout(Layout.COMMA_LAST, b'"', binary_marks=False)),
        (COMMA_LAST_HEAD, b"(1,'\"')", RowLayout(Layout.COMMA_LAST, b"'", binary_marks=False, hex_mark=b"x'")),
        (COMMA_LAST_HEAD, b'(1,"a",0x00)', RowLayout(Layout.COMMA_LAST, b'"', binary_marks=False, hex_mark=b"0x")),
        (COMMA_FIRST_HEAD, b'(1,"a")', RowLayout(Layout.COMMA_FIRST, b'"', binary_marks=True)),
        # marks are taken out of double-quoted strings only: in this file they must not be proven
        (COMMA_FIRST_HEAD, b"(1,'a')", RowLayout(Layout.COMMA_FIRST, b"'", binary_marks=False, hex_mark=b"x'")),
    ],
)
def test_the_first_rows_tell_the_layout(head: bytes, rows: bytes, expected: RowLayout) -> None:
    assert prover(["int", "text"], head, rows).row_layout == expected


def test_hundreds_of_columns_are_proven_too() -> None:
    kinds = ["double", "varchar", "decimal", "blob"] * 250
    row = b"(" + b",".join([b"-1.5e300", b'"a"', b"1.50", b"NULL"] * 250) + b")"

    assert proves(kinds, COMMA_LAST_HEAD, row + b",\n" + row)
    assert not proves(kinds, COMMA_LAST_HEAD, row + b",\n" + row[:-1] + b",1)", row)


# -- marks


def slowly_without_marks(values: bytes) -> bytes:
    """Byte by byte: what is inside a string stays, ``_binary `` outside goes."""
    out, at, inside = bytearray(), 0, False
    while at < len(values):
        if inside and values[at] == ord("\\"):
            out += values[at : at + 2]
            at += 2
        elif not inside and values.startswith(b"_binary ", at):
            at += len(b"_binary ")
        else:
            inside ^= values[at] == ord('"')
            out.append(values[at])
            at += 1
    return bytes(out)


MARKED_TEXTS = st.lists(
    st.sampled_from(
        [b"_binary ", b",_binary ", b"_binary", b' _binary "', b"a", b",", b")", b"(", b"\\", b'"', b"\n,("]
    ),
    max_size=6,
).map(b"".join)
MARKED_FIELDS = st.one_of(
    st.sampled_from([b"NULL", b"1"]),
    st.builds(lambda mark, text: mark + written(text, b'"'), st.sampled_from([b"", b"_binary "]), MARKED_TEXTS),
)


@given(st.lists(st.lists(MARKED_FIELDS, min_size=1, max_size=4), min_size=1, max_size=3))
@example([[b'"_binary "', b'_binary "_binary "', b'",_binary "', b'_binary ","', b'_binary ")"']])
@example([[b'"a_binary "', b'"b"']])
@example([[b'_binary ""', b'"_binary "']])
def test_marks_go_and_the_same_word_inside_strings_stays(fields: list[list[bytes]]) -> None:
    values = b"\n,".join(b"(" + b",".join(row) + b")" for row in fields)

    plain = drop_binary_marks(values)

    assert plain == slowly_without_marks(values)
    for piece_bytes, huge_row_bytes in ((1 << 20, 4 << 20), (1, 10), (1, 0), (30, 60)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(layouts, "_PIECE_BYTES", piece_bytes)
            patch.setattr(layouts, "_HUGE_ROW_BYTES", huge_row_bytes)
            assert b"".join(pieces_without_binary_marks(b"INSERT" + values, 6)) == plain
    expected = [[field.removeprefix(b"_binary ") for field in row] for row in fields]
    assert plain == b"\n,".join(b"(" + b",".join(row) + b")" for row in expected)


def test_rows_without_marks_are_not_copied() -> None:
    values = b'(1,"a")\n,(2,"_binary x")'

    assert drop_binary_marks(values) is values


def test_the_reference_splitter_refuses_what_is_cut() -> None:
    """The property tests above lean on it."""
    with pytest.raises(DumpFormatError):
        list(split_rows(b'(1,"a"),\n(2', file="f", offset=0))


@given(st.lists(st.lists(MARKED_FIELDS, min_size=1, max_size=3), min_size=1, max_size=5))
def test_rows_of_a_layout_are_found_by_their_lines(fields: list[list[bytes]]) -> None:
    rows = [b"(" + b",".join(row) + b")" for row in fields]
    for layout, between in ((Layout.COMMA_FIRST, b"\n,"), (Layout.COMMA_LAST, b",\n")):
        values = between.join(rows)

        spans = list(RowLayout(layout, b'"', binary_marks=True).row_spans(memoryview(values)))

        assert [values[start:end] for start, end in spans] == rows
        assert spans == list(split_rows(values, file="f", offset=0))


# -- statements of a file, one after the other


def statement_of(size: int, ending: bytes = b"'a;'") -> bytes:
    """A statement of about so many bytes, whose last row ends with ``ending``."""
    row = b"(1,'" + b"x" * 90 + b"'),\n"
    return COMMA_LAST_HEAD + row * (size // len(row)) + b"(2," + ending + b");\n"


@pytest.mark.parametrize(
    "sizes",
    [
        pytest.param([100_000] * 6, id="alike"),
        pytest.param([100_000, 99_000, 40_000, 300_000, 90_000, 700], id="each another"),
        pytest.param([300_000, 80_000, 80_000, 80_000, 80_000], id="four that end before the first one would"),
        pytest.param([200, 100_000, 200, 100_000], id="short and long"),
    ],
)
def test_a_guess_where_statements_end_changes_nothing(sizes: list[int]) -> None:
    unproven = statement_of(150_000, ending=b"'a raw;\nend'")  # which is no end of a statement
    statements = [*map(statement_of, sizes), unproven, *map(statement_of, sizes)]
    raw = b"".join(statements)

    proving = StatementReader.of_bytes(raw, file="t.sql")
    proving.prover = prover(["int", "text"], COMMA_LAST_HEAD, b"(1,'x')")
    read = list(proving)

    assert [(item.text, item.offset, item.end) for item in read] == [
        (item.text, item.offset, item.end) for item in StatementReader.of_bytes(raw, file="t.sql")
    ]
    assert [item.proven for item in read] == [statement is not unproven for statement in statements]
