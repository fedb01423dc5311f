"""Opens a Parquet file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from airflow_dm_loader.dump.data_formats import PARQUET
from airflow_dm_loader.errors import CheckpointError
from airflow_dm_loader.formats.base import Reading
from airflow_dm_loader.formats.parquet.opened_file import OpenedFile
from airflow_dm_loader.formats.parquet.parquet_chunks import ParquetChunks
from airflow_dm_loader.plan.load_plan import PlannedFile
from airflow_dm_loader.state.files import FileRow


class ParquetFormat:
    """Parquet files."""

    @contextmanager
    def open(self, planned: PlannedFile, row: FileRow, reading: Reading) -> Iterator[ParquetChunks]:
        """See :class:`~airflow_dm_loader.formats.base.Format`.

        Raises:
            ConfigError: pyarrow is not installed.
            DumpFormatError: the file is none, or does not fit its table.
        """
        name = planned.source.name
        assert PARQUET.extra is not None
        PARQUET.extra.check(f"reading {PARQUET}", name)
        if reading.table is None:
            raise CheckpointError(
                "the load has no record of this table", remedy="Clear create_tables: it prepares the tables."
            )
        with reading.storage.open(name) as stream:
            yield ParquetChunks(OpenedFile(reading.storage, name, stream, reading.max_row_group_bytes), row, reading)
