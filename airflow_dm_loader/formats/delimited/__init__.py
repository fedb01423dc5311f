"""Files of records instead of SQL: CSV, and the ``.dat`` files of mydumper, which LOAD DATA reads.

delimited_format.py  DelimitedFormat
record_format.py     RecordFormat: separators, quotes, escapes, NULL
companion.py         the LOAD DATA statement beside a ``.dat``
record_layout.py     RecordLayout: a file's format with the columns that its fields go to
patterns.py          one record, one field
plain.py             many records at one look
grammar.py           where fields and records end, and what fields mean
record_reader.py     RecordReader: whole records of a file, in one pass
record_chunks.py     a file -> the chain of its chunks
record_rows.py       RecordRows, the payload: its rows in one LOAD DATA, or as rows of statements
"""

from __future__ import annotations

from airflow_dm_loader.formats.delimited.delimited_format import DelimitedFormat

FORMAT = DelimitedFormat()
