"""Lightning's checkpoint: where it is, and its removal.

DM lets Lightning remove its checkpoint when it ends well, and writes its own ``finished`` after that: a crash between
the two imports everything twice. Here Lightning leaves it (``keep-after-success = "origin"``), so that a second run
finds all of it done, and we remove it once our own state says finished. See docs/decisions/010.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from airflow_dm_loader.config import LightningCheckpoint, LoadConfig
from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.identifiers import quote
from airflow_dm_loader.location import DumpLocation, StorageKind
from airflow_dm_loader.target.connection import Database

_FILE_NAME = "tidb_lightning_checkpoint.pb"  # DM's
_SCHEMA_BYTES = 64


class Driver(StrEnum):
    """Lightning's ``checkpoint.driver``."""

    FILE = "file"
    MYSQL = "mysql"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """``place`` is a file's path, or the name of a schema in the target."""

    driver: Driver
    place: str

    def remove(self, db: Database) -> None:
        """Remove it, if it is there."""
        if self.driver is Driver.FILE:
            Path(self.place).unlink(missing_ok=True)
        else:
            db.execute(f"DROP DATABASE IF EXISTS {quote(self.place)}")

    def __str__(self) -> str:
        return f"the file {self.place}" if self.driver is Driver.FILE else f"the target's schema {self.place}"


def checkpoint_of(config: LoadConfig) -> Checkpoint:
    """As DM: a file beside a dump on local disk, else a schema in the target; ``lightning_checkpoint`` wins.

    Raises:
        ConfigError: a file is asked for, and the dump is in a bucket.
    """
    location = DumpLocation.parse(config.what.dump_uri)
    local = location.kind is StorageKind.LOCAL
    if config.physical.lightning_checkpoint is LightningCheckpoint.FILE and not local:
        raise ConfigError("lightning_checkpoint: file needs a dump on local disk", remedy="Set it to auto or mysql.")
    if location.folder is not None and config.physical.lightning_checkpoint is not LightningCheckpoint.MYSQL:
        return Checkpoint(Driver.FILE, str(location.folder / _FILE_NAME))
    return Checkpoint(Driver.MYSQL, checkpoint_schema(config.what.task_name, config.what.source_id))


def checkpoint_schema(task_name: str, source_id: str) -> str:
    """DM's name: ``test_4115832786_tidb_lightning_checkpoint``, cut to 64 bytes, never within a character."""
    name = f"{task_name}_{zlib.crc32(source_id.encode())}_tidb_lightning_checkpoint"
    return name.encode()[:_SCHEMA_BYTES].decode("utf-8", "ignore")
