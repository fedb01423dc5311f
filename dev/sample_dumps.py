"""Small dumps for what is shown and tried in a real Airflow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_HEAD = "/*!40101 SET NAMES binary*/;\n"


def write_dump(folder: Path, tables: Mapping[str, list[tuple[int, str]]]) -> Path:
    """A dump of the schema ``shop`` into a new folder: table -> rows (id, v), where v has room for 20 letters."""
    folder.mkdir(parents=True)
    (folder / "shop-schema-create.sql").write_text("CREATE DATABASE `shop`;\n")
    for table, rows in tables.items():
        create = f"CREATE TABLE `{table}` (\n  `id` int NOT NULL,\n  `v` varchar(20),\n  PRIMARY KEY (`id`)\n);\n"
        values = ",\n".join(f'({key},"{value}")' for key, value in rows)
        (folder / f"shop.{table}-schema.sql").write_text(_HEAD + create)
        (folder / f"shop.{table}.sql").write_text(f"{_HEAD}INSERT INTO `{table}` VALUES\n{values};\n")
    (folder / "metadata").write_text(  # last, as dump tools do
        "Started dump at: 2026-11-23 17:29:14\n"
        "SHOW MASTER STATUS:\n\tLog: vm-bin.000001\n\tPos: 606443\n\tGTID:0-7-28\n\n"
        "Finished dump at: 2026-11-23 17:29:14\n"
    )
    return folder
