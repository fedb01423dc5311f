"""What loads that have finished brought to each table, and how far tidb-lightning is.

The former stays when a load is forgotten; see ``state/history.py``.
"""

from __future__ import annotations

from airflow_dm_loader.state.migrations.migration import Migration

_TABLES = {
    # one row a finished load and table; no column is called load_id, since that of a load goes with it
    "brought": """
        `history_id` BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
        `of_load` BIGINT UNSIGNED NOT NULL,
        `task_name` VARCHAR(255) NOT NULL,
        `source_id` VARCHAR(255) NOT NULL,
        `table_schema` VARCHAR(64) NOT NULL,
        `table_name` VARCHAR(64) NOT NULL,
        `token` CHAR(8) NOT NULL DEFAULT '',
        `undone` TINYINT NOT NULL DEFAULT 0,
        `row_count` BIGINT UNSIGNED NOT NULL,
        `data_bytes` BIGINT UNSIGNED NOT NULL,
        `file_bytes` BIGINT UNSIGNED NOT NULL,
        `seconds` DOUBLE NOT NULL,
        `verdict` VARCHAR(32) NOT NULL,
        `accepted` TINYINT NOT NULL,
        `begun_at` DATETIME(6) NOT NULL,
        `finished_at` DATETIME(6) NOT NULL,
        UNIQUE KEY `load_table` (`of_load`, `table_schema`, `table_name`),
        KEY `table_source` (`table_schema`, `table_name`, `source_id`),
        KEY `token` (`token`)""",
}

# How far tidb-lightning said that it was, in bytes of data files as it counts them.
_COLUMNS = {"lightning": {"finished_bytes": "BIGINT UNSIGNED NULL", "total_bytes": "BIGINT UNSIGNED NULL"}}

MIGRATION = Migration(7, "what finished loads brought to each table", tables=_TABLES, columns=_COLUMNS)
