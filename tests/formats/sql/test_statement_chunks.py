from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_dm_loader.dump import lexer
from airflow_dm_loader.dump.compression import open_decoded
from airflow_dm_loader.dump.filenames import Compression
from airflow_dm_loader.dump.storage import LocalStorage
from airflow_dm_loader.errors import CheckpointError, DumpFormatError, LoaderError, UnsupportedStatementError
from airflow_dm_loader.formats.base import Chunk, TableColumns
from airflow_dm_loader.formats.sql.sql_rows import SqlRows, StatementRows
from airflow_dm_loader.formats.sql.statement_chunks import ChunkReader
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.state.files import FileRow

NAME = "s.t.00000.sql"
HEAD = b"/*!40101 SET NAMES binary*/;\n/*!40103 SET TIME_ZONE='+00:00' */;\n"
SETTINGS = {"names": "binary", "time_zone": "+00:00"}
COLUMNS = TableColumns(("a", "b"), {"a": "int", "b": "text"})
COMPRESS: Mapping[Compression, Callable[[bytes], bytes]] = {
    Compression.NONE: bytes,
    Compression.GZIP: lambda raw: gzip.compress(raw, 1, mtime=0),
    Compression.ZSTD: zstd.compress,
}


@dataclass
class Read:
    """What a reader gave: its chunks, and the error that ended it."""

    chunks: list[Chunk]
    error: LoaderError | None
    skipped: int

    @property
    def spans(self) -> list[tuple[int, int]]:
        return [(chunk.start, chunk.end) for chunk in self.chunks]

    @property
    def content(self) -> list[object]:
        return [(chunk.start, chunk.end, dict(chunk.head), content_of(chunk)) for chunk in self.chunks]


def content_of(chunk: Chunk) -> list[tuple[bytes, int, int]]:
    return [(each.statement.text, each.statement.offset, each.statement.end) for each in rows_of(chunk).statements]


def rows_of(chunk: Chunk) -> StatementRows:
    assert isinstance(chunk.payload, SqlRows)
    return chunk.payload.content


def read(
    folder: Path,
    stored: bytes,
    *,
    committed: Mapping[int, int] | None = None,
    chunk_bytes: int = 100,
    compression: Compression = Compression.NONE,
    planned_bytes: int | None = None,
    table: TableColumns | None = None,
    block_bytes: int = 64,
) -> Read:
    (folder / NAME).write_bytes(stored)
    file = FileRow(3, NAME, "s", "t", len(stored) if planned_bytes is None else planned_bytes)
    with (
        pytest.MonkeyPatch.context() as patch,
        open_decoded(LocalStorage(folder), NAME, compression) as decoded,
    ):
        patch.setattr(lexer, "_BLOCK_BYTES", block_bytes)
        reader = ChunkReader(
            decoded,
            file,
            source_table=TableName("s", "t"),
            committed=committed or {},
            chunk_bytes=chunk_bytes,
            max_statement_bytes=1 << 16,
            table=table,
        )
        chunks: list[Chunk] = []
        error = exhaust(iter(reader), chunks)
        return Read(chunks, error, reader.skipped)


def exhaust(chunks: Iterator[Chunk], into: list[Chunk]) -> LoaderError | None:
    try:
        while (chunk := next(chunks, None)) is not None:
            into.append(chunk)
    except LoaderError as error:
        return error
    return None


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dump")


def insert(*sizes: int) -> bytes:
    rows = [b'(%d,"%b")' % (size, b"x" * size) for size in sizes]
    return b"INSERT INTO `t` VALUES\n" + b",\n".join(rows) + b";\n"


# Strings as mydumper writes them, and some with raw newlines that only look like the end of a row or statement.
TEXTS = st.lists(
    st.sampled_from([b"a" * 20, b"\\n", b"\n", b";", b";\n", b"),\n(", b"\\\\", b'\\"', b"'", b"`", b"-- ", b"\xff"]),
    max_size=8,
).map(b"".join)
STATEMENTS = st.lists(TEXTS, min_size=1, max_size=4).map(
    lambda texts: b"INSERT INTO `t` VALUES\n" + b",\n".join(b'(1,"' + text + b'")' for text in texts) + b";\n"
)
FILES = st.lists(STATEMENTS, min_size=1, max_size=12).map(lambda parts: HEAD + b"".join(parts))


# The chain


@given(raw=FILES, chunk_bytes=st.integers(1, 600))
def test_a_chunk_ends_at_the_first_boundary_after_its_size(folder: Path, raw: bytes, chunk_bytes: int) -> None:
    whole = read(folder, raw, chunk_bytes=chunk_bytes)
    assert whole.error is None
    assert whole.spans[0][0] == 0
    assert [start for start, _ in whole.spans[1:]] == [end for _, end in whole.spans[:-1]]
    assert raw[whole.spans[-1][1] :].strip() == b""
    for index, chunk in enumerate(whole.chunks):
        ends = [each.statement.end for each in rows_of(chunk).statements]
        assert chunk.end == ends[-1]
        assert all(end - chunk.start < chunk_bytes for end in ends[:-1])
        assert chunk.end - chunk.start >= chunk_bytes or index == len(whole.chunks) - 1


@settings(max_examples=40)  # six times
@given(raw=FILES, chunk_bytes=st.integers(1, 600), data=st.data())
@pytest.mark.parametrize("table", [None, COLUMNS], ids=["lexed", "proven"])
@pytest.mark.parametrize("compression", COMPRESS)
def test_the_chain_is_the_same_from_wherever_it_is_taken_up(
    folder: Path,
    raw: bytes,
    chunk_bytes: int,
    data: st.DataObject,
    table: TableColumns | None,
    compression: Compression,
) -> None:
    stored = COMPRESS[compression](raw)
    whole = read(folder, raw, chunk_bytes=chunk_bytes)
    committed = dict(data.draw(st.lists(st.sampled_from(whole.spans), unique=True)))
    again = read(
        folder,
        stored,
        committed=committed,
        chunk_bytes=chunk_bytes,
        compression=compression,
        table=table,
        block_bytes=data.draw(st.sampled_from([1, 64, 1 << 20])),
    )
    assert again.error is None
    assert again.content == [content for content, span in zip(whole.content, whole.spans, strict=True)
                             if span[0] not in committed]  # fmt: skip
    assert again.skipped == len(committed)
    assert sum(chunk.file_bytes for chunk in again.chunks) <= len(stored)


def test_rows_in_the_layout_of_load_data_are_marked_and_others_are_not(folder: Path) -> None:
    raw = HEAD + insert(5) + insert(6) + b'INSERT INTO `t` VALUES\n(1, "a");\n' + insert(7)
    found = read(folder, raw, chunk_bytes=1, table=COLUMNS)
    assert [rows_of(chunk).row_layout is not None for chunk in found.chunks] == [True, True, False, True]
    assert all(rows_of(chunk).row_layout is None for chunk in read(folder, raw, chunk_bytes=1).chunks)


def test_stored_bytes_are_counted_once(folder: Path) -> None:
    raw = HEAD + b"".join(insert(size) for size in range(1, 60))
    for compression, compress in COMPRESS.items():
        stored = compress(raw)
        found = read(folder, stored, compression=compression, chunk_bytes=500)
        assert len(found.chunks) > 4
        last_newline = compression is Compression.NONE  # of a plain file a chunk is its own bytes, no more
        assert sum(chunk.file_bytes for chunk in found.chunks) == len(stored) - last_newline


def test_the_head_is_honoured_wherever_the_file_is_taken_up(folder: Path) -> None:
    raw = b"/*!40101 SET SQL_MODE='NO_BACKSLASH_ESCAPES'*/;\n" + b"INSERT INTO `t` VALUES ('c:\\');\n" * 3
    whole = read(folder, raw, chunk_bytes=1)
    assert whole.error is None
    assert len(whole.chunks) == 3
    last = read(folder, raw, chunk_bytes=1, committed=dict(whole.spans[:2]))
    assert last.content == whole.content[2:]
    assert last.chunks[0].head == {"sql_mode": "NO_BACKSLASH_ESCAPES"}


@pytest.mark.parametrize("raw", [b"", b"\n", HEAD, HEAD + b"-- no rows\n"])
def test_a_file_without_rows_has_no_chunks(folder: Path, raw: bytes) -> None:
    assert read(folder, raw) == Read([], None, 0)


def test_blanks_and_comments_after_the_last_row_are_no_chunk(folder: Path) -> None:
    found = read(folder, HEAD + insert(5) + b"\n-- Dump completed\n", chunk_bytes=1)
    assert found.error is None
    assert len(found.chunks) == 1


def test_a_chunk_says_what_its_statements_are(folder: Path) -> None:
    (chunk,) = read(folder, HEAD + b"REPLACE INTO `s`.`t` (`a`) VALUES (1);\n").chunks
    assert (chunk.file.file_id, chunk.start, chunk.head) == (3, 0, SETTINGS)
    (statement,) = rows_of(chunk).statements
    assert (statement.rows.verb, statement.rows.columns) == ("REPLACE", b"(`a`)")
    assert statement.statement.text[statement.rows.values_at :] == b"(1)"


# Files that changed


@given(
    sizes=st.lists(st.integers(1, 60), min_size=2, max_size=12),
    chunk_bytes=st.integers(1, 300),
    data=st.data(),
)
def test_rows_of_a_committed_span_are_never_sent_again_even_if_the_file_was_changed(
    folder: Path, sizes: list[int], chunk_bytes: int, data: st.DataObject
) -> None:
    original = HEAD + b"".join(insert(size) for size in sizes)
    spans = read(folder, original, chunk_bytes=chunk_bytes).spans
    committed = dict(data.draw(st.lists(st.sampled_from(spans), unique=True, min_size=1)))
    changed = HEAD + b"".join(insert(size) for size in data.draw(st.permutations(sizes)))
    assert len(changed) == len(original)
    found = read(folder, changed, committed=committed, chunk_bytes=chunk_bytes)
    for start, end in found.spans:
        assert all(end <= other or start >= committed[other] for other in committed)
    if found.error is None:
        tiles = sorted([*found.spans, *committed.items()])
        assert tiles[0][0] == 0
        assert [start for start, _ in tiles[1:]] == [end for _, end in tiles[:-1]]
        assert changed[tiles[-1][1] :].strip() == b""


@pytest.mark.parametrize("lost", [1, 50, 150, 10_000])
def test_a_committed_chunk_that_the_chain_does_not_meet_is_an_error(folder: Path, lost: int) -> None:
    raw = HEAD + insert(40) + insert(40)
    found = read(folder, raw, committed={lost: lost + 20}, chunk_bytes=10)
    assert isinstance(found.error, CheckpointError)
    assert f"a committed chunk starts at byte {lost}" in found.error.message
    assert (found.error.file, found.error.offset) == (NAME, lost)
    assert all(end <= lost for _, end in found.spans)


@pytest.mark.parametrize("compression", COMPRESS)
@pytest.mark.parametrize("commit", [False, True])
def test_a_file_that_grew_is_an_error(folder: Path, compression: Compression, commit: bool) -> None:
    compress = COMPRESS[compression]
    before = compress(HEAD + insert(5) + insert(6))
    spans = read(folder, before, chunk_bytes=1, compression=compression).spans
    found = read(
        folder,
        before + compress(insert(7)),
        planned_bytes=len(before),
        chunk_bytes=1,
        compression=compression,
        committed=dict(spans) if commit else {},
    )
    assert isinstance(found.error, DumpFormatError)
    assert f"had {len(before)} bytes when the load was planned" in found.error.message
    assert found.error.file == NAME


@pytest.mark.parametrize("commit", [False, True])
def test_a_file_that_lost_its_last_statement_is_an_error(folder: Path, commit: bool) -> None:
    raw = HEAD + insert(5) + insert(6)
    spans = read(folder, raw, chunk_bytes=1).spans
    shorter = HEAD + insert(5)
    found = read(folder, shorter, planned_bytes=len(raw), chunk_bytes=1, committed=dict(spans) if commit else {})
    assert isinstance(found.error, DumpFormatError)
    assert found.error.file == NAME


@pytest.mark.parametrize("cut", range(1, len(insert(5)) - 1))
def test_a_file_that_was_cut_in_a_statement_is_an_error(folder: Path, cut: int) -> None:
    raw = HEAD + insert(4) + insert(5)[:cut]
    found = read(folder, raw, chunk_bytes=1)
    assert found.spans == [(0, len(HEAD + insert(4)) - 1)]
    assert isinstance(found.error, DumpFormatError)
    assert found.error.offset == len(HEAD + insert(4))


# What may not stand in a data file


@pytest.mark.parametrize(
    ("statement", "kind", "what"),
    [
        (b"/*!40101 SET SQL_MODE='ANSI'*/", UnsupportedStatementError, "a setting after the first rows"),
        (b"SET NAMES gbk", UnsupportedStatementError, "a setting after the first rows"),
        (b"DELETE FROM `t`", UnsupportedStatementError, "but not this"),
        (b"INSERT INTO `other` VALUES (1)", DumpFormatError, "for table 'other', but the file's name says 't'"),
        (b"INSERT INTO `T` VALUES (1)", DumpFormatError, "for table 'T', but the file's name says 't'"),
        (b"INSERT INTO `other`.`t` VALUES (1)", DumpFormatError, "the file's name says 't'"),
        (b"INSERT INTO `t`.`s` VALUES (1)", DumpFormatError, "for table 's'"),
    ],
)
@pytest.mark.parametrize("before", [HEAD + insert(5), HEAD + insert(5) + insert(6)])
def test_what_may_not_stand_after_rows_is_refused_with_its_place(
    folder: Path, before: bytes, statement: bytes, kind: type[LoaderError], what: str
) -> None:
    found = read(folder, before + statement + b";\n" + insert(7), chunk_bytes=1)
    assert found.error is not None
    assert type(found.error) is kind
    assert what in found.error.message
    assert (found.error.file, found.error.offset) == (NAME, len(before))
    assert found.error.statement == statement.decode()
    assert found.spans[-1][1] == len(before) - 1


@pytest.mark.parametrize("statement", [b"INSERT INTO `other` VALUES (1)", b"INSERT INTO `x`.`t` VALUES (1)"])
def test_the_first_rows_must_be_of_the_file_s_table_too(folder: Path, statement: bytes) -> None:
    found = read(folder, HEAD + statement + b";\n")
    assert found.chunks == []
    assert isinstance(found.error, DumpFormatError)
    assert found.error.offset == len(HEAD)
