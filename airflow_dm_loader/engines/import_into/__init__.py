"""TiDB's IMPORT INTO: one detached job a table, which the cluster runs by itself; we submit, watch and settle.

engine.py      the engine, as the phases see it
steps.py       an import task's jobs: submitted, watched, settled, cancelled
open_share.py  an import task's tables, the connections that their jobs are asked over, and what the jobs came to
sources.py     the data files of a table -> the one glob that a job takes
import_statement.py  the SQL of a job
jobs.py        a job as SHOW IMPORT JOBS tells it, whatever the server's version
import_server.py  the statements on a connection, their errors in our words
submission.py  which jobs are to be made; intent, submit, adopt: each table's job is made once
"""
