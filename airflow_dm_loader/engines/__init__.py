"""What moves the rows: one engine an import mode.

base.py          what an engine is; registry.py: which there are
logical/         rows as SQL, chunk by chunk, into every server
physical/        drives tidb-lightning
import_into/     TiDB's own jobs
share_report.py  what an import task tells when it ends
redaction.py     what texts of TiDB and its tools may not show
"""
