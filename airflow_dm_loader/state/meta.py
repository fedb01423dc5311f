"""The meta schema's tables. They are part of the public interface: people query them.

Every row carries the version of its form; a version that this code does not know is an error, never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass

from airflow_dm_loader.errors import CheckpointError, LoaderError
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.identifiers import qualified, quote

ROW_VERSION = 1

_VERSION = f"`row_version` TINYINT UNSIGNED NOT NULL DEFAULT {ROW_VERSION}"
_MOMENT = "DATETIME(6) NOT NULL"  # UTC

# name -> columns and keys, with DM's counterpart
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
        `created_at` {moment},
        `updated_at` {moment},
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
    # what the report must tell by name, from whichever phase found it; see state/findings.py
    "finding": """
        `finding_id` BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
        `load_id` BIGINT UNSIGNED NOT NULL,
        `found_by` VARCHAR(255) NOT NULL,
        `kind` VARCHAR(64) NOT NULL,
        `about_table` VARCHAR(255) NOT NULL,
        `detail` TEXT NOT NULL,
        `row_count` BIGINT UNSIGNED NULL,
        `pauses` TINYINT NOT NULL DEFAULT 0,
        `created_at` {moment},
        KEY `load_found_by` (`load_id`, `found_by`)""",
    # what each run of the checksum step found
    "outcome": """
        `outcome_id` CHAR(36) NOT NULL PRIMARY KEY,
        `load_id` BIGINT UNSIGNED NOT NULL,
        `sequence` INT UNSIGNED NOT NULL,
        `verdict` VARCHAR(32) NOT NULL,
        `details` LONGTEXT NOT NULL,
        `created_at` {moment},
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
        `created_at` {moment},
        KEY `load_kind` (`load_id`, `kind`)""",
    # how fast indexes were built and tables compared: it stays where a load starts afresh; see state/pace.py
    "pace": """
        `task_name` VARCHAR(255) NOT NULL,
        `source_id` VARCHAR(255) NOT NULL,
        `step` VARCHAR(16) NOT NULL,
        `work` DOUBLE NOT NULL,
        `seconds` DOUBLE NOT NULL,
        `updated_at` {moment},
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
        `updated_at` {moment}""",
    # DM's load-task lock: which host has the dump
    "load_task": """
        `task_name` VARCHAR(255) NOT NULL,
        `source_id` VARCHAR(255) NOT NULL,
        `host` VARCHAR(255) NOT NULL,
        `dag_id` VARCHAR(255) NOT NULL,
        `run_id` VARCHAR(255) NOT NULL,
        `updated_at` {moment},
        PRIMARY KEY (`task_name`, `source_id`)""",
    # DM's lightning-coord keys: where the sources of a task wait for each other
    "barrier": """
        `task_name` VARCHAR(255) NOT NULL,
        `source_id` VARCHAR(255) NOT NULL,
        `state` VARCHAR(16) NOT NULL,
        `updated_at` {moment},
        PRIMARY KEY (`task_name`, `source_id`)""",
}

TABLE_NAMES = tuple(f"dm_loader_{name}" for name in _TABLES)
_OF_ONE_LOAD = (
    "load",
    "sender",
    "file",
    "chunk",
    "table",
    "index",
    "import_job",
    "conflict",
    "finding",
    "outcome",
    "event",
    "lightning",
)
_MISSING = frozenset({1049, 1146})  # unknown database, no such table


@dataclass(frozen=True, slots=True)
class Meta:
    """A connection and the meta schema that it works on."""

    db: Database
    schema: str

    def __getitem__(self, name: str) -> str:
        """``meta["chunk"]`` -> `` `dm_meta`.`dm_loader_chunk` ``."""
        return qualified(self.schema, f"dm_loader_{name}")

    def create(self) -> None:
        """Create the schema and its tables where they are missing."""
        self.db.execute(f"CREATE DATABASE IF NOT EXISTS {quote(self.schema)}")
        for name, columns in _TABLES.items():
            body = columns.format(moment=_MOMENT)
            self.db.execute(
                f"CREATE TABLE IF NOT EXISTS {self[name]} ({body}, {_VERSION}) "
                "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
            )

    def exists(self) -> bool:
        """Whether a loader has worked here before."""
        try:
            self.db.query(f"SELECT 1 FROM {self['load']} LIMIT 1")
        except LoaderError as error:
            if error.errno in _MISSING:
                return False
            raise
        return True

    def forget(self, load_id: int) -> None:
        """Remove all that is stored of a load; its row goes first, so that no chunk of it can commit after."""
        for name in _OF_ONE_LOAD:
            self.db.execute(f"DELETE FROM {self[name]} WHERE load_id = %s", (load_id,))

    def renumber(self, load_id: int, new_load_id: int) -> None:
        """Put all that is stored of a load under another number; its row goes first, as in :meth:`forget`."""
        for name in _OF_ONE_LOAD:
            self.db.execute(f"UPDATE {self[name]} SET load_id = %s WHERE load_id = %s", (new_load_id, load_id))


def check_version(version: int, what: str) -> None:
    """Refuse a stored row whose form this code does not know."""
    if version != ROW_VERSION:
        raise CheckpointError(
            f"{what} is stored in version {version}; this loader knows version {ROW_VERSION}",
            remedy="Use the loader that wrote it, or set remove_meta to forget the stored load.",
        )
