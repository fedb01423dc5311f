"""The engines that the suite runs on: for each, a server that it loads into and a place where it reads dumps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.dump.access import DumpAccess
from airflow_dm_loader.loader import LoadRun, Worker
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import WORKER, Table, run_of, write_dump

METADATA = """# Started dump at: 2026-11-23 17:29:14
[config]
quote-character = BACKTICK

[`s`.`a`]
real_table_name=a
rows = 300

[`s`.`b`]
real_table_name=b
rows = 20

[`s`.`empty`]
real_table_name=empty
rows = 0

# Finished dump at: 2026-11-23 17:29:14
"""


@dataclass(frozen=True)
class Contestant:
    """An engine, ready to load: ``place`` puts a folder where the engine reads it, and gives its URI."""

    settings: Mapping[str, Any]
    server: PrivateMariaDB
    target: TargetConfig
    place: Callable[[Path], str] = str
    access: DumpAccess | None = None
    two_tasks: Mapping[str, Any] = field(default_factory=lambda: {"import_tasks": 2})  # where the engine has shares

    def write(self, folder: Path, *tables: Table) -> LoadConfig:
        """A load of a dump of these tables, whose metadata is :data:`METADATA`."""
        uri = self.place(write_dump(folder, *tables, metadata=METADATA))
        return LoadConfig(**{"task_name": "t", "dump_uri": uri, **self.settings})

    def changed(self, config: LoadConfig, **changes: Any) -> LoadConfig:
        """The same load with other settings."""
        return LoadConfig(**{"task_name": "t", "dump_uri": config.what.dump_uri, **self.settings, **changes})

    def run(self, config: LoadConfig, worker: Worker = WORKER, **more: Any) -> LoadRun:
        return run_of(config, self.target, worker, access=self.access, progress_interval_s=0.05, **more)
