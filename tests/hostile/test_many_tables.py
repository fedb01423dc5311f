"""100,000 tables are planned with the limits as they come: what that takes grows with their number, and no more."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.dump.inventory import _METADATA_BYTES_OF_A_FILE, METADATA_LIMIT_BYTES
from airflow_dm_loader.dump.metadata import parse_metadata
from airflow_dm_loader.run import LoadRun
from tests.dumps import load_config

OF_A_TABLE = "[`s`.`{0}`]\nreal_table_name={0}\nrows = 1\ndata_checksum = 123\nschema_checksum = 1234\n\n"
BEGIN, END = "# Started dump at: 2026-01-01 00:00:00\n", "# Finished dump at: 2026-01-01 00:00:01\n"


def counted(work: Callable[[], object]) -> int:
    """How many calls of functions it takes, of Python's and of C's."""
    calls = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event.endswith("call")

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


def names(tables: int) -> list[str]:
    return [f"table_{number:06}" for number in range(tables)]


def write(folder: Path, tables: int) -> Path:
    folder.mkdir()
    for name in names(tables):
        (folder / f"s.{name}-schema.sql").write_text(f"CREATE TABLE `{name}` (`id` int) ENGINE=InnoDB;\n")
        (folder / f"s.{name}.00000.sql").write_text(f"INSERT INTO `{name}` VALUES(1);\n")
    (folder / "s-schema-create.sql").write_text("CREATE DATABASE `s`;\n")
    (folder / "metadata").write_text(BEGIN + "".join(map(OF_A_TABLE.format, names(tables))) + END)
    return folder


def test_each_table_takes_as_much_as_the_one_before(tmp_path: Path) -> None:
    def plan(folder: Path, tables: int) -> None:
        dump = LoadRun.of(load_config(folder), TargetConfig()).open_dump()
        assert len(dump.plan.tables) == tables

    plan(write(tmp_path / "once", 2), 2)  # imports count for nothing
    few, many = write(tmp_path / "few", 150), write(tmp_path / "many", 450)

    first, second = (counted(lambda each=each: plan(*each)) for each in ((few, 150), (many, 450)))  # type: ignore[misc]

    assert second <= 3.2 * first


def test_the_metadata_of_100_000_tables_is_within_the_limit_that_nobody_set() -> None:
    """With names as long as servers take them, and two files of each table."""
    name = "n" * 64
    size = len(BEGIN) + 100_000 * len(OF_A_TABLE.format(name)) + len(END)

    assert size <= min(METADATA_LIMIT_BYTES, 200_000 * _METADATA_BYTES_OF_A_FILE)
    assert len(parse_metadata((BEGIN + OF_A_TABLE.format(name) + END).encode(), require_finished=True).tables) == 1
