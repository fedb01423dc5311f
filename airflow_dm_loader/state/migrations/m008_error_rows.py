"""Rows that the server refused or would have changed: counted, kept with their session, and loaded again later.

See ``state/error_rows.py`` and ``phases/replaying.py``.
"""

from __future__ import annotations

from airflow_dm_loader.state.migrations.migration import Migration

_TABLES = {
    # one row a load and kind of error: how many rows are set aside for it
    "error_rows": """
        `load_id` BIGINT UNSIGNED NOT NULL,
        `error_kind` VARCHAR(16) NOT NULL,
        `used` BIGINT UNSIGNED NOT NULL,
        PRIMARY KEY (`load_id`, `error_kind`)""",
}
_COLUMNS = {
    "conflict": {
        "error_kind": "VARCHAR(16) NOT NULL DEFAULT ''",  # of max_error_rows; '': nothing counts it
        "session": "TEXT NULL",  # JSON, the variables that row_data reads by; NULL: kept before there was this column
        "replayed_at": "DATETIME(6) NULL",
    },
    "chunk": {"refused": "BIGINT UNSIGNED NOT NULL DEFAULT 0"},
}

MIGRATION = Migration(8, "rows that were refused, and rows that are loaded again", tables=_TABLES, columns=_COLUMNS)
