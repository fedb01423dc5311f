"""Schema files that are missing, doubled, or not what they say; collations and engines that the target lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import LoadConfig, load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import (
    ConfigError,
    DumpFormatError,
    DuplicateFileError,
    LoaderError,
    NotCreateStatementError,
    SchemaMissingError,
    TargetError,
)
from dev.private_mariadb import PrivateMariaDB
from tests.bad_input.stories import check_message, check_nothing_created, refused
from tests.dumps import WITH_KEY, Table, load_config, numbered, write_dump
from tests.tables import count, hashes_by_client, one, query, table_hashes

ROWS = ('(1,"a")', '(2,"b")')
NOT_THERE = "utf8mb4_0900_ai_ci"
INSTEAD = "utf8mb4_unicode_520_ci"


# -- files


def test_rows_without_a_schema_file_and_without_a_table(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", None, ROWS))
    config = load_config(folder)

    error = refused(config, target, SchemaMissingError)

    assert (error.code, error.table) == (34013, "s.t")
    check_message("rows for a table that has no schema file and is not in the target", error)
    check_nothing_created(server)
    server.client(f"CREATE DATABASE s; CREATE TABLE s.t {WITH_KEY}")
    assert load_dump(config, target).rows == count(server, "s.t") == 2


def test_a_schema_without_rows_is_an_empty_table(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t"), Table("u", rows=ROWS))

    report = load_dump(load_config(folder), target)

    assert (count(server, "s.t"), count(server, "s.u"), report.outcome) == (0, 2, "clean")


def test_two_schema_files_for_one_table(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=ROWS))
    (folder / "s.t-schema.sql.gz").write_bytes(b"")

    error = refused(load_config(folder), target, DuplicateFileError)

    assert error.code == 34015
    check_message("two schema files for one table", error)
    check_nothing_created(server, "dm_meta")


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("INSERT INTO `t` VALUES (1,2);\n", "a schema file with rows in it"),
        ("CREATE VIEW `t` AS SELECT 1;\n", "a schema file that creates something else"),
        ("CREATE TABLE `t` AS SELECT 1 AS `id`;\n", ""),
        ("CREATE TABLE `t` (`id` int);\nCREATE TABLE `u` (`id` int);\n", "a schema file with two CREATE statements"),
        ("CREATE TABLE `t` (`id` int", "a schema file that was cut"),
        ("", "an empty schema file"),
        ("\n-- nothing\n", ""),
    ],
)
def test_a_schema_file_that_does_not_create_its_table(
    content: str, title: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("a", rows=ROWS), Table("t", rows=ROWS))
    sound = (folder / "s.t-schema.sql").read_text()
    (folder / "s.t-schema.sql").write_text(content)

    error = refused(load_config(folder), target, DumpFormatError)

    assert (error.file, error.code in {34006, 34007}) == ("s.t-schema.sql", True)
    if title:
        check_message(title, error)
    check_nothing_created(server)
    (folder / "s.t-schema.sql").write_text(sound)
    assert load_dump(load_config(folder), target).rows == 4  # nothing was sent, so the mended dump is taken at once


def test_a_database_file_that_does_not_create_one(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=ROWS))
    (folder / "s-schema-create.sql").write_text("CREATE TABLE `s` (`id` int);\n")

    error = refused(load_config(folder), target, NotCreateStatementError)

    check_message("a database's file that creates no database", error)
    check_nothing_created(server)


# -- what a file may well look like


def test_an_empty_data_file_is_no_rows(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "dump", Table("t"), Table("u", rows=ROWS))
    (folder / "s.t.sql").write_bytes(b"")
    (folder / "s.t.00001.sql").write_bytes(b"\n\n/* nothing */\n")

    assert load_dump(load_config(folder), target).rows == count(server, "s.u") == 2


@pytest.mark.parametrize("load_data", [True, False], ids=["load data", "statements"])
def test_a_byte_order_mark_before_rows_is_refused_with_its_place(
    load_data: bool, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=ROWS))
    (folder / "s.t.sql").write_bytes(b"\xef\xbb\xbf" + (folder / "s.t.sql").read_bytes())

    error = refused(load_config(folder, load_data=load_data), target, DumpFormatError)

    assert (error.file, error.offset) == ("s.t.sql", 0)
    check_message("a byte order mark (s.t.sql)", error)


@pytest.mark.parametrize("load_data", [True, False], ids=["load data", "statements"])
def test_windows_line_ends_between_statements_and_rows_change_nothing(
    load_data: bool, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", numbered("t", 300))
    reference = hashes_by_client(server, folder)
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))

    report = load_dump(load_config(folder, load_data=load_data), target)

    assert (report.outcome, table_hashes(server, ["s"])) == ("clean", reference)
    assert (report.binlog_name, report.binlog_pos, report.binlog_gtid) == ("vm-bin.000001", 606443, "0-7-28")


# -- collations


def with_collation(name: str) -> Table:
    create = (
        "(`id` int NOT NULL, `v` varchar(40) CHARACTER SET utf8mb4 COLLATE {0} COMMENT 'COLLATE {0}', "
        "KEY `v` (`v`), PRIMARY KEY (`id`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE={0}"
    )
    return Table("t", create.format(name), ROWS)


@pytest.mark.only_on("mariadb", because="MySQL has all of them")
def test_unknown_collations_are_all_named_before_anything_is_created(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    known = {name for (name,) in query(server, "SELECT collation_name FROM information_schema.collations")}
    folder = write_dump(
        tmp_path / "dump",
        with_collation(NOT_THERE),
        Table("u", "(`id` int) COLLATE=utf8mb4_ja_0900_as_cs"),
        Table("w", "(`id` int) DEFAULT CHARSET=gb18030"),
    )
    options = f"/*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE {NOT_THERE} */"
    (folder / "s-schema-create.sql").write_text(f"CREATE DATABASE `s` {options};\n")

    error = refused(load_config(folder), target, TargetError)

    assert error.errno in {1115, 1273}
    assert "collation_map" in error.remedy
    for name in {NOT_THERE, "utf8mb4_ja_0900_as_cs", "gb18030"} - known:  # a newer MariaDB knows some of MySQL's
        assert name in error.message
    check_message("charsets and collations that the target does not know", error)
    check_nothing_created(server)


def test_the_map_gives_tables_and_databases_another_collation_and_no_string_another_text(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(
        tmp_path / "dump", with_collation(NOT_THERE), views={"w": f"SELECT `v` COLLATE {NOT_THERE} AS `v` FROM `t`"}
    )
    (folder / "s-schema-create.sql").write_text(f"CREATE DATABASE `s` CHARACTER SET utf8mb4 COLLATE {NOT_THERE};\n")

    report = load_dump(load_config(folder, collation_map={NOT_THERE.upper(): INSTEAD}), target)

    column = (
        "SELECT collation_name, column_comment FROM information_schema.columns "
        "WHERE table_schema = 's' AND table_name = %s AND column_name = 'v'"
    )
    assert report.outcome == "clean"
    assert query(server, column, "t") == [(INSTEAD, f"COLLATE {NOT_THERE}")]
    assert query(server, column, "w") == [(INSTEAD, "")]
    of_schema = "SELECT default_collation_name FROM information_schema.schemata WHERE schema_name = 's'"
    assert one(server, of_schema) == INSTEAD


@pytest.mark.parametrize("pair", [{"utf8mb4_bin": "latin1_bin"}, {"latin1": "utf8mb4"}, {"a b": "c"}])
def test_a_map_that_would_read_the_bytes_in_another_charset_is_refused(pair: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="collation_map"):
        LoadConfig(task_name="t", dump_uri="/d", collation_map=pair)


# -- engines


@pytest.mark.parametrize("engine", ["MyISAM", "Aria", "MEMORY", "ROCKSDB"])
def test_an_engine_without_transactions_is_refused_by_name_or_converted(
    engine: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    options = {"Aria": " PAGE_CHECKSUM=1 ROW_FORMAT=PAGE", "MyISAM": " ROW_FORMAT=FIXED CHECKSUM=1"}.get(engine, "")
    create = f"(`id` int NOT NULL, `v` char(40), PRIMARY KEY (`id`)) ENGINE={engine}{options} COMMENT='ENGINE={engine}'"
    folder = write_dump(tmp_path / "dump", Table("t", create, ROWS), Table("u", rows=ROWS))

    error = refused(load_config(folder), target, TargetError)

    assert (engine.upper() in error.message.upper(), error.table, error.file) == (True, "s.t", "s.t-schema.sql")
    assert "convert_engines" in error.remedy
    if engine in {"MyISAM", "ROCKSDB"}:
        check_message(f"an engine without transactions, or that the target lacks ({engine})", error, server=server)
    check_nothing_created(server)

    report = load_dump(load_config(folder, convert_engines=True), target)

    facts = query(server, "SELECT engine, table_comment FROM information_schema.tables WHERE table_name = 't'")
    assert facts == [("InnoDB", f"ENGINE={engine}")]
    assert (report.outcome, count(server, "s.t")) == ("clean", 2)


def test_a_table_that_stands_for_others_is_not_converted(target: TargetConfig, tmp_path: Path) -> None:
    create = "(`id` int NOT NULL, `v` char(40)) ENGINE=MRG_MyISAM UNION=(`a`)"
    folder = write_dump(tmp_path / "dump", Table("t", create, ROWS))

    error = refused(load_config(folder, convert_engines=True), target, TargetError)

    assert "MRG_MyISAM" in error.message


def test_an_existing_table_without_transactions_is_refused_before_anything_is_created(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    engine = "Aria" if server.flavour == "mariadb" else "MyISAM"
    server.client(f"CREATE DATABASE s; CREATE TABLE s.t (`id` int PRIMARY KEY, `v` varchar(40)) ENGINE={engine}")
    folder = write_dump(tmp_path / "dump", Table("a", rows=ROWS), Table("t", rows=ROWS))

    error: LoaderError = refused(load_config(folder, convert_engines=True), target, TargetError)

    assert (engine in error.message, error.table) == (True, "s.t")
    assert query(server, "SHOW TABLES IN s") == [("t",)]
    server.client("ALTER TABLE s.t ENGINE=InnoDB")
    assert load_dump(load_config(folder), target).rows == 4
