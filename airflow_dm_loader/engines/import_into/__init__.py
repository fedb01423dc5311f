"""TiDB's IMPORT INTO: one detached job a table, which the cluster runs by itself; we submit, watch and settle.

engine.py      the engine, as the phases see it
steps.py       an import task's jobs: submitted, watched, settled, cancelled
making.py      which of them are to be made, and the session of each
open_share.py  an import task's tables, and the connections that their jobs are asked over
sources.py     the data files of a table -> the one glob that a job takes
statements.py  the SQL of a job
jobs.py        a job as SHOW IMPORT JOBS tells it, whatever the server's version
import_server.py  the statements on a connection, their errors in our words
submission.py  intent, submit, adopt: each table's job is made once
settlement.py  what jobs came to: finished, failed, cancelled
"""
