"""Dumps for tests that load them: copies of the samples, and small ones written in mydumper 0.10's layout."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_dm_loader import loader
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.loader import LoadRun, Worker
from airflow_dm_loader.report import LoadReport
from tests.clocks import FAST

SAMPLES = Path(__file__).parent / "data" / "dumps"
SCHEMA = "s"
WORKER = Worker(host="here", dag_id="dm_load", run_id="run-1")
HEAD = "/*!40101 SET NAMES binary*/;\n/*!40014 SET FOREIGN_KEY_CHECKS=0*/;\n/*!40103 SET TIME_ZONE='+00:00' */;\n"
METADATA = """Started dump at: 2026-11-23 17:29:14
SHOW MASTER STATUS:
\tLog: vm-bin.000001
\tPos: 606443
\tGTID:0-7-28

Finished dump at: 2026-11-23 17:29:14
"""
WITH_KEY = "(`id` int NOT NULL, `v` varchar(40), PRIMARY KEY (`id`)) ENGINE=InnoDB"
WITHOUT_KEY = "(`id` int NOT NULL, `v` varchar(40)) ENGINE=InnoDB"


@dataclass(frozen=True)
class Table:
    """A table of a written dump; ``rows`` are ``(1,"a")`` as they shall stand in the file."""

    name: str
    create: str | None = WITH_KEY  # what follows CREATE TABLE `name`; None: no schema file
    rows: Sequence[str] = ()
    schema: str = SCHEMA
    insert: str = "INSERT INTO `{table}` VALUES"
    rows_per_statement: int = 100
    head: str = HEAD

    @property
    def data_file(self) -> str:
        return f"{self.schema}.{self.name}.sql"

    def data(self) -> str:
        step = self.rows_per_statement
        parts = (",\n".join(self.rows[at : at + step]) for at in range(0, len(self.rows), step))
        insert = self.insert.format(table=self.name)
        return self.head + "".join(f"{insert}\n{part};\n" for part in parts)


def numbered(name: str, count: int, create: str = WITH_KEY) -> Table:
    """A table of ``count`` rows of about 40 bytes, in statements of some 2 KB."""
    return Table(name, create, [f'({at},"the row of number {at}")' for at in range(count)], rows_per_statement=50)


def write_dump(
    folder: Path,
    *tables: Table,
    views: Mapping[str, str] | None = None,
    schema_files: bool = True,
    metadata: str = METADATA,
) -> Path:
    """Lay the tables out in ``folder``, which is made.

    ``views`` are of :data:`SCHEMA`: name -> what follows ``VIEW `name` AS``. Without ``schema_files`` the dump has
    no ``-schema-create``.
    """
    folder.mkdir()
    (folder / "metadata").write_text(metadata)
    if schema_files:
        for schema in {table.schema for table in tables} | ({SCHEMA} if views else set()):
            (folder / f"{schema}-schema-create.sql").write_text(f"CREATE DATABASE `{schema}`;\n")
    for table in tables:
        if table.create is not None:
            text = f"{HEAD}CREATE TABLE `{table.name}` {table.create};\n"
            (folder / f"{table.schema}.{table.name}-schema.sql").write_text(text)
        if table.rows:
            (folder / table.data_file).write_bytes(table.data().encode("utf-8", "surrogateescape"))
    for view, select in (views or {}).items():
        placeholder = f"{HEAD}CREATE TABLE `{view}`(\n`id` int\n)ENGINE=MyISAM;\n"
        (folder / f"{SCHEMA}.{view}-schema.sql").write_text(placeholder)
        create = (
            f"{HEAD}DROP TABLE IF EXISTS `{view}`;\nDROP VIEW IF EXISTS `{view}`;\nCREATE VIEW `{view}` AS {select};\n"
        )
        (folder / f"{SCHEMA}.{view}-schema-view.sql").write_text(create)
    return folder


def copy_sample(name: str, folder: Path) -> Path:
    """A copy of a sample dump that a test may change."""
    return Path(shutil.copytree(SAMPLES / name, folder))


def expected() -> dict[str, tuple[int, int]]:
    """``schema.table`` -> rows and CHECKSUM TABLE at the samples' source."""
    lines = (SAMPLES / "expected.tsv").read_text().splitlines()[1:]
    return {name: (int(rows), int(checksum)) for name, rows, checksum in (line.split("\t") for line in lines)}


def load_config(folder: Path, **changes: Any) -> LoadConfig:
    """A load of the dump in chunks of 4 KiB, the smallest, over two connections."""
    return LoadConfig(**{"task_name": "t", "dump_uri": str(folder), "chunk_bytes": 4096, "pool_size": 2, **changes})


def run_of(config: LoadConfig, target: TargetConfig, worker: Worker | None = WORKER, **more: Any) -> LoadRun:
    """One try of a run; see :meth:`LoadRun.of` for what more there is, and :mod:`tests.clocks` for its clock."""
    return LoadRun.of(config, target, worker, **more)


def load_soon(config: LoadConfig, target: TargetConfig, **more: Any) -> LoadReport:
    """:func:`~airflow_dm_loader.load_dump`, whose waits are soon over."""
    return loader.load(run_of(config, target, None, **{"clock": FAST, **more}))


def prepare(config: LoadConfig, target: TargetConfig, worker: Worker = WORKER) -> None:
    """The phases before the import."""
    loader.prepare_checkpoint(run_of(config, target, worker))
    loader.create_tables(run_of(config, target))


def import_all(config: LoadConfig, target: TargetConfig, worker: Worker = WORKER) -> None:
    """The phases up to the checksum, which is left to the test."""
    prepare(config, target, worker)
    for share in loader.import_shares(run_of(config, target)):
        loader.run_import(run_of(config, target, worker), share)
