"""What the report must tell by name, from whichever phase found it; see ``state/findings.py``."""

from __future__ import annotations

from airflow_dm_loader.state.migrations.migration import Migration

_TABLES = {
    "finding": """
        `finding_id` BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
        `load_id` BIGINT UNSIGNED NOT NULL,
        `found_by` VARCHAR(255) NOT NULL,
        `kind` VARCHAR(64) NOT NULL,
        `about_table` VARCHAR(255) NOT NULL,
        `detail` TEXT NOT NULL,
        `row_count` BIGINT UNSIGNED NULL,
        `pauses` TINYINT NOT NULL DEFAULT 0,
        `created_at` DATETIME(6) NOT NULL,
        KEY `load_found_by` (`load_id`, `found_by`)""",
}

MIGRATION = Migration(2, "what the report tells by name", tables=_TABLES)
