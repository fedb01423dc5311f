"""Dumps of Parquet files, written by pyarrow; they come without metadata of rows, as exports do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.dumps import Table, write_dump

ROWS = 300


def write_parquet(folder: Path, tables: Mapping[str, tuple[str, pa.Table]], **how: Any) -> Path:
    """Name -> what follows CREATE TABLE, and the rows; one file each, in row groups of 100 rows."""
    write_dump(folder, *(Table(name, create) for name, (create, _) in tables.items()))
    for name, (_, rows) in tables.items():
        (folder / f"s.{name}.sql").unlink(missing_ok=True)
        pq.write_table(rows, folder / f"s.{name}.000000000.parquet", **{"row_group_size": 100, **how})
    return folder


def numbered(count: int = ROWS) -> pa.Table:
    """The rows of :func:`tests.dumps.numbered`."""
    return pa.table({
        "id": pa.array(range(count), pa.int32()),
        "v": pa.array([f"the row of number {at}" for at in range(count)], pa.string()),
    })  # fmt: skip
