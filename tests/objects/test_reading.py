"""Files of triggers, routines and events, as real tools write them and as somebody else might."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader.errors import NotCreateStatementError
from airflow_dm_loader.objects.grammar import with_definer, words
from airflow_dm_loader.objects.kinds import SchemaObject
from airflow_dm_loader.objects.reading import read_objects

OBJECTS = Path(__file__).parents[1] / "data" / "objects"
DUMPS = Path(__file__).parents[1] / "data" / "dumps"
MOST = 1 << 22


def read(raw: bytes | str, table: str | None = None, schema: str = "s") -> list[SchemaObject]:
    raw = raw.encode() if isinstance(raw, str) else raw
    return list(read_objects(raw, "s-schema-post.sql", schema, table, most_bytes=MOST))


@pytest.mark.parametrize("source", ["mariadb", "mysql"])
def test_the_files_of_mydumper_0_10_are_read_whole(source: str) -> None:
    found = read((OBJECTS / source / "office-schema-post.sql").read_bytes(), schema="office")
    triggers = read((OBJECTS / source / "office.orders-schema-triggers.sql").read_bytes(), "orders", "office")

    assert [str(one) for one in found] == [
        *(f"function office.{name}" for name in ("greet", "gross", "vat")),
        *(f"procedure office.{name}" for name in ("latin", "log_it", "restock")),
        *(f"event office.{name}" for name in ("nightly", "off_one", "once")),
    ]
    assert [(one.name, one.timing, one.table) for one in triggers] == [
        ("orders_bi", "BEFORE INSERT ON", "orders"),
        ("aa_second", "BEFORE INSERT ON", "orders"),
        ("orders_ai", "AFTER INSERT ON", "orders"),
        ("orders_bd", "BEFORE DELETE ON", "orders"),
    ]
    assert [one.is_enabled for one in found[6:]] == [True, False, True]
    assert {one.definer for one in (*found, *triggers)} == {"`tester`@`%`"}
    assert found[3].sql == "()\nSELECT 'café; latin1' AS x"  # in latin1, beside others in UTF-8
    assert [one.session["character_set_client"] for one in found[:6]] == ["utf8mb4"] * 3 + ["latin1"] + ["utf8mb4"] * 2
    # The tool takes the comment of a routine of MySQL 9 for its charset, and that for its collation.
    assert ("collation_connection" in found[0].session) == (source == "mariadb")


@pytest.mark.parametrize("tool", ["mydumper-0.10", "mydumper-1.0"])
def test_both_versions_of_mydumper_write_the_same_objects(tool: str) -> None:
    post = read((DUMPS / tool / "shop-schema-post.sql").read_bytes(), schema="shop")
    triggers = read((DUMPS / tool / "shop.orders-schema-triggers.sql").read_bytes(), "orders", "shop")

    assert [str(one) for one in (*post, *triggers)] == [
        "function shop.vat", "procedure shop.restock", "event shop.nightly", "trigger shop.orders_note",
    ]  # fmt: skip
    assert ("sql_mode" in post[0].session) == (tool == "mydumper-1.0")


MYSQLDUMP = r"""-- MySQL dump 10.13
/*!50003 SET @saved_cs_client      = @@character_set_client */ ;
/*!50003 SET character_set_client  = latin1 */ ;
/*!50003 SET @saved_sql_mode       = @@sql_mode */ ;
/*!50003 SET sql_mode              = 'ANSI_QUOTES,STRICT_TRANS_TABLES' */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER="root"@"localhost"*/ /*!50003 TRIGGER "x" BEFORE INSERT ON "t" FOR EACH ROW BEGIN
  SET NEW."a" = 1;
END */;;
DELIMITER ;
/*!50003 SET sql_mode              = @saved_sql_mode */ ;
/*!50003 SET character_set_client  = @saved_cs_client */ ;
DELIMITER //
CREATE PROCEDURE p()
BEGIN
  -- a comment; of the body
  SELECT 1;
END //
DELIMITER ;
"""


def test_delimiters_and_version_comments_are_read() -> None:
    trigger, procedure = read(MYSQLDUMP)
    assert " ".join(words(trigger)) == "before insert on t for each row begin set new . a = 1 ; end"
    assert trigger.session == {"character_set_client": "latin1", "sql_mode": "STRICT_TRANS_TABLES"}
    assert (procedure.sql, procedure.session) == ("()\nBEGIN\n  -- a comment; of the body\n  SELECT 1;\nEND", {})


@pytest.mark.parametrize(
    ("text", "status", "sql"),
    [
        ("EVERY 1 DAY ON COMPLETION PRESERVE ENABLE DO SELECT 1", "ENABLE", "COMPLETION PRESERVE  DO SELECT 1"),
        ("EVERY 1 DAY DISABLE ON SLAVE COMMENT 'x' DO SELECT 1", "DISABLE ON SLAVE", "1 DAY  COMMENT 'x' DO SELECT 1"),
        ("EVERY 1 DAY COMMENT 'ENABLE; DO' DO SELECT 1", "ENABLE", "1 DAY COMMENT 'ENABLE; DO' DO SELECT 1"),
    ],
)
def test_whether_an_event_is_on_stands_apart(text: str, status: str, sql: str) -> None:
    (event,) = read(f"CREATE EVENT `e` ON SCHEDULE {text};\n")
    assert event.status == status
    assert event.sql.endswith(sql)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE FUNCTION f RETURNS STRING SONAME 'evil.so'",
        "CREATE AGGREGATE FUNCTION f RETURNS INTEGER SONAME 'evil.so'",
        "CREATE TRIGGER other.x BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1",
        "CREATE TRIGGER x BEFORE INSERT ON mysql.user FOR EACH ROW SET NEW.a = 1",
        "CREATE TRIGGER x BEFORE INSERT ON another FOR EACH ROW SET NEW.a = 1",
        "CREATE PROCEDURE `mysql`.`p`() SELECT 1",
        "CREATE USER evil",
        "CREATE DEFINER=root@localhost USER evil",
        "CREATE TABLE t (a int)",
        "CREATE /*!50003 PROCEDURE p() SELECT 1 */ /*!99999 , x */ SELECT 2 /* */ */",
        "CREATE PROCEDURE p() SELECT 'never closed",
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY",
        "DROP TABLE t",
        "DROP PROCEDURE p",
        "SET GLOBAL event_scheduler = 1",
        "SET @x = 1",
        "GRANT ALL ON *.* TO evil",
        "INSERT INTO t VALUES (1)",
    ],
)
def test_whatever_else_stands_there_is_refused(statement: str) -> None:
    with pytest.raises(NotCreateStatementError):
        read(f"{statement};\n", table="t")


def test_a_procedure_s_body_that_was_cut_is_no_other_statement() -> None:
    """Without DELIMITER a ; at a line's end ends the statement, as for the tools that write such files."""
    with pytest.raises(NotCreateStatementError, match="but not this"):
        read("CREATE PROCEDURE p() BEGIN SELECT 1;\nDROP TABLE t;\nEND;\n")


@pytest.mark.parametrize(
    ("create", "dropped", "replaced"),
    [
        (
            "CREATE ALGORITHM=MERGE DEFINER=`root`@`%` SQL SECURITY DEFINER VIEW `v` AS select 1",
            "CREATE ALGORITHM=MERGE SQL SECURITY DEFINER VIEW `v` AS select 1",
            "CREATE ALGORITHM=MERGE DEFINER=`a`@`b` SQL SECURITY DEFINER VIEW `v` AS select 1",
        ),
        (
            "CREATE SQL SECURITY DEFINER VIEW `v` AS select 1",
            "CREATE SQL SECURITY DEFINER VIEW `v` AS select 1",
            "CREATE DEFINER=`a`@`b` SQL SECURITY DEFINER VIEW `v` AS select 1",
        ),
        ("CREATE VIEW `v` AS select 1", "CREATE VIEW `v` AS select 1", "CREATE DEFINER=`a`@`b` VIEW `v` AS select 1"),
    ],
)
def test_the_definer_of_a_view_is_kept_dropped_or_replaced(create: str, dropped: str, replaced: str) -> None:
    assert with_definer(create, "keep") == create
    assert with_definer(create, "drop") == dropped
    assert with_definer(create, "replace:`a`@`b`") == replaced
