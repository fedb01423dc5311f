"""Files of INSERT statements, as dumpling and mydumper write them by default.

statement_chunks.py  SqlFormat; a file -> the chain of its chunks
layouts.py           the proof that rows stand in a layout that LOAD DATA reads byte for byte
sql_rows.py          SqlRows, the payload
load_statements.py   its rows in one LOAD DATA
row_block.py         the same as statements
"""

from __future__ import annotations

from airflow_dm_loader.formats.sql.statement_chunks import SqlFormat

FORMAT = SqlFormat()
