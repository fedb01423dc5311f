from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader.dump.create_table import Column, CreateTable, parse_create_table
from airflow_dm_loader.dump.schema_files import read_schema_file

DUMPS = Path(__file__).parents[1] / "data" / "dumps"


def parsed(statement: str, *, ansi_quotes: bool = False) -> CreateTable:
    found = parse_create_table(statement, ansi_quotes=ansi_quotes)
    assert found is not None
    return found


def columns(body: str, *, ansi_quotes: bool = False) -> tuple[str, ...]:
    return tuple(column.name for column in parsed(f"CREATE TABLE `t` (\n{body}\n)", ansi_quotes=ansi_quotes).columns)


def test_a_real_table_is_read() -> None:
    path = DUMPS / "mydumper-1.0" / "shop.products-schema.sql"
    create = read_schema_file(path.read_bytes(), path.name).create.decode()
    table = parsed(create)
    assert (table.table, table.engine) == ("products", "InnoDB")
    assert create[table.body_at :].startswith("(\n  `sku` varchar(32) NOT NULL,")
    assert [column.name for column in table.columns if column.generated] == ["net"]
    assert table.row_columns == ("sku", "title", "attrs", "photo", "price", "tags", "kind")


@pytest.mark.parametrize(
    ("start", "name"),
    [
        ("CREATE TABLE `t`", "t"),
        ("create table t", "t"),
        ("CREATE TABLE IF NOT EXISTS `t`", "t"),
        ("CREATE TEMPORARY TABLE `t`", "t"),
        ("CREATE /* why (not) */ TABLE -- (\n `t`", "t"),
        ("CREATE TABLE `s`.`t`", "t"),
        ("CREATE TABLE s . t", "t"),
        ("CREATE TABLE `a``b (c`", "a`b (c"),
        ("CREATE TABLE `表`", "表"),
        ("CREATE TABLE `select`", "select"),
    ],
)
def test_the_table_s_name_and_where_its_body_starts(start: str, name: str) -> None:
    statement = f"{start} (`a` int)"
    table = parsed(statement)
    assert table.table == name
    assert statement[table.body_at :] == "(`a` int)"
    assert table.columns == (Column("a", definition="int"),)


@pytest.mark.parametrize(
    ("body", "has_key"),
    [
        ("`a` int, PRIMARY KEY (`a`)", True),
        ("`a` int PRIMARY KEY", True),
        ("`a` int KEY", True),
        ("`a` int, CONSTRAINT `x` PRIMARY KEY USING BTREE (`a`)", True),
        ("`a` int, CONSTRAINT PRIMARY KEY (`a`)", True),
        ("`a` int NOT NULL UNIQUE", True),
        ("`a` int UNIQUE KEY NOT NULL", True),
        ("`a` int NOT NULL, `b` int NOT NULL, UNIQUE KEY `k` (`b`,`a`(3) DESC)", True),
        ("`a` int NOT NULL, CONSTRAINT `u` UNIQUE (`A`)", True),
        ("`a` int", False),
        ("`a` int UNIQUE", False),
        ("`a` int, KEY `primary` (`a`)", False),
        ("`primary` int, `key` int", False),
        ("`a` int COMMENT 'PRIMARY KEY'", False),
        ("`a` int NOT NULL, `b` int, UNIQUE KEY `k` (`a`,`b`)", False),
        ("`a` int NOT NULL, UNIQUE KEY `k` ((`a` + 1))", False),
        ("`a` int NOT NULL, KEY `a` (`a`), CHECK (`a` > 0)", False),
        ("`a` int /* PRIMARY KEY */", False),
    ],
)
def test_whether_a_table_has_a_key_that_tells_its_rows_apart(body: str, has_key: bool) -> None:
    assert parsed(f"CREATE TABLE `t` ({body})").has_key is has_key


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE `t` LIKE `x`",
        "CREATE TABLE `t` (LIKE `x`)",
        "CREATE TABLE IF NOT EXISTS `t` (like x)",
        "CREATE TABLE `t` SELECT 1",
        "CREATE TABLE `t` AS SELECT 1",
        "CREATE TABLE `t` (SELECT 1 AS a)",
        "CREATE TABLE `t` (`a` int) AS SELECT 1 AS b",
        "CREATE TABLE `t` (`a` int) ENGINE=InnoDB REPLACE SELECT 1 AS b",
        "CREATE TABLE",
        "CREATE TABLE `t`",
        "CREATE TABLE `t` ()",
        "CREATE VIEW `t` AS SELECT 1",
        "CREATE DATABASE `t`",
        "CREATE SEQUENCE `t` START WITH 1",
        "INSERT INTO t (a) VALUES (1)",
        "",
    ],
)
def test_what_has_no_list_of_all_its_columns_is_nothing(statement: str) -> None:
    assert parse_create_table(statement) is None


def test_select_in_a_comment_or_default_is_text() -> None:
    table = parsed("CREATE TABLE `t` (`a` int DEFAULT 'SELECT' COMMENT 'LIKE') COMMENT='AS SELECT 1'")
    assert table.row_columns == ("a",)


@pytest.mark.parametrize(
    ("definition", "generated"),
    [
        ("int GENERATED ALWAYS AS (`a` + 1) VIRTUAL", True),
        ("int GENERATED ALWAYS AS (concat('(',`a`,',')) STORED NOT NULL", True),
        ("int AS (`a`) PERSISTENT", True),
        ("timestamp(6) GENERATED ALWAYS AS ROW START", True),
        ("int as (1)", True),
        ("int COMMENT 'AS (1)'", False),
        ("int COMMENT \"GENERATED ALWAYS AS\"", False),
        ("int DEFAULT (cast('1' AS signed))", False),
        ("int CHECK (cast(`a` AS signed) > 0)", False),
        ("int /* AS (1) */", False),
        ("enum('AS','as (1)')", False),
    ],
)  # fmt: skip
def test_rows_do_not_hold_generated_columns(definition: str, generated: bool) -> None:
    table = parsed(f"CREATE TABLE `t` (`a` int, `AS` {definition}, `c` int)")
    assert [column.generated for column in table.columns] == [False, generated, False]
    assert table.row_columns == (("a", "c") if generated else ("a", "AS", "c"))


@pytest.mark.parametrize(
    ("definition", "invisible"),
    [
        ("bigint unsigned NOT NULL AUTO_INCREMENT /*!80023 INVISIBLE */", True),
        ("int INVISIBLE DEFAULT 1", True),
        ("int /*M!100303 INVISIBLE */", True),
        ("int COMMENT 'INVISIBLE'", False),
        ("int DEFAULT 1 /* INVISIBLE */", False),
        ("int /*!80023 VISIBLE */", False),
    ],
)
def test_rows_do_not_hold_invisible_columns(definition: str, invisible: bool) -> None:
    table = parsed(f"CREATE TABLE `t` (`my_row_id` {definition}, `INVISIBLE` int)")
    assert [column.invisible for column in table.columns] == [invisible, False]
    assert table.row_columns == (("INVISIBLE",) if invisible else ("my_row_id", "INVISIBLE"))


def test_keys_and_checks_are_not_columns() -> None:
    assert columns(
        """  `id` int NOT NULL,
  `key` int,
  `p` point NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `u` (`key`,`id` DESC),
  UNIQUE INDEX `ui` (`key`),
  KEY `k` (`key`) USING BTREE,
  INDEX `i` ((lower(`key`))),
  FULLTEXT KEY `f` (`key`),
  SPATIAL KEY `s` (`p`),
  VECTOR INDEX `v` ((VEC_COSINE_DISTANCE(`p`))),
  FOREIGN KEY (`id`) REFERENCES `x` (`id`),
  CONSTRAINT `fk` FOREIGN KEY (`id`) REFERENCES `x` (`a`, `b`) ON DELETE CASCADE,
  CONSTRAINT CHECK (`id` > 0),
  CHECK (`id` in (1,2)),
  PERIOD FOR SYSTEM_TIME (`a`, `b`),
  PERIOD FOR `app` (`a`, `b`)"""
    ) == ("id", "key", "p")


def test_columns_may_be_named_like_keys() -> None:
    names = [
        "PRIMARY",
        "UNIQUE",
        "KEY",
        "INDEX",
        "CONSTRAINT",
        "FOREIGN",
        "CHECK",
        "PERIOD",
        "AS",
        "a,b",
        "(",
        "`",
        "'",
    ]
    body = ",\n".join(f"`{name.replace('`', '``')}` int" for name in names)
    assert columns(body) == tuple(names)


def test_columns_may_have_no_quotes() -> None:
    assert columns("id int, period int, größe int, $a int, KEY (id)") == ("id", "period", "größe", "$a")


def test_commas_parentheses_and_quotes_in_types_and_texts_end_nothing() -> None:
    table = parsed(
        "CREATE TABLE `t` (`a` enum('x,y','(',')','it''s','\"','`','\\'') NOT NULL DEFAULT '(' COMMENT 'a), `z` int',"
        "`b` decimal(10,2) DEFAULT (round(1.5,1)), -- `y` int, (\n`c` set(\"a,b\"), # `x` int,\n`d` int) COMMENT=')'"
    )
    assert table.row_columns == ("a", "b", "c", "d")
    assert table.columns[1].definition == "decimal ( 10 , 2 ) DEFAULT ( round ( 1 . 5 , 1 ) )"


def test_double_quotes_are_names_only_where_the_head_says_so() -> None:
    body = '"id" int, "a""b" int, "key" text DEFAULT \'"\', PRIMARY KEY ("id")'
    assert columns(body, ansi_quotes=True) == ("id", 'a"b', "key")
    assert parse_create_table('CREATE TABLE "t" ("id" int)', ansi_quotes=True) is not None
    assert parse_create_table('CREATE TABLE "t" ("id" int)') is None


def test_columns_compare_by_what_they_mean_not_by_how_they_are_laid_out() -> None:
    one = parsed("CREATE TABLE `t` (\n  `a`  int(11)\tNOT NULL /* c */,\n `b` text\n)")
    other = parsed("CREATE TABLE `t` (`a` int(11) NOT NULL,`b` text) ENGINE=InnoDB")
    assert one.columns == other.columns
    assert one.columns != parsed("CREATE TABLE `t` (`a` int(10) NOT NULL,`b` text)").columns


@pytest.mark.parametrize(
    ("options", "engine"),
    [
        (" ENGINE=InnoDB DEFAULT CHARSET=utf8mb4", "InnoDB"),
        (" engine = MyISAM", "MyISAM"),
        (" ENGINE Aria", "Aria"),
        (" ENGINE='InnoDB'", "InnoDB"),
        (" /*!50100 ENGINE=MEMORY */", "MEMORY"),
        (" COMMENT='ENGINE=MyISAM'", None),
        ("", None),
        ("\n/*!50100 PARTITION BY RANGE (`a`)\n(PARTITION p0 VALUES LESS THAN (1) ENGINE = InnoDB) */", "InnoDB"),
    ],
)
def test_the_engine_is_the_table_s(options: str, engine: str | None) -> None:
    table = parsed(f"CREATE TABLE `t` (`a` int COMMENT 'ENGINE=x'){options}")
    assert table.engine == engine
    assert table.row_columns == ("a",)
