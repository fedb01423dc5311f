"""The format of a data file, by its kind."""

from __future__ import annotations

from contextlib import AbstractContextManager

from airflow_dm_loader.dump.filenames import FileKind
from airflow_dm_loader.formats.base import Format, Reading
from airflow_dm_loader.formats.chunk_chain import ChunkChain
from airflow_dm_loader.formats.delimited.delimited_format import DelimitedFormat
from airflow_dm_loader.formats.sql.sql_format import SqlFormat
from airflow_dm_loader.plan.load_plan import PlannedFile
from airflow_dm_loader.state.files import FileRow

_FORMATS: dict[FileKind, Format] = {
    FileKind.DATA_SQL: SqlFormat(),
    FileKind.DATA_CSV: DelimitedFormat(),
    FileKind.DATA_LOAD: DelimitedFormat(),
}


def open_chunks(planned: PlannedFile, row: FileRow, reading: Reading) -> AbstractContextManager[ChunkChain]:
    """The chunks of a data file that are not committed yet; see :meth:`~airflow_dm_loader.formats.base.Format.open`."""
    return _FORMATS[planned.source.kind].open(planned, row, reading)
