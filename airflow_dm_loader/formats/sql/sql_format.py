"""Opens a file of INSERT statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from airflow_dm_loader.dump.compression import open_decoded
from airflow_dm_loader.formats.base import Reading
from airflow_dm_loader.formats.sql.statement_chunks import ChunkReader
from airflow_dm_loader.plan.load_plan import PlannedFile
from airflow_dm_loader.state.files import FileRow


class SqlFormat:
    """SQL files; they say themselves all that must be known of them."""

    @contextmanager
    def open(self, planned: PlannedFile, row: FileRow, reading: Reading) -> Iterator[ChunkReader]:
        """See :class:`~airflow_dm_loader.formats.base.Format`."""
        source = planned.source
        with open_decoded(reading.storage, source.name, source.compression) as decoded:
            yield ChunkReader(
                decoded,
                row,
                source_table=(source.schema, source.table),
                committed=reading.committed,
                chunk_bytes=reading.chunk_bytes,
                max_statement_bytes=reading.max_row_bytes,
                table=reading.table,
                load_data=reading.load_data,
                dump_tool=reading.dump_tool,
            )
