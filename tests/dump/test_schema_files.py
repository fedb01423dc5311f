from __future__ import annotations

import copy
import gzip
import pickle
from pathlib import Path

import pytest

from airflow_dm_loader.dump.create_table import parse_create_table
from airflow_dm_loader.dump.inventory import read_inventory
from airflow_dm_loader.dump.schema_files import SchemaFile, checked, load_schema_file, read_schema_file
from airflow_dm_loader.dump.schema_objects import ObjectKind, SchemaObject
from airflow_dm_loader.dump.storage import LocalStorage
from airflow_dm_loader.errors import DumpFormatError, NotCreateStatementError

DUMPS = Path(__file__).parents[1] / "data" / "dumps"
NAMES = sorted(path.name for path in DUMPS.iterdir() if path.is_dir())
CREATE = b"CREATE TABLE `t` (\n  `a` int\n)"
TABLE = SchemaObject(ObjectKind.TABLE, "s", "t")


def refusal(raw: bytes) -> NotCreateStatementError:
    with pytest.raises(NotCreateStatementError) as caught:
        read_schema_file(raw, "s.t-schema.sql")
    return caught.value


@pytest.mark.parametrize("name", NAMES)
def test_all_schema_files_of_a_real_dump_are_read(name: str) -> None:
    storage = LocalStorage(DUMPS / name)
    inventory = read_inventory(storage, require_finished=True)
    for (_, table), file in inventory.table_schemas.items():
        parsed = parse_create_table(load_schema_file(storage, file).create.decode())
        assert parsed is not None
        assert parsed.table == table
    for (_, view), file in inventory.views.items():
        read = load_schema_file(storage, file)
        assert f"VIEW `{view}` AS ".encode() in read.create
        assert read.settings["character_set_client"] == "utf8mb4"
    for file in inventory.database_schemas.values():
        assert load_schema_file(storage, file).create.startswith(b"CREATE DATABASE ")


def test_the_head_and_the_statement_are_told_apart() -> None:
    raw = b"/*!40101 SET NAMES binary*/;\n/*!40103 SET TIME_ZONE='+00:00' */;\n" + CREATE + b" ENGINE=InnoDB;\n"
    assert read_schema_file(raw, "s.t-schema.sql") == SchemaFile(
        name="s.t-schema.sql",
        settings={"names": "binary", "time_zone": "+00:00"},
        create=CREATE + b" ENGINE=InnoDB",
        offset=raw.index(b"CREATE"),
    )


def test_of_two_settings_the_last_before_the_statement_counts() -> None:
    raw = b"SET sql_mode='a'; SET sql_mode='b';" + CREATE + b"; SET sql_mode='c';"
    assert read_schema_file(raw, "f").settings == {"sql_mode": "b"}


@pytest.mark.parametrize(
    "left_out",
    [
        b"DROP TABLE IF EXISTS `t`",
        b"drop view if exists `t`",
        b"SET @PREV_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT",
        b"SET character_set_client = @PREV_CHARACTER_SET_CLIENT",
        b"/*!40101 SET @saved_cs_client = @@character_set_client */",
        b"SET @@SESSION.sql_mode = @old",
    ],
)
def test_saving_restoring_and_dropping_are_left_out(left_out: bytes) -> None:
    for raw in (left_out + b";\n" + CREATE + b";", CREATE + b";\n" + left_out + b";"):
        read = read_schema_file(raw, "f")
        assert (read.create, read.settings) == (CREATE, {})


def test_another_object_than_the_file_s_own_may_not_even_be_dropped() -> None:
    file = read_schema_file(b"DROP TABLE IF EXISTS `other`;\n" + CREATE + b";", "s.t-schema.sql")
    with pytest.raises(NotCreateStatementError, match="it would drop `other`, but is the file of the table"):
        checked(file, TABLE)


@pytest.mark.parametrize(
    ("sql_mode", "written", "usual"),
    [
        (
            "ANSI_QUOTES",
            b'CREATE TABLE "t" ("a""b`c" int DEFAULT \'"\')',
            b"CREATE TABLE `t` (`a\"b``c` int DEFAULT '\"')",
        ),
        ("ANSI", b'CREATE TABLE "t" ("a" int)', b"CREATE TABLE `t` (`a` int)"),
        (
            "NO_BACKSLASH_ESCAPES",
            b"CREATE TABLE `t` (`a` int COMMENT '\\')",
            b"CREATE TABLE `t` (`a` int COMMENT '\\\\')",
        ),
        (
            "NO_BACKSLASH_ESCAPES",
            b'CREATE TABLE `t` (`a` int COMMENT "\\")',
            b'CREATE TABLE `t` (`a` int COMMENT "\\\\")',
        ),
        ("", b'CREATE TABLE `t` (`a` int COMMENT "\\"")', b'CREATE TABLE `t` (`a` int COMMENT "\\"")'),
    ],
)
def test_a_statement_is_handed_on_in_the_usual_quotes(sql_mode: str, written: bytes, usual: bytes) -> None:
    read = read_schema_file(b"SET sql_mode='PIPES_AS_CONCAT," + sql_mode.encode() + b"';\n" + written + b";", "f")
    assert read.create == usual
    assert read.settings["sql_mode"].strip(",") == "PIPES_AS_CONCAT"


def test_keys_that_stand_behind_the_table_become_part_of_it() -> None:
    alters = b"ALTER TABLE `t` \n ADD  KEY `k` (`a`),\n ADD UNIQUE KEY `u` (`a`,`b`);\n"
    alters += b"ALTER TABLE `t` ADD CONSTRAINT `f` FOREIGN KEY (`b`) REFERENCES `u` (`id`);\n"
    read = read_schema_file(b"CREATE TABLE `t` (\n  `a` int,\n  `b` int\n) ENGINE=InnoDB;\n" + alters, "s.t-schema.sql")
    assert read.create.decode() == (
        "CREATE TABLE `t` (\n  `a` int,\n  `b` int,\n  KEY `k` (`a`),\n  UNIQUE KEY `u` (`a`,`b`)\n,\n"
        "  CONSTRAINT `f` FOREIGN KEY (`b`) REFERENCES `u` (`id`)\n) ENGINE=InnoDB"
    ).replace(")\n,\n", "),\n")
    assert checked(read, TABLE).engines == ("INNODB",)


@pytest.mark.parametrize(
    "alter",
    [
        b"ALTER TABLE `t` ADD COLUMN `b` int",
        b"ALTER TABLE `t` ADD KEY `k` (`a`), ENGINE=CSV",
        b"ALTER TABLE `t` ADD KEY `k` (`a`), DROP PRIMARY KEY",
        b"ALTER TABLE `u` ADD KEY `k` (`a`)",
        b"ALTER TABLE `x`.`t` ADD KEY `k` (`a`)",
        b"ALTER TABLE `t`",
        b"ALTER TABLE `t` ADD",
        b"ALTER TABLE `t` ADD KEY `k` (`a`) /*!99999 ,DROP PRIMARY KEY */",
    ],
)
def test_an_alter_that_does_more_is_refused_with_the_tool_s_option(alter: bytes) -> None:
    error = refusal(CREATE + b";\n" + alter + b";")
    assert "--skip-indexes" in (error.remedy or "")
    assert error.offset == len(CREATE) + 2


@pytest.mark.parametrize(
    "other",
    [
        b"DROP TABLE `t`",
        b"DROP DATABASE IF EXISTS `s`",
        b"INSERT INTO t VALUES (1)",
        b"ALTER TABLE t ADD COLUMN b int",
        b"SET GLOBAL sql_mode=''",
        b"SET wait_timeout=1",
        b"USE `s`",
        b"CREATED",
    ],
)
def test_any_other_statement_is_refused_with_its_place_and_text(other: bytes) -> None:
    error = refusal(CREATE + b";\n" + other + b";")
    assert (error.code, error.file, error.offset) == (34007, "s.t-schema.sql", len(CREATE) + 2)
    assert error.statement == other.decode()


def test_a_second_create_is_refused() -> None:
    error = refusal(CREATE + b";\n" + CREATE + b";")
    assert "second CREATE" in error.message
    assert error.offset == len(CREATE) + 2


@pytest.mark.parametrize(
    "raw", [b"", b"\n", b"SET NAMES binary;", b"-- CREATE TABLE t (a int);\n", b"DROP TABLE IF EXISTS t;"]
)
def test_a_file_without_create_is_refused(raw: bytes) -> None:
    error = refusal(raw)
    assert "no CREATE statement" in error.message
    assert error.offset == 0


@pytest.mark.parametrize("cut", range(1, len(CREATE)))
def test_a_cut_file_is_refused(cut: int) -> None:
    with pytest.raises(DumpFormatError):
        read_schema_file(CREATE[:cut], "f")


def test_a_compressed_file_is_decoded(tmp_path: Path) -> None:
    (tmp_path / "s.t-schema.sql.gz").write_bytes(gzip.compress(CREATE + b";"))
    assert load_schema_file(LocalStorage(tmp_path), "s.t-schema.sql.gz").create == CREATE


def test_a_file_that_is_far_too_large_is_refused_unread(tmp_path: Path) -> None:
    (tmp_path / "s.t-schema.sql.gz").write_bytes(gzip.compress(b" " * 101 + CREATE + b";"))
    with pytest.raises(NotCreateStatementError, match="more than 100 bytes") as caught:
        load_schema_file(LocalStorage(tmp_path), "s.t-schema.sql.gz", most_bytes=100)
    assert caught.value.file == "s.t-schema.sql.gz"


def test_the_error_survives_being_pickled_and_copied() -> None:
    error = refusal(b"nonsense;")
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is NotCreateStatementError
        assert str(again) == str(error)
