"""Tables that are filled beside the live ones, and swapped in; see ``state/swaps.py``."""

from __future__ import annotations

from airflow_dm_loader.state.migrations.migration import Migration

_TABLES = {
    # one row a round of a load task: what is swapped in by one statement
    "swap": """
        `token` CHAR(8) NOT NULL PRIMARY KEY,
        `task_name` VARCHAR(255) NOT NULL,
        `open_task` VARCHAR(255) NULL,
        `state` VARCHAR(16) NOT NULL,
        `beside` TINYINT NOT NULL,
        `mark_schema` VARCHAR(64) NOT NULL DEFAULT '',
        `created_at` DATETIME(6) NOT NULL,
        `swapped_at` DATETIME(6) NULL,
        UNIQUE KEY `open_task` (`open_task`),
        KEY `task_name` (`task_name`)""",
    # the sources that fill it
    "swap_source": """
        `token` CHAR(8) NOT NULL,
        `source_id` VARCHAR(255) NOT NULL,
        `is_ready` TINYINT NOT NULL DEFAULT 0,
        PRIMARY KEY (`token`, `source_id`)""",
    # its tables, by their live names
    "swap_table": """
        `token` CHAR(8) NOT NULL,
        `source_id` VARCHAR(255) NOT NULL,
        `table_schema` VARCHAR(64) NOT NULL,
        `table_name` VARCHAR(64) NOT NULL,
        `shadow_schema` VARCHAR(64) NOT NULL,
        `shadow_name` VARCHAR(64) NOT NULL,
        `former_schema` VARCHAR(64) NOT NULL,
        `former_name` VARCHAR(64) NOT NULL,
        `former` VARCHAR(16) NOT NULL DEFAULT '',
        `seen` TEXT NULL,
        `compared` TEXT NULL,
        PRIMARY KEY (`token`, `source_id`, `table_schema`, `table_name`)""",
}

MIGRATION = Migration(5, "tables that are filled beside the live ones", tables=_TABLES)
