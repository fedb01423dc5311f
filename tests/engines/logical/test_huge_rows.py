"""Of a row of tens of MB there is one copy in memory while it is read, proven, cut and made ready to be sent."""

from __future__ import annotations

import gzip
import tracemalloc
from pathlib import Path

import pytest

from airflow_dm_loader.dump.compression import open_decoded
from airflow_dm_loader.dump.filenames import Compression
from airflow_dm_loader.dump.storage import LocalStorage
from airflow_dm_loader.formats.base import TableColumns
from airflow_dm_loader.formats.sending.into import into_clause
from airflow_dm_loader.formats.sql.layouts import pieces_without_binary_marks
from airflow_dm_loader.formats.sql.row_block import RowBlock
from airflow_dm_loader.formats.sql.sql_rows import SqlRows, StatementRows
from airflow_dm_loader.formats.sql.statement_chunks import ChunkReader
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.state.files import FileRow

ROW_BYTES = 16 << 20
HEAD = b"/*!40101 SET NAMES binary*/;\n"
COMMA_LAST = b'INSERT INTO `t` VALUES\n(%d,"%b");\n'
COMMA_FIRST = b'INSERT INTO `t` VALUES(%d,_binary "%b")\n;\n'
COLUMNS = TableColumns(("a", "b"), {"a": "int", "b": "longblob"})
INTO = into_clause("s", "t", None, COLUMNS.row_columns)


@pytest.mark.parametrize(
    ("layout", "compression", "load_data"),
    [
        pytest.param(COMMA_LAST, Compression.NONE, True, id="0.10"),
        pytest.param(COMMA_FIRST, Compression.NONE, True, id="1.0"),
        pytest.param(COMMA_LAST, Compression.GZIP, True, id="gzip"),
        pytest.param(COMMA_LAST, Compression.NONE, False, id="statements"),
    ],
)
def test_one_copy_of_a_huge_row_is_in_memory(
    layout: bytes, compression: Compression, load_data: bool, tmp_path: Path
) -> None:
    name = "s.t.sql" + (".gz" if compression is Compression.GZIP else "")
    with (gzip.open if compression is Compression.GZIP else open)(tmp_path / name, "wb") as file:
        file.write(HEAD)
        for number in range(3):
            file.write(layout % (number, b"ab;\\n" * (ROW_BYTES // 5)))  # a row has its own bytes, and ";" among them
    row = FileRow(0, name, "s", "t", (tmp_path / name).stat().st_size)
    sent_bytes = rows = 0
    with open_decoded(LocalStorage(tmp_path), name, compression) as decoded:
        reader = ChunkReader(
            decoded,
            row,
            source_table=TableName("s", "t"),
            committed={},
            chunk_bytes=1 << 20,
            max_statement_bytes=256 << 20,
            table=COLUMNS if load_data else None,
        )
        tracemalloc.start()
        try:
            for chunk in reader:
                assert isinstance(chunk.payload, SqlRows)
                with chunk.payload.take() as taken:
                    sent_bytes += made_ready(taken.content, load_data=load_data)
                rows += 1
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert rows == 3
    assert sent_bytes > 3 * 0.95 * ROW_BYTES
    assert peak < 1.8 * ROW_BYTES  # what was read beyond it, a piece, and what BytesIO asks for in advance


def made_ready(rows: StatementRows, *, load_data: bool) -> int:
    """How many bytes of the one statement would be sent."""
    [statement] = rows.statements
    text, values_at = statement.statement.text, statement.rows.values_at
    assert (rows.row_layout is not None) == load_data
    if load_data:
        return sum(map(len, pieces_without_binary_marks(text, values_at)))
    block = RowBlock("s", "t", INTO, memoryview(text)[values_at:], "s.t.sql", 0, True)
    return sum(len(part.sql("INSERT")[1]) for part in block.fit(2 * ROW_BYTES, liked_bytes=1 << 20))
