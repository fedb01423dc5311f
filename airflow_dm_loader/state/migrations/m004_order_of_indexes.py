"""Where an index that waits stands in the dump's CREATE TABLE: servers keep the order in which indexes are made."""

from __future__ import annotations

from airflow_dm_loader.state.migrations.migration import Migration

MIGRATION = Migration(
    4,
    "the order of indexes that wait",
    columns={"index": {"position": "INT UNSIGNED NOT NULL DEFAULT 0"}},
)
