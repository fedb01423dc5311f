"""The groups of settings, each a frozen model: ``config.logical.chunk_bytes``.

what.py      What (which load), Reading (how the dump is read), Where (what goes where)
how.py       Tables (how they are created), Connection (its session), State, Work, Coordination, Verify, Reporting
engines.py   Logical, Physical, ImportInto: what only one engine looks at

A setting has one name in all of them, so that it can also be said without its group. A new one is a field here and a
row in :mod:`airflow_dm_loader.settings.table`.
"""
