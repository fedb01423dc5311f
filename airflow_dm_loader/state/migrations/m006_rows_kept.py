"""Rows that were replaced or ignored, beside those that a person must look at."""

from __future__ import annotations

from airflow_dm_loader.state.migrations.migration import Migration

MIGRATION = Migration(
    6,
    "rows that were replaced or ignored are kept too",
    columns={"conflict": {"kind": "VARCHAR(16) NOT NULL DEFAULT 'conflict'"}},  # conflict | replaced | ignored
)
