"""Parquet files, by pyarrow, which the extra ``parquet`` brings; it is imported where the first one is read.

parquet_format.py  ParquetFormat
opened_file.py     OpenedFile: a file's footer, and its rows in batches, a row group at a time
column_texts.py    what becomes of a column's values, by its type in the file and in the table
values.py          arrays of values as text, and which of them a server would take as others
parquet_chunks.py  ParquetChunks: a file -> the chain of its chunks, by rows
parquet_rows.py    ParquetRows, the payload
"""

from __future__ import annotations

from airflow_dm_loader.formats.parquet.parquet_format import ParquetFormat

FORMAT = ParquetFormat()
