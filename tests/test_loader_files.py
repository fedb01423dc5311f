"""Exports of other tools, which the rules of ``files`` say what they are of."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import ConfigError, DumpMetadataError, SchemaMissingError
from airflow_dm_loader.loader import look_for_dump
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import METADATA, load_config
from tests.tables import one, query, table_hashes

TAB = Path(__file__).parent / "data" / "mysqldump" / "mariadb-10.11-tab"
SPARK = {"pattern": r"^(\w+)\.db/(\w+)/part-\d+.*\.csv", "schema": "$1", "table": "$2", "type": "csv"}
DDL = {"pattern": r"^ddl/(\w+)\.sql$", "schema": "shop", "table": "$1", "type": "table-schema"}
SCRIPT = {"path": "all.sql", "type": "mysqldump"}


def export_of(folder: Path) -> Path:
    for name, text in {
        "ddl/users.sql": "CREATE TABLE `users` (`id` int, `name` varchar(20));\n",
        "shop.db/users/part-00000-x.csv": "id,name\n1,a\n2,b\n",
        "shop.db/users/part-00001-x.csv.gz": "id,name\n3,c\n",
        "shop.db/users/_SUCCESS": "",
        "notes.txt": "no rows",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return folder


def test_folders_of_spark_become_tables(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    folder = export_of(tmp_path / "export")
    with pytest.raises(DumpMetadataError) as caught:
        load_dump(load_config(folder, files=[SPARK, DDL]), target)
    assert "require_finished_dump" in caught.value.remedy

    config = load_config(folder, files=[SPARK, DDL], require_finished_dump=False, clean_dump_files=True)
    report = load_dump(config, target)

    assert query(server, "SELECT * FROM shop.users ORDER BY id") == [(1, "a"), (2, "b"), (3, "c")]
    assert report.outcome == "clean"
    assert any("no binlog position" in warning for warning in report.warnings)
    assert any("notes.txt" in warning for warning in report.warnings)
    left = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert left == ["notes.txt", "shop.db/users/_SUCCESS"]


def test_an_export_with_a_metadata_file_has_its_position(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = export_of(tmp_path / "export")
    (folder / "metadata").write_text(METADATA)

    report = load_dump(load_config(folder, files=[SPARK, DDL]), target)

    assert (report.rows, report.binlog_name, report.binlog_pos) == (3, "vm-bin.000001", 606443)


def test_routes_and_filters_and_own_schemas_hold_for_the_names_that_rules_give(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = export_of(tmp_path / "export")
    (folder / "mysql.db" / "user").mkdir(parents=True)
    (folder / "mysql.db" / "user" / "part-0.csv").write_text("Host\nx\n")
    (folder / "shop.db" / "other").mkdir()
    (folder / "shop.db" / "other" / "part-0.csv").write_text("id\n1\n")
    config: dict[str, Any] = {"files": [SPARK, DDL], "require_finished_dump": False}
    with pytest.raises(SchemaMissingError):
        load_dump(load_config(folder, **config), target)

    report = load_dump(
        load_config(
            folder,
            **config,
            routes=[{"schema-pattern": "shop", "target-schema": "people"}],
            block_allow_list={"ignore-tables": [{"db-name": "shop", "tbl-name": "other"}]},
        ),
        target,
    )

    assert one(server, "SELECT COUNT(*) FROM people.users") == 3
    assert any("the schema mysql of the dump is left out" in warning for warning in report.warnings)


@pytest.mark.only_on("mariadb", because="no MySQL takes the sql_mode that the files set")
def test_a_folder_of_mysqldump_tab_becomes_what_mysqlimport_makes_of_it(
    server: PrivateMariaDB, target: TargetConfig
) -> None:
    server.client("CREATE DATABASE shop")
    for name in ("empty_one", "log", "odd@002ena@0060me", "orders"):
        server.client(TAB / f"{name}.sql", database="shop")
        table = "`odd.na``me`" if name.startswith("odd") else name
        load = f"LOAD DATA LOCAL INFILE '{TAB / name}.txt' INTO TABLE {table} CHARACTER SET binary"
        server.client(f"DROP TRIGGER IF EXISTS tr; SET time_zone = '+00:00'; {load};", database="shop")
    expected = table_hashes(server, ["shop"])
    server.client("DROP DATABASE shop")
    config = load_config(
        TAB,
        files=[
            {"pattern": r"\.sql$", "type": "mysqldump", "schema": "shop"},
            {"path": "odd@002ena@0060me.txt", "type": "csv", "schema": "shop", "table": "odd.na`me"},
            {"pattern": r"^(\w+)\.txt$", "type": "csv", "schema": "shop", "table": "$1"},
        ],
        csv={"separator": "\t", "delimiter": "", "terminator": "\n", "header": False, "character_set": "binary"},
        time_zone="+00:00",
    )

    report = load_dump(config, target)

    assert table_hashes(server, ["shop"]) == expected
    assert (report.outcome, report.rows) == ("clean", 8)


@pytest.mark.parametrize(
    ("script", "finished_at", "says"),
    [
        (None, None, "there is no"),
        (b"INSERT INTO a VALUES (1);\n", None, "'-- Dump completed'"),
        (b"INSERT INTO a VALUES (1);\n-- Dump completed on 2026-11-30 23:03:09\n", "2026-11-30 23:03:09", ""),
        (b"-- Dump completed\n", "", ""),
    ],
)
def test_a_script_has_finished_when_it_has_its_last_line(
    script: bytes | None, finished_at: str | None, says: str, tmp_path: Path
) -> None:
    (tmp_path / "other").touch()
    if script is not None:
        (tmp_path / "all.sql").write_bytes(script)
    look = look_for_dump(load_config(tmp_path, files=[SCRIPT]))
    assert look.finished_at == finished_at
    assert says in look.waiting_for


@pytest.mark.parametrize("name", ["a.sql.gz", "a.csv"])
def test_what_never_says_that_it_is_whole_can_not_be_waited_for(name: str, tmp_path: Path) -> None:
    (tmp_path / name).touch()
    rules = [
        {"pattern": r"\.sql", "type": "mysqldump"},
        {"pattern": "csv", "type": "csv", "schema": "s", "table": "t"},
    ]
    with pytest.raises(ConfigError, match="can't be waited for"):
        look_for_dump(load_config(tmp_path, files=rules))
