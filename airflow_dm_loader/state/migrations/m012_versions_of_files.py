"""Which version of a file was there when it was taken up, for files that are loaded before their dump is whole."""

from __future__ import annotations

from airflow_dm_loader.state.migrations.migration import Migration

_COLUMNS = {"file": {"version": "VARCHAR(255) NULL"}}  # an ETag, a generation, or a size and a moment; NULL: not asked

MIGRATION = Migration(12, "versions of files", columns=_COLUMNS)
