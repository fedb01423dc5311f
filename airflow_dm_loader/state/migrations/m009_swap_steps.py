"""What hangs on live tables, and is taken away for a swap and made again after it; see ``state/rebuilds.py``."""

from __future__ import annotations

from airflow_dm_loader.state.migrations.migration import Migration

_TABLES = {
    # one row a trigger or foreign key of a round
    "swap_step": """
        `token` CHAR(8) NOT NULL,
        `kind` VARCHAR(16) NOT NULL,
        `home_schema` VARCHAR(64) NOT NULL,
        `home_table` VARCHAR(64) NOT NULL,
        `name` VARCHAR(64) NOT NULL,
        `place` INT NOT NULL,
        `take_away` LONGTEXT NOT NULL,
        `make_again` LONGTEXT NOT NULL,
        `session` TEXT NOT NULL,
        PRIMARY KEY (`token`, `kind`, `home_schema`, `home_table`, `name`)""",
}

MIGRATION = Migration(9, "what is made again after a swap", tables=_TABLES)
