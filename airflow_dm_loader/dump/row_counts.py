"""The files in which mydumper 0.10 to 0.13 counts a table's rows, one number in each."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from airflow_dm_loader.dump.compression import open_decoded
from airflow_dm_loader.dump.filenames import Compression, parse
from airflow_dm_loader.dump.metadata_types import TableMetadata
from airflow_dm_loader.dump.storage import DumpStorage
from airflow_dm_loader.identifiers import TableName

_MOST_BYTES = 32


def read_row_count(storage: DumpStorage, name: str) -> int | None:
    """The number of rows that the file says; None: it holds no number."""
    found = parse(name)
    with open_decoded(storage, name, found.compression if found is not None else Compression.NONE) as file:
        text = file.read(_MOST_BYTES)
    return int(text) if re.fullmatch(rb"[0-9]{1,20}\n?", text) else None


def lone_counts(
    storage: DumpStorage, row_counts: Mapping[TableName, str], others: Collection[TableName]
) -> dict[TableName, TableMetadata]:
    """What the files say of tables of which the dump has no other file: with rows, something of it was lost."""
    lone = {table: name for table, name in row_counts.items() if table not in others}
    return {table: TableMetadata(table[1], rows=read_row_count(storage, name)) for table, name in lone.items()}
