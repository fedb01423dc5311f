"""A Parquet file is cut at rows, always at the same ones, and what is no whole file is never read as one."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from airflow_dm_loader.errors import CheckpointError, DumpFormatError
from airflow_dm_loader.formats.base import Chunk
from tests.formats.parquet.cutting import NAME, chunks_of, table_columns, text_of
from tests.parquet_dumps import numbered

TABLE = table_columns({"id": "int(11)", "v": "varchar(40)"})
EXPECTED = b"".join(b"%d\tthe row of number %d\n" % (at, at) for at in range(300))
SPANS = list[tuple[int, int]]


def write(folder: Path, table: pa.Table | None = None, **how: object) -> Path:
    file = folder / NAME
    pq.write_table(numbered() if table is None else table, file, **{"row_group_size": 100, **how})
    return file


def spans(chunks: list[Chunk]) -> SPANS:
    return [(chunk.start, chunk.end) for chunk in chunks]


@pytest.mark.parametrize("codec", ["none", "snappy", "gzip", "zstd", "lz4", "brotli"])
def test_all_rows_come_once_in_order_whatever_the_codec(codec: str, tmp_path: Path) -> None:
    file = write(tmp_path, compression=codec)

    chunks = list(chunks_of(tmp_path, TABLE))

    assert b"".join(map(text_of, chunks)) == EXPECTED
    assert len(chunks) > 3
    assert sum(chunk.file_bytes for chunk in chunks) == file.stat().st_size
    assert [start for start, _ in spans(chunks)] == [0, *(end for _, end in spans(chunks)[:-1])]


def test_a_chunk_is_a_row_group_or_a_run_within_it(tmp_path: Path) -> None:
    write(tmp_path)
    row_bytes = 8 + len("the row of number 100")

    ends = [end for _, end in spans(list(chunks_of(tmp_path, TABLE, chunk_bytes=60 * row_bytes)))]
    assert {end for end in ends if end % 100}
    assert {100, 200, 300} <= set(ends)
    assert spans(list(chunks_of(tmp_path, TABLE, chunk_bytes=150 * row_bytes))) == [(0, 100), (100, 200), (200, 300)]
    assert spans(list(chunks_of(tmp_path, TABLE, chunk_bytes=1000 * row_bytes))) == [(0, 300)]


@pytest.mark.parametrize("seed", range(4))
def test_the_chain_is_the_same_whatever_is_committed(seed: int, tmp_path: Path) -> None:
    write(tmp_path)
    chunks = list(chunks_of(tmp_path, TABLE))
    done = [chunk for chunk in chunks if random.Random(f"{seed} {chunk.start}").random() < 0.5]

    left = list(chunks_of(tmp_path, TABLE, committed=dict(spans(done))))

    assert spans(left) == [span for span in spans(chunks) if span not in spans(done)]
    assert {chunk.start: text_of(chunk) for chunk in left} == {
        chunk.start: text_of(chunk) for chunk in chunks if chunk not in done
    }
    assert sum(chunk.file_bytes for chunk in (*left, *done)) == (tmp_path / NAME).stat().st_size


@pytest.mark.parametrize("committed", [{13: 40}, {0: 17, 18: 19}, {0: 301}])
def test_chunks_that_were_cut_elsewhere_are_of_another_file(committed: dict[int, int], tmp_path: Path) -> None:
    write(tmp_path)
    with pytest.raises(CheckpointError, match=r"starts at row \d+, but chunks are cut elsewhere now") as caught:
        list(chunks_of(tmp_path, TABLE, committed=committed))
    assert caught.value.file == NAME


def test_where_chunks_end_does_not_depend_on_how_values_are_stored_in_the_file(tmp_path: Path) -> None:
    table = numbered(60).append_column("w", pa.array(["long and the same " * 20] * 60))
    columns = table_columns({"id": "int", "v": "varchar(40)", "w": "text"})
    found = []
    for use_dictionary in (True, False):
        write(tmp_path, table, use_dictionary=use_dictionary)
        found.append([(span, text_of(chunk)) for chunk in chunks_of(tmp_path, columns) for span in spans([chunk])])
    assert found[0] == found[1]
    assert len(found[0]) == 20  # a value that the file holds once takes its place in each row


def test_a_file_without_rows_has_no_chunk(tmp_path: Path) -> None:
    write(tmp_path, numbered(0))
    assert list(chunks_of(tmp_path, TABLE)) == []


def test_groups_without_rows_are_passed_over(tmp_path: Path) -> None:
    with pq.ParquetWriter(tmp_path / NAME, numbered().schema) as writer:
        for rows in (numbered(0), numbered().slice(0, 150), numbered(0), numbered().slice(150), numbered(0)):
            writer.write_table(rows)
    assert b"".join(map(text_of, chunks_of(tmp_path, TABLE))) == EXPECTED


def test_a_row_group_that_is_too_large_is_refused_by_its_number_and_bytes(tmp_path: Path) -> None:
    write(tmp_path)
    most = pq.read_metadata(tmp_path / NAME).row_group(1).total_byte_size - 1
    with pytest.raises(
        DumpFormatError, match=rf"row group [12] has \d+ bytes.*{most} \(max_row_group_bytes\)"
    ) as caught:
        list(chunks_of(tmp_path, TABLE, max_row_group_bytes=most))
    assert caught.value.file == NAME
    assert list(chunks_of(tmp_path, TABLE, max_row_group_bytes=most + 100))


def test_a_row_that_is_too_large_is_refused_by_its_number(tmp_path: Path) -> None:
    table = pa.table({"id": pa.array([1, 2], pa.int32()), "v": ["x", "y" * 5000]})
    write(tmp_path, table)
    with pytest.raises(DumpFormatError, match=r"a row has 5008 bytes.*max_statement_bytes.*row 2 of the file"):
        list(chunks_of(tmp_path, TABLE, max_row_bytes=5000))


def test_a_file_that_was_cut_anywhere_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path)
    whole = file.read_bytes()
    for length in (0, 3, 4, 11, 12, len(whole) // 2, len(whole) - 4, len(whole) - 1):
        file.write_bytes(whole[:length])
        with pytest.raises(DumpFormatError, match="can't be read") as caught:
            list(chunks_of(tmp_path, TABLE))
        assert caught.value.file == NAME


@pytest.mark.parametrize("seed", range(6))
def test_a_changed_byte_of_a_page_is_an_error_and_never_other_rows(seed: int, tmp_path: Path) -> None:
    file = write(tmp_path, write_page_checksum=True, compression="none", use_dictionary=False)
    changed = bytearray(file.read_bytes())
    column = pq.read_metadata(file).row_group(1).column(1)
    at = column.data_page_offset + random.Random(seed).randrange(column.total_compressed_size)
    changed[at] ^= 0x5A
    file.write_bytes(bytes(changed))
    found: list[bytes] = []
    with pytest.raises(DumpFormatError) as caught:
        found.extend(map(text_of, chunks_of(tmp_path, TABLE)))
    assert caught.value.file == NAME
    assert EXPECTED.startswith(b"".join(found))


def test_text_that_calls_itself_parquet_is_refused(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"INSERT INTO `t` VALUES (1);\n" * 10)
    with pytest.raises(DumpFormatError, match="does not begin and end as a Parquet file does"):
        list(chunks_of(tmp_path, TABLE))


def test_an_encrypted_file_is_refused_by_that_name(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"PARE" + bytes(40) + b"PARE")
    with pytest.raises(DumpFormatError, match="encrypted"):
        list(chunks_of(tmp_path, TABLE))


def test_a_footer_that_can_not_be_so_long_is_not_read(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"PAR1" + bytes(40) + (1 << 30).to_bytes(4, "little") + b"PAR1")
    with pytest.raises(DumpFormatError, match="footer is said to have 1073741824 bytes"):
        list(chunks_of(tmp_path, TABLE))


def test_a_file_of_another_size_than_planned_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    with pytest.raises(DumpFormatError, match="bytes when the load was planned"):
        list(chunks_of(tmp_path, TABLE, planned_bytes=10))


def test_columns_are_matched_by_name_whatever_their_order_and_case(tmp_path: Path) -> None:
    write(tmp_path, numbered().select(["v", "id"]).rename_columns(["V", "ID"]))
    assert text_of(next(chunks_of(tmp_path, TABLE))).startswith(b"the row of number 0\t0\n")


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["id", "w"], "names columns that the table does not have, or computes itself: w"),
        (["id", "ID"], "names a column twice: ID"),
        (["v", "x"], "names columns that the table does not have, or computes itself: x"),
    ],
)
def test_columns_that_the_table_lacks_are_refused_by_name(names: list[str], says: str, tmp_path: Path) -> None:
    write(tmp_path, pa.table([pa.array([1]), pa.array([2])], names=names))
    with pytest.raises(DumpFormatError, match=says):
        list(chunks_of(tmp_path, TABLE))


def test_a_column_with_a_default_may_be_missing_and_one_without_may_not(tmp_path: Path) -> None:
    write(tmp_path, numbered().select(["id"]))
    assert text_of(next(chunks_of(tmp_path, TABLE))).startswith(b"0\n1\n")
    with pytest.raises(DumpFormatError, match="lacks columns of the table that have no default: v"):
        list(chunks_of(tmp_path, table_columns({"id": "int", "v": "text"}, frozenset({"v"}))))


def test_statements_get_the_values_that_load_data_gets_with_the_numbers_of_rows(tmp_path: Path) -> None:
    values = ["plain", "", None, "a\tb", "c\\d", "e\nf", "g\0h", "\\N", "NULL", "i'j\"k", "ü𝄞"]
    write(tmp_path, pa.table({"id": pa.array(range(len(values)), pa.int32()), "v": values}), row_group_size=3)
    found = [
        (value, row)
        for chunk in chunks_of(tmp_path, TABLE, chunk_bytes=40)
        for (_, value), row in chunk.payload._values()  # type: ignore[attr-defined]
    ]
    assert found == [(None if value is None else value.encode(), at) for at, value in enumerate(values)]
