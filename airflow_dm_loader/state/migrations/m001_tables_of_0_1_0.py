"""The tables that the loader of 0.1.0 made, before it counted its migrations."""

from __future__ import annotations

from airflow_dm_loader.state.migrations.migration import Migration

# name -> columns and keys, with DM's counterpart; moments are in UTC
_TABLES = {
    # DM's <task>_lightning_checkpoint_list: one row a load
    "load": """
        `load_id` BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
        `task_name` VARCHAR(255) NOT NULL,
        `source_id` VARCHAR(255) NOT NULL,
        `status` VARCHAR(10) NOT NULL DEFAULT 'init',
        `fingerprint` CHAR(64) NOT NULL,
        `chunk_bytes` BIGINT UNSIGNED NOT NULL,
        `config` LONGTEXT NOT NULL,
        `binlog_name` VARCHAR(512) NOT NULL,
        `binlog_pos` BIGINT UNSIGNED NULL,
        `binlog_gtid` LONGTEXT NOT NULL,
        `notes` LONGTEXT NOT NULL,
        `created_at` DATETIME(6) NOT NULL,
        `updated_at` DATETIME(6) NOT NULL,
        UNIQUE KEY `task_source` (`task_name`, `source_id`)""",
    # one row a data file, in the plan's order
    "file": """
        `load_id` BIGINT UNSIGNED NOT NULL,
        `file_id` INT UNSIGNED NOT NULL,
        `name` VARCHAR(1024) NOT NULL,
        `table_schema` VARCHAR(64) NOT NULL,
        `table_name` VARCHAR(64) NOT NULL,
        `file_bytes` BIGINT UNSIGNED NOT NULL,
        `done` TINYINT NOT NULL DEFAULT 0,
        PRIMARY KEY (`load_id`, `file_id`)""",
    # one row a committed span of a data file: the fence
    "chunk": """
        `load_id` BIGINT UNSIGNED NOT NULL,
        `file_id` INT UNSIGNED NOT NULL,
        `start_offset` BIGINT UNSIGNED NOT NULL,
        `end_offset` BIGINT UNSIGNED NULL,
        `nonce` CHAR(32) NOT NULL,
        `connection_id` BIGINT UNSIGNED NOT NULL,
        `run_id` VARCHAR(255) NOT NULL,
        `sent_as` VARCHAR(16) NOT NULL DEFAULT '',
        `row_count` BIGINT UNSIGNED NOT NULL DEFAULT 0,
        `replaced` BIGINT UNSIGNED NOT NULL DEFAULT 0,
        `ignored` BIGINT UNSIGNED NOT NULL DEFAULT 0,
        `conflicts` BIGINT UNSIGNED NOT NULL DEFAULT 0,
        `file_bytes` BIGINT UNSIGNED NOT NULL DEFAULT 0,
        `seconds` DOUBLE NOT NULL DEFAULT 0,
        PRIMARY KEY (`load_id`, `file_id`, `start_offset`)""",
    # one row a connection that loads, where the server has no lock that does as much; see state/senders.py
    "sender": """
        `load_id` BIGINT UNSIGNED NOT NULL,
        `sender` CHAR(32) NOT NULL,
        `chunks` BIGINT UNSIGNED NOT NULL,
        PRIMARY KEY (`load_id`, `sender`)""",
    # one row a target table, written before the first row goes there
    "table": """
        `load_id` BIGINT UNSIGNED NOT NULL,
        `table_schema` VARCHAR(64) NOT NULL,
        `table_name` VARCHAR(64) NOT NULL,
        `created` TINYINT NOT NULL,
        `empty_before` TINYINT NOT NULL,
        `row_columns` LONGTEXT NOT NULL,
        PRIMARY KEY (`load_id`, `table_schema`, `table_name`)""",
    # indexes that wait for their table's rows
    "index": """
        `load_id` BIGINT UNSIGNED NOT NULL,
        `table_schema` VARCHAR(64) NOT NULL,
        `table_name` VARCHAR(64) NOT NULL,
        `index_name` VARCHAR(64) NOT NULL,
        `definition` LONGTEXT NOT NULL,
        `built` TINYINT NOT NULL DEFAULT 0,
        PRIMARY KEY (`load_id`, `table_schema`, `table_name`, `index_name`)""",
    # jobs of IMPORT INTO: one row a table
    "import_job": """
        `load_id` BIGINT UNSIGNED NOT NULL,
        `table_schema` VARCHAR(64) NOT NULL,
        `table_name` VARCHAR(64) NOT NULL,
        `state` VARCHAR(16) NOT NULL,
        `source` TEXT NOT NULL,
        `attempt` INT UNSIGNED NOT NULL DEFAULT 0,
        `group_key` VARCHAR(255) NOT NULL,
        `known_jobs` LONGTEXT NOT NULL,
        `job_id` BIGINT UNSIGNED NULL,
        `cancel_asked` TINYINT NOT NULL DEFAULT 0,
        `imported_rows` BIGINT UNSIGNED NULL,
        `message` TEXT NOT NULL,
        `run_id` VARCHAR(255) NOT NULL,
        `updated_at` DATETIME(6) NULL,
        PRIMARY KEY (`load_id`, `table_schema`, `table_name`)""",
    # rows that met a row with the same key under on_duplicate_logical=manual
    "conflict": """
        `conflict_id` BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
        `load_id` BIGINT UNSIGNED NOT NULL,
        `table_schema` VARCHAR(64) NOT NULL,
        `table_name` VARCHAR(64) NOT NULL,
        `file_name` VARCHAR(1024) NOT NULL,
        `file_offset` BIGINT UNSIGNED NOT NULL,
        `errno` INT UNSIGNED NOT NULL,
        `error` TEXT NOT NULL,
        `column_list` LONGTEXT NOT NULL,
        `row_data` LONGBLOB NOT NULL,
        KEY `load_id` (`load_id`)""",
    # what each run of the checksum step found
    "outcome": """
        `outcome_id` CHAR(36) NOT NULL PRIMARY KEY,
        `load_id` BIGINT UNSIGNED NOT NULL,
        `sequence` INT UNSIGNED NOT NULL,
        `verdict` VARCHAR(32) NOT NULL,
        `details` LONGTEXT NOT NULL,
        `created_at` DATETIME(6) NOT NULL,
        UNIQUE KEY `load_sequence` (`load_id`, `sequence`)""",
    # who was shown what, and who accepted it
    "event": """
        `event_id` BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
        `load_id` BIGINT UNSIGNED NOT NULL,
        `kind` VARCHAR(32) NOT NULL,
        `outcome_id` CHAR(36) NULL,
        `host` VARCHAR(255) NOT NULL,
        `dag_id` VARCHAR(255) NOT NULL,
        `run_id` VARCHAR(255) NOT NULL,
        `try_number` INT NOT NULL,
        `detail` TEXT NOT NULL,
        `created_at` DATETIME(6) NOT NULL,
        KEY `load_kind` (`load_id`, `kind`)""",
    # how fast indexes were built and tables compared: it stays where a load starts afresh; see state/pace.py
    "pace": """
        `task_name` VARCHAR(255) NOT NULL,
        `source_id` VARCHAR(255) NOT NULL,
        `step` VARCHAR(16) NOT NULL,
        `work` DOUBLE NOT NULL,
        `seconds` DOUBLE NOT NULL,
        `updated_at` DATETIME(6) NOT NULL,
        PRIMARY KEY (`task_name`, `source_id`, `step`)""",
    # how far tidb-lightning is, under import_mode=physical
    "lightning": """
        `load_id` BIGINT UNSIGNED NOT NULL PRIMARY KEY,
        `stage` VARCHAR(32) NOT NULL,
        `owner` CHAR(32) NOT NULL,
        `checkpoint_driver` VARCHAR(16) NOT NULL,
        `checkpoint_place` VARCHAR(4096) NOT NULL,
        `task_id_before` BIGINT NOT NULL,
        `findings` LONGTEXT NOT NULL,
        `updated_at` DATETIME(6) NOT NULL""",
    # DM's load-task lock: which host has the dump
    "load_task": """
        `task_name` VARCHAR(255) NOT NULL,
        `source_id` VARCHAR(255) NOT NULL,
        `host` VARCHAR(255) NOT NULL,
        `dag_id` VARCHAR(255) NOT NULL,
        `run_id` VARCHAR(255) NOT NULL,
        `updated_at` DATETIME(6) NOT NULL,
        PRIMARY KEY (`task_name`, `source_id`)""",
    # DM's lightning-coord keys: where the sources of a task wait for each other
    "barrier": """
        `task_name` VARCHAR(255) NOT NULL,
        `source_id` VARCHAR(255) NOT NULL,
        `state` VARCHAR(16) NOT NULL,
        `updated_at` DATETIME(6) NOT NULL,
        PRIMARY KEY (`task_name`, `source_id`)""",
}

MIGRATION = Migration(1, "the tables of 0.1.0", tables=_TABLES)
