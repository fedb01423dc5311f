"""Which data files TiDB reads by itself, whichever of its two engines does."""

from __future__ import annotations

from airflow_dm_loader.dump.inventory import DataFile
from airflow_dm_loader.errors import DumpFormatError


def check_file(file: DataFile, reader: str) -> None:
    """Refuse a file that ``reader`` does not read, or is not used for here; it might pass over it without a word.

    Raises:
        DumpFormatError: it is of another kind, or compressed by something else.
    """
    if file.kind.tidb_name is None:
        raise DumpFormatError(
            f"{reader} is not used for data files of this kind ({file.kind})",
            file=file.name,
            remedy="Load it with import_mode=logical, or dump as SQL: dumpling --filetype sql.",
        )
    if file.compression not in file.kind.tidb_decodes:
        raise DumpFormatError(
            f"{reader} is not used for {file.kind.tidb_name} files that are compressed with {file.compression}",
            file=file.name,
            remedy="Compress the files with gzip, zstd or snappy; Parquet files not at all, they do so inside.",
        )
