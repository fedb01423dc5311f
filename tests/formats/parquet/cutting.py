"""A Parquet file as the chain of its chunks, without a server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from airflow_dm_loader.dump.storage import LocalStorage
from airflow_dm_loader.formats.base import Chunk, Reading, TableColumns
from airflow_dm_loader.formats.parquet.opened_file import OpenedFile
from airflow_dm_loader.formats.parquet.parquet_chunks import ParquetChunks
from airflow_dm_loader.formats.parquet.parquet_rows import ParquetRows
from airflow_dm_loader.state.files import FileRow

NAME = "s.t.000000000.parquet"


def table_columns(definitions: Mapping[str, str], needed: frozenset[str] = frozenset()) -> TableColumns:
    """Column -> its type, as information_schema has it."""
    types = {name: definition.split("(")[0].split()[0] for name, definition in definitions.items()}
    return TableColumns(tuple(definitions), types, definitions=definitions, needed=needed)


def chunks_of(
    folder: Path,
    table: TableColumns,
    *,
    committed: Mapping[int, int] | None = None,
    chunk_bytes: int = 1000,
    planned_bytes: int | None = None,
    max_row_bytes: int = 1 << 20,
    max_row_group_bytes: int = 1 << 30,
    time_zone: str | None = None,
) -> Iterator[Chunk]:
    storage = LocalStorage(folder)
    reading = Reading(
        storage,
        table,
        committed or {},
        chunk_bytes,
        max_row_bytes,
        1 << 20,
        load_data=True,
        max_row_group_bytes=max_row_group_bytes,
        time_zone=time_zone,
    )
    stored_bytes = (folder / NAME).stat().st_size if planned_bytes is None else planned_bytes
    with storage.open(NAME) as stream:
        opened = OpenedFile(storage, NAME, stream, max_row_group_bytes)
        yield from ParquetChunks(opened, FileRow(0, NAME, "s", "t", stored_bytes), reading)


def text_of(chunk: Chunk) -> bytes:
    """What LOAD DATA would send."""
    assert isinstance(chunk.payload, ParquetRows)
    return b"".join(chunk.payload.content.span.pieces)
