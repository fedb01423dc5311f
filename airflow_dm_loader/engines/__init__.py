"""What moves the rows: one engine an import mode.

base.py          what an engine is, and tells of its work; registry.py: which there are
logical/         rows as SQL, chunk by chunk, into every server
physical/        drives tidb-lightning
import_into/     TiDB's own jobs
tidb_files.py    which data files TiDB reads by itself
redaction.py     what texts of TiDB and its tools may not show
"""
