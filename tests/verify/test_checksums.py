"""CHECKSUM TABLE raises no false alarm where it is not stable, or where two servers mean different numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import ChecksumMismatchError, SchemaMissingError
from airflow_dm_loader.target.capabilities import Flavour
from airflow_dm_loader.verify.checksums import flavour_of_create, flavour_of_dump
from dev.private_server import PrivateServer
from tests.dumps import Table, load_config, write_dump

METADATA = """# Started dump at: 2026-01-01 00:00:00
[config]
quote-character = BACKTICK
[source]
# executed_gtid_set = "{gtid}"
# SOURCE_LOG_FILE = "b.000001"
# SOURCE_LOG_POS = 4
[`s`.`t`]
real_table_name=t
rows = {rows}
data_checksum = {checksum}
# Finished dump at: 2026-01-01 00:00:01
"""
MARIADB, MYSQL = "0-7-28", "bd08c702-ec6f-11f1-81d1-02fc00000001:1-1819"


@pytest.mark.parametrize(
    ("gtid", "flavour"), [(MARIADB, Flavour.MARIADB), (MYSQL, Flavour.MYSQL), ("", None), ("(null)", None)]
)
def test_the_kind_of_server_by_its_gtid(gtid: str, flavour: Flavour | None) -> None:
    assert flavour_of_dump(gtid) is flavour


@pytest.mark.parametrize(
    ("create", "flavour"),
    [
        ("(`id` int NOT NULL)", Flavour.MYSQL),
        ("(`id` int(11) NOT NULL)", None),
        ("(`id` int(11) NOT NULL DEFAULT '0', `int` char(1))", None),
        ("(`a` char(1)) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci", Flavour.MYSQL),
        ("(`a` char(1) COLLATE utf8mb4_de_pb_0900_ai_ci)", Flavour.MYSQL),
        ("(`a` char(1)) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_uca1400_ai_ci", Flavour.MARIADB),
        ("(`at` timestamp NOT NULL DEFAULT current_timestamp())", Flavour.MARIADB),
        ("(`at` timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP)", None),
        ("(`id` int(11) DEFAULT 0)", Flavour.MARIADB),
        ("(`id` int DEFAULT 0)", None),  # nobody writes that
        ("(`a` varchar(40) COMMENT 'int current_timestamp() utf8mb4_0900_ai_ci')", None),
    ],
)
def test_the_kind_of_server_by_what_it_writes(create: str, flavour: Flavour | None) -> None:
    assert flavour_of_create(f"CREATE TABLE `t` {create}") is flavour


@pytest.mark.servers
@pytest.mark.parametrize(
    ("create", "rows", "gtid", "alarm"),
    [
        ("(`id` int(11) NOT NULL, `a` int(11))", ["(1,NULL)", "(2,5)"], "", False),
        ("(`id` int NOT NULL, `a` int)", ["(1,NULL)"], "", "on MySQL"),  # by the CREATE
        ("(`id` int(11) NOT NULL DEFAULT 0, `a` int(11))", ["(1,NULL)"], "", "on MariaDB"),
        ("(`id` int NOT NULL, `a` int)", ["(1,4)", "(2,5)"], "", True),
        ("(`id` int NOT NULL, `a` varchar(9))", ["(1,NULL)", "(2,'5')"], "", True),
        ("(`id` int NOT NULL, `a` int AS (`id` + 1) STORED)", ["(1)"], "same", "on MySQL"),
        ("(`id` int NOT NULL, `a` int)", ["(1,NULL)"], "same", True),
    ],
)
def test_a_checksum_that_says_nothing_is_not_compared(
    create: str,
    rows: list[str],
    gtid: str,
    alarm: bool | str,
    server: PrivateServer,
    server_kind: str,
    target: TargetConfig,
    tmp_path: Path,
) -> None:
    mysql = "mysql" in server_kind
    alarm = alarm if server_kind != "tidb" else False  # it has no CHECKSUM TABLE
    if gtid == "same":
        gtid = MYSQL if mysql else MARIADB
    insert = "INSERT INTO `{table}` (`id`) VALUES" if "AS (" in create else "INSERT INTO `{table}` VALUES"
    metadata = METADATA.format(gtid=gtid, rows=len(rows), checksum=12345)
    table = Table("t", f"{create} ENGINE=InnoDB", rows, insert=insert)
    config = load_config(write_dump(tmp_path / "dump", table, metadata=metadata))

    if alarm is True or alarm == ("on MySQL" if mysql else "on MariaDB"):
        with pytest.raises(ChecksumMismatchError, match="the dump says 12345"):
            load_dump(config, target)
        return
    report = load_dump(config, target)
    assert (report.outcome, report.tables[0].row_count, report.tables[0].checksum) == (
        "clean",
        "passed",
        "not_compared",
    )
    assert "CHECKSUM TABLE" in report.tables[0].remark


COUNTS = """# Started dump at: 2026-01-01 00:00:00
[master]
File = b.000001
Position = 4
{}
# Finished dump at: 2026-01-01 00:00:01
"""
LOAD_STATEMENT = (
    "LOAD DATA LOCAL INFILE 's.t.00000.dat' REPLACE INTO TABLE `t` CHARACTER SET binary FIELDS TERMINATED BY '\\t' "
    "ENCLOSED BY '' ESCAPED BY '\\\\' LINES STARTING BY '' TERMINATED BY '\\n' (`id`,`v`);\n"
)
NOT_COUNTED = "counts 0 rows, as mydumper until 0.14"


def by_load_data(folder: Path, metadata: str) -> Path:
    """One row of s.t as mydumper --load-data writes it."""
    write_dump(folder, Table("t"), metadata=metadata)
    (folder / "s.t.00000.sql").write_text(LOAD_STATEMENT)
    (folder / "s.t.00000.dat").write_text("1\ta\n")
    return folder


@pytest.mark.parametrize(
    ("section", "status"),
    [
        ("[`s`.`t`]\nRows = 0", "not counted"),
        ("[`s`.`t`]\nRows = 1", "passed"),
        ("[`s`.`t`]\nRows = 2", "differs"),
        ("[`s`.`t`]\nreal_table_name=t\nrows = 0", "differs"),  # 0.15 and later count them
    ],
)
def test_what_a_tool_did_not_count_is_not_compared(
    section: str, status: str, server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    config = load_config(by_load_data(tmp_path / "dump", COUNTS.format(section)))

    if status == "differs":
        with pytest.raises(ChecksumMismatchError, match="the data files hold 1"):
            load_dump(config, target)
        return
    table = load_dump(config, target).tables[0]
    assert (table.row_count, NOT_COUNTED in table.remark) == ("passed", status == "not counted")


def test_rows_in_statements_are_counted_by_every_tool(
    server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    metadata = COUNTS.format("[`s`.`t`]\nRows = 0")
    config = load_config(write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']), metadata=metadata))

    with pytest.raises(ChecksumMismatchError, match="the metadata says 0 rows, the data files hold 1"):
        load_dump(config, target)


@pytest.mark.parametrize("name", ["s.t-metadata", "s.t.metadata"])
@pytest.mark.parametrize(("said", "status"), [("1", ""), ("0", NOT_COUNTED), ("what", ""), ("2", "differs")])
def test_a_count_in_a_file_of_its_own_is_compared(
    said: str, status: str, name: str, server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']))
    (folder / name).write_text(said)

    if status == "differs":
        with pytest.raises(ChecksumMismatchError, match="the metadata says 2 rows, the data files hold 1"):
            load_dump(load_config(folder), target)
        return
    table = load_dump(load_config(folder), target).tables[0]
    assert table.row_count == "passed"
    assert status in table.remark


def test_a_table_of_which_only_the_count_is_left_is_an_error(
    server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']))
    (folder / "s.empty-metadata").write_text("0")
    (folder / "s.lost-metadata").write_text("3")

    with pytest.raises(SchemaMissingError, match=r"counts 3 rows of s\.lost"):
        load_dump(load_config(folder), target)

    (folder / "s.lost-metadata").unlink()
    assert load_dump(load_config(folder), target).rows == 1
