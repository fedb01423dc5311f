"""What moves the rows: one engine an import mode.

logical/         rows as SQL, chunk by chunk, into every server
lightning/       physical: drives tidb-lightning
import_into/     import-into: TiDB's own jobs
share_report.py  what an import task tells when it ends
redaction.py     what texts of TiDB and its tools may not show
"""
