"""Scripts of mysqldump, as the pieces that they were split into. See ``state/splits.py``."""

from __future__ import annotations

from airflow_dm_loader.state.migrations.migration import Migration

_TABLES = {
    # one row for each 256 KiB of what is known of a script, compressed
    "split": """
        `load_id` BIGINT UNSIGNED NOT NULL,
        `script_key` CHAR(64) NOT NULL,
        `part` INT UNSIGNED NOT NULL,
        `pieces` LONGBLOB NOT NULL,
        PRIMARY KEY (`load_id`, `script_key`, `part`)""",
}

MIGRATION = Migration(10, "pieces of scripts", tables=_TABLES)
