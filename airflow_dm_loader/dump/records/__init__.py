"""Files of records instead of SQL: CSV, and the ``.dat`` files of mydumper, which LOAD DATA reads.

record_format.py  RecordFormat: separators, quotes, escapes, NULL
companion.py      the LOAD DATA statement beside a ``.dat``
layout.py         RecordLayout: a file's format with the columns that its fields go to
patterns.py       one record, one field
plain.py          many records at one look
grammar.py        where fields and records end, and what fields mean
reader.py         RecordReader: whole records of a file, in one pass
"""
