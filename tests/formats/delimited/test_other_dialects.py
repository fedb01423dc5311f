"""The dialects of Lightning's ``[mydumper.csv]``, and what would hide a cut file: refused, or allowed and told."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import ConfigError, DumpFormatError
from airflow_dm_loader.formats.delimited import record_reader
from airflow_dm_loader.formats.delimited.record_format import RecordFormat
from airflow_dm_loader.formats.delimited.record_reader import RecordReader
from airflow_dm_loader.rules.csv_format import CsvFormat
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import load_config, load_soon
from tests.record_dumps import CsvTable, write_records
from tests.tables import query

Row = tuple[bytes | None, ...]
CREATE = "(`id` int PRIMARY KEY, `v` varchar(40) CHARACTER SET utf8mb4 DEFAULT 'dflt') ENGINE=InnoDB"
PLAIN: dict[str, Any] = {"header": False}


def read(content: bytes, columns: int = 2, block_bytes: int = 1 << 10, wanted: int = 1, **csv: Any) -> list[Row]:
    """All rows, in chunks of at least ``wanted`` bytes; each value's place must be that in the file."""
    form = RecordFormat.of_csv(CsvFormat(**{**PLAIN, **csv}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(record_reader, "_BLOCK_BYTES", block_bytes)
        reader = RecordReader(io.BytesIO(content), form, file="f", max_record_bytes=1 << 12)
        reader.look()
        reader.expect(columns, ())
        rows: list[Row] = []
        end = None
        while (span := reader.take(wanted)) is not None:
            assert end in (None, span.start)
            end = span.end
            found = []
            for start, piece in zip(span.starts, span.pieces, strict=True):
                assert (content + b"\r\n").startswith(piece.rstrip(b"\r\n"), start)
                found += [tuple(values) for values, _ in reader.grammar.values(piece)]
            assert len(found) == span.rows
            rows += found
        assert end in (None, len(content))
    return rows


DIALECTS: list[tuple[dict[str, Any], bytes, list[Row]]] = [
    ({"delimiter": "^^"}, b"1,^^a,b^^\n2,^^^^^^x^y^^^^^^\n3,a^b\n",
     [(b"1", b"a,b"), (b"2", b"^^x^y^^"), (b"3", b"a^b")]),
    ({"delimiter": "<q>", "separator": "{s}"}, b"1{s}<q>a{s}<<q>\n2{s}b<{\n", [(b"1", b"a{s}<"), (b"2", b"b<{")]),
    ({"separator": "§", "delimiter": ""}, "1§a\n2§é\n".encode(), [(b"1", b"a"), (b"2", "é".encode())]),
    ({"separator": "§", "delimiter": "«"}, "1§«a§b»\n»«\n".encode(), [(b"1", "a§b»\n»".encode())]),
    ({"trim_last_separator": True, "separator": "|", "delimiter": ""}, b"1|a|\n2||\n", [(b"1", b"a"), (b"2", b"")]),
    ({"trim_last_separator": True}, b'1,"a",\r\n2,"b,",\r\n', [(b"1", b"a"), (b"2", b"b,")]),
    ({"terminator": "|\n", "separator": "|", "delimiter": ""}, b"1|a|\n2||\n", [(b"1", b"a"), (b"2", b"")]),
    ({"null": ["NULL", "nil"]}, b'NULL,nil\n"NULL",\\N\nnul,x\n', [(None, None), (b"NULL", b"N"), (b"nul", b"x")]),
    ({"null": []}, b"NULL,nil\n", [(b"NULL", b"nil")]),
    ({"not_null": True}, b"NULL,\\N\n", [(b"NULL", b"N")]),
    ({"null": "", "not_null": True}, b",NULL\n", [(b"", b"NULL")]),
    ({"escaped_by": "!", "null": "!N"}, b'1,a!nb\n2,!N\n3,"!",\\"\n', [(b"1", b"a\nb"), (b"2", None), (b"3", b'",\\')]),
    ({"escaped_by": ""}, b'1,a\\\n2,"b\\"\n', [(b"1", b"a\\"), (b"2", b"b\\")]),
    ({"allow_empty_lines": True}, b"\n\n1,a\n\n\n2,b\n\n", [(b"1", b"a"), (b"2", b"b")]),
    ({"allow_empty_lines": True}, b"\r\n1,a\r\n\r\n2,b\r\n\r\n", [(b"1", b"a"), (b"2", b"b")]),
    ({"allow_mixed_line_ends": True}, b'1,a\n2,b\r\n3,"c\r\n"\n', [(b"1", b"a"), (b"2", b"b"), (b"3", b"c\r\n")]),
    ({"allow_no_final_line_end": True}, b'1,a\n2,"b"', [(b"1", b"a"), (b"2", b"b")]),
    ({"allow_no_final_line_end": True}, b"1,a", [(b"1", b"a")]),
    ({"allow_no_final_line_end": True}, b"1,a\n", [(b"1", b"a")]),
    ({"allow_no_final_line_end": True, "allow_mixed_line_ends": True, "allow_empty_lines": True},
     b"1,a\r\n\n2,b\n\r\n3,", [(b"1", b"a"), (b"2", b"b"), (b"3", b"")]),
]  # fmt: skip


@pytest.mark.parametrize(("csv", "content", "rows"), DIALECTS)
@pytest.mark.parametrize("block_bytes", [1, 2, 3, 7, 1 << 10])
def test_a_dialect_is_read_in_blocks_and_chunks_of_any_size(
    csv: dict[str, Any], content: bytes, rows: list[Row], block_bytes: int
) -> None:
    for wanted in (1, 5, 1 << 10):
        assert read(content, block_bytes=block_bytes, wanted=wanted, **csv) == rows


def test_empty_lines_are_rows_where_a_row_may_be_empty() -> None:
    csv: dict[str, Any] = {"delimiter": "", "allow_empty_lines": True}
    assert read(b"\na\n\n", columns=1, **csv) == [(b"",), (b"a",), (b"",)]


@pytest.mark.parametrize(
    ("content", "setting"),
    [
        (b"1,a\n\n2,b\n", "allow_empty_lines"),
        (b"1,a\n2,b\r\n", "allow_mixed_line_ends"),
        (b"1,a\r\n2,b\n3,c\r\n", "allow_mixed_line_ends"),
        (b"1,a\n2,b", "allow_no_final_line_end"),
        (b'1,a\n2,"b"', "allow_no_final_line_end"),
    ],
)
def test_what_would_hide_a_cut_file_is_refused_and_names_its_setting(content: bytes, setting: str) -> None:
    with pytest.raises(DumpFormatError) as caught:
        read(content)
    assert f"csv: {{{setting}: true}}" in str(caught.value)
    assert read(content, **{setting: True})


@pytest.mark.parametrize(
    ("csv", "content"),
    [
        ({"allow_no_final_line_end": True}, b'1,a\n2,"b'),
        ({"allow_no_final_line_end": True}, b"1,a\n2"),
        ({"trim_last_separator": True}, b"1,a\n"),
        ({"trim_last_separator": True}, b"1,a,\n2,b\n"),
        ({"delimiter": "^^"}, b"1,^^a^^b\n"),
        ({"delimiter": "^^"}, b"1,a^^b\n"),
        ({"allow_empty_lines": True}, b"1,a\n \n"),
    ],
)
def test_what_is_no_record_is_refused_all_the_same(csv: dict[str, Any], content: bytes) -> None:
    with pytest.raises(DumpFormatError):
        read(content, **csv)


@pytest.mark.parametrize(
    "csv",
    [
        {"separator": "§", "character_set": "latin1"},
        {"escaped_by": "§"},
        {"escaped_by": ","},
        {"delimiter": "a,"},
        {"trim_last_separator": True, "terminator": "x"},
        {"allow_mixed_line_ends": True, "terminator": "x"},
        {"terminator": ","},
        {"null": ["a", 'b"']},
        {"null": ["x" * 65]},
        {"quoted_null_is_null": True},
    ],
)
def test_a_dialect_that_cannot_be_told_apart_is_refused(csv: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"csv"):
        load_config(Path("/dump"), csv=csv)


@pytest.mark.parametrize("load_data", [True, False])
@pytest.mark.parametrize(
    ("csv", "content", "found"),
    [
        ({}, b"1,a\n\n2,b\n", "empty_lines"),
        ({"header": True}, b"\nid,v\n1,a\n\n2,b\n\n", "empty_lines"),
        ({}, b"1,a\r\n2,b\n", "mixed_line_ends"),
        ({}, b"1,a\n2,b", "no_final_line_end"),
        ({"header": True}, b'id,v\n1,a\n2,"b"', "no_final_line_end"),
        ({"header": True, "header_schema_match": False}, b"x,y\n1,a\n2,b\n", None),
        ({"delimiter": "^^"}, b"1,^^a^^\n2,b\n", None),
        ({"separator": "|", "delimiter": "", "trim_last_separator": True}, b"1|a|\n2|b|\n", None),
    ],
)
def test_a_load_tells_what_it_was_allowed(
    csv: dict[str, Any],
    content: bytes,
    found: str | None,
    load_data: bool,
    server: PrivateMariaDB,
    target: TargetConfig,
    tmp_path: Path,
) -> None:
    folder = write_records(tmp_path / "d", CsvTable("t", CREATE))
    (folder / "s.t.000000000.csv").write_bytes(content)
    allowed = {f"allow_{found}": True} if found is not None else {}
    settings = {**PLAIN, **csv, **allowed}

    report = load_soon(load_config(folder, csv=settings, load_data=load_data), target)

    assert query(server, "SELECT id, v FROM s.t ORDER BY id") == [(1, "a"), (2, "b")]
    assert [(one.kind, one.table) for one in report.findings] == ([(found, "s.t")] if found is not None else [])
    assert report.outcome == "clean"


def test_a_load_resumes_behind_empty_lines(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_records(tmp_path / "d", CsvTable("t", CREATE))
    lines = [f"{number},{'x' * 30}\n\n" for number in range(1000)]
    file = folder / "s.t.000000000.csv"
    file.write_text("".join(lines) + '1000,\'""\n')
    config = load_config(folder, csv={**PLAIN, "allow_empty_lines": True})
    with pytest.raises(DumpFormatError, match="a quote stands inside"):
        load_soon(config, target)
    before = query(server, "SELECT COUNT(*) FROM s.t")[0][0]
    file.write_text("".join(lines) + "1000,'xy\n")

    load_soon(config, target)

    assert 0 < before < 1000
    assert query(server, "SELECT COUNT(*), COUNT(DISTINCT v) FROM s.t") == [(1001, 2)]
