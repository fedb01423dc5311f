"""Files of records are cut at their records: the same chain of chunks each time, whatever was committed before."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from backports import zstd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_dm_loader.dump.compression import open_decoded
from airflow_dm_loader.dump.filenames import Compression
from airflow_dm_loader.dump.storage import LocalStorage
from airflow_dm_loader.errors import CheckpointError, DumpFormatError
from airflow_dm_loader.formats.base import Chunk, TableColumns
from airflow_dm_loader.formats.delimited import record_reader
from airflow_dm_loader.formats.delimited.record_chunks import RecordChunkReader
from airflow_dm_loader.formats.delimited.record_format import RecordFormat
from airflow_dm_loader.formats.delimited.record_layout import RecordLayout
from airflow_dm_loader.formats.delimited.record_rows import RecordRows, Records
from airflow_dm_loader.rules.csv_format import CsvFormat
from airflow_dm_loader.state.files import FileRow

NAME = "s.t.000000000.csv"
COLUMNS = TableColumns(("a", "b"), {"a": "int", "b": "text"})
HEADER = b'"a","b"\r\n'
COMPRESS: Mapping[Compression, Callable[[bytes], bytes]] = {
    Compression.NONE: bytes,
    Compression.GZIP: lambda raw: gzip.compress(raw, 1, mtime=0),
    Compression.ZSTD: zstd.compress,
}
RECORDS = st.lists(
    st.sampled_from(
        [b'1,"x"\r\n', b'2,"it\\"s, \\\\"\r\n', b'3,"\r\n4,"\r\n', b"\\N,\\N\r\n", b'5,"' + b"y" * 90 + b'"\r\n']
    ),
    min_size=1,
    max_size=60,
)


def chunks_of(
    folder: Path,
    content: bytes,
    *,
    committed: Mapping[int, int] | None = None,
    compression: Compression = Compression.NONE,
    chunk_bytes: int = 100,
    block_bytes: int = 64,
    csv: CsvFormat | None = None,
    planned_bytes: int | None = None,
) -> Iterator[Chunk]:
    stored = COMPRESS[compression](content)
    (folder / NAME).write_bytes(stored)
    form = RecordFormat.of_csv(csv or CsvFormat())
    with pytest.MonkeyPatch.context() as patch, open_decoded(LocalStorage(folder), NAME, compression) as decoded:
        patch.setattr(record_reader, "_BLOCK_BYTES", block_bytes)
        yield from RecordChunkReader(
            decoded,
            FileRow(3, NAME, "s", "t", len(stored) if planned_bytes is None else planned_bytes),
            layout=RecordLayout(form, None, {}, {"names": "utf8mb4"}),
            table=COLUMNS,
            committed=committed or {},
            chunk_bytes=chunk_bytes,
            max_record_bytes=1 << 12,
            load_data=True,
        )


def content_of(chunk: Chunk) -> tuple[int, int, bytes, int]:
    span = records_of(chunk).span
    return chunk.start, chunk.end, b"".join(span.pieces), span.rows


def records_of(chunk: Chunk) -> Records:
    assert isinstance(chunk.payload, RecordRows)
    return chunk.payload.content


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    records=RECORDS,
    compression=st.sampled_from(list(COMPRESS)),
    block_bytes=st.sampled_from([1, 7, 64, 1 << 20]),
    chunk_bytes=st.sampled_from([1, 60, 300]),
    seed=st.integers(0, 1 << 20),
)
def test_the_chain_is_the_same_whoever_cuts_it_and_whatever_is_committed(
    tmp_path: Path,
    records: list[bytes],
    compression: Compression,
    block_bytes: int,
    chunk_bytes: int,
    seed: int,
) -> None:
    content = HEADER + b"".join(records)
    whole = [content_of(chunk) for chunk in chunks_of(tmp_path, content, chunk_bytes=chunk_bytes, block_bytes=1 << 20)]
    assert [start for start, *_ in whole] == [0, *(end for _, end, *_ in whole)][:-1]
    assert b"".join(data for *_, data, _ in whole) == content[len(HEADER) :]
    assert sum(rows for *_, rows in whole) == len(records)
    assert all(end - start >= chunk_bytes for start, end, *_ in whole[:-1])
    some = random.Random(seed)
    committed = {start: end for start, end, *_ in whole if some.random() < 0.5}

    left = list(
        chunks_of(
            tmp_path, content, committed=committed, compression=compression, chunk_bytes=chunk_bytes,
            block_bytes=block_bytes,
        )
    )  # fmt: skip

    assert [content_of(chunk) for chunk in left] == [each for each in whole if each[0] not in committed]
    assert all(records_of(chunk).by_load_data for chunk in left)


def test_stored_bytes_of_all_chunks_are_the_files(tmp_path: Path) -> None:
    content = HEADER + b"".join(b'%d,"%d"\r\n' % (at, at * 7919) for at in range(300))
    for compression in COMPRESS:
        found = list(chunks_of(tmp_path, content, compression=compression))
        stored = (tmp_path / NAME).stat().st_size
        assert sum(chunk.file_bytes for chunk in found) in range(stored - 64, stored + 1)


def test_a_committed_chunk_that_the_chain_does_not_meet_is_an_error(tmp_path: Path) -> None:
    content = HEADER + b'1,"x"\r\n' * 100

    with pytest.raises(CheckpointError) as caught:
        list(chunks_of(tmp_path, content, committed={0: 107, 111: 218}))

    assert (caught.value.code, caught.value.file, caught.value.offset) == (34018, NAME, 111)


def test_a_file_that_grew_or_shrank_is_an_error(tmp_path: Path) -> None:
    content = HEADER + b'1,"x"\r\n' * 100
    for other in (len(content) - 1, len(content) + 1):
        with pytest.raises(DumpFormatError, match="bytes when the load was planned"):
            list(chunks_of(tmp_path, content, planned_bytes=other))


def test_a_file_of_its_header_alone_has_no_chunk(tmp_path: Path) -> None:
    assert list(chunks_of(tmp_path, HEADER)) == []


def test_an_empty_file_without_a_header_has_no_chunk(tmp_path: Path) -> None:
    assert list(chunks_of(tmp_path, b"", csv=CsvFormat(header=False))) == []


def test_fields_without_a_header_are_the_tables_columns(tmp_path: Path) -> None:
    (chunk,) = chunks_of(tmp_path, b'1,"x"\n', csv=CsvFormat(header=False))

    assert records_of(chunk).layout.columns == ("a", "b")
    assert content_of(chunk) == (0, 6, b'1,"x"\n', 1)


@pytest.mark.parametrize(
    ("content", "offset"),
    [(b"\xff\xfe" + HEADER, 0), (HEADER + b'1,"x"\r\n\r\n', 16), (HEADER + b'1,"x"\r\n\x00\x00', 16)],
)
def test_what_no_tool_writes_is_named_with_its_byte(content: bytes, offset: int, tmp_path: Path) -> None:
    with pytest.raises(DumpFormatError) as caught:
        list(chunks_of(tmp_path, content))

    assert caught.value.offset == offset
