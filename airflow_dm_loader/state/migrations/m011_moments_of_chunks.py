"""When each chunk was committed: with its seconds it says how long a table took by the clock on the wall."""

from __future__ import annotations

from airflow_dm_loader.state.migrations.migration import Migration

_COLUMNS = {"chunk": {"committed_at": "DATETIME(6) NULL"}}  # UTC; NULL: by a loader before, or a job of the server

MIGRATION = Migration(11, "when chunks were committed", columns=_COLUMNS)
