"""Which load task a table is filled by, and what became of the rows that it held before."""

from __future__ import annotations

from airflow_dm_loader.state.migrations.migration import Migration

_TABLES = {
    # one row a table whose rows no key tells apart: one load task at a time fills it
    "hold": """
        `table_schema` VARCHAR(64) NOT NULL,
        `table_name` VARCHAR(64) NOT NULL,
        `task_name` VARCHAR(255) NOT NULL,
        `action` VARCHAR(16) NOT NULL DEFAULT '',
        `state` VARCHAR(16) NOT NULL DEFAULT '',
        `updated_at` DATETIME(6) NOT NULL,
        PRIMARY KEY (`table_schema`, `table_name`)""",
    # one row a table that a load fills alone, or adds to: how many rows it held before
    "existing": """
        `load_id` BIGINT UNSIGNED NOT NULL,
        `table_schema` VARCHAR(64) NOT NULL,
        `table_name` VARCHAR(64) NOT NULL,
        `action` VARCHAR(16) NOT NULL,
        `rows_before` BIGINT UNSIGNED NOT NULL,
        PRIMARY KEY (`load_id`, `table_schema`, `table_name`)""",
}

MIGRATION = Migration(3, "who fills a table, and the rows that it held before", tables=_TABLES)
