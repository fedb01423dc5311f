"""What a CREATE statement may hold, told by its tokens."""

from __future__ import annotations

import pytest

from airflow_dm_loader.dump.schema_objects import Definition, ObjectKind, SchemaObject, understand
from airflow_dm_loader.dump.table_options import NotAllowedError

DATABASE = SchemaObject(ObjectKind.DATABASE, "s")
TABLE = SchemaObject(ObjectKind.TABLE, "s", "t")
VIEW = SchemaObject(ObjectKind.VIEW, "s", "v")
SEQUENCE = SchemaObject(ObjectKind.SEQUENCE, "s", "q")


def understood(statement: str, wanted: SchemaObject) -> Definition:
    return understand(statement, wanted, most_tokens=10_000)


@pytest.mark.parametrize(
    ("statement", "wanted"),
    [
        ("CREATE DATABASE `s`", DATABASE),
        ("CREATE DATABASE IF NOT EXISTS `s` CHARACTER SET = utf8mb4 COLLATE utf8mb4_bin COMMENT 'x; y'", DATABASE),
        (
            "CREATE DATABASE /*!32312 IF NOT EXISTS*/ `s` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE "
            "utf8mb4_0900_ai_ci */ /*!80016 DEFAULT ENCRYPTION='N' */",
            DATABASE,
        ),
        ("CREATE DATABASE `s` /*T![placement] PLACEMENT POLICY=`eu` */", DATABASE),
        ("CREATE TABLE `t` (`a` int)", TABLE),
        ("create table if not exists `s`.`t`(`a` int) engine MyISAM", TABLE),
        (
            "CREATE TABLE `t` (`a` int COMMENT '; SELECT */ /*') ENGINE=InnoDB AUTO_INCREMENT=7 COMMENT='AS SELECT'",
            TABLE,
        ),
        (
            "CREATE TABLE `t` (`a` int /*!80023 INVISIBLE */, `SELECT` int CHECK (`SELECT` > 0)) CHARSET=latin1",
            TABLE,
        ),
        ("CREATE TABLE `t` (`a` int DEFAULT (uuid()), `b` int AS (`a` + 1) VIRTUAL, KEY ((lower(`a`))))", TABLE),
        ("CREATE TABLE `t` (`a` int) ENGINE=InnoDB SEQUENCE=1", TABLE),
        ("CREATE TABLE `t` (`a` int) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME INTERVAL 1 MONTH AUTO", TABLE),
        (
            "CREATE TABLE `t` (`a` int) ENGINE=InnoDB\n/*!50100 PARTITION BY RANGE (`a`)\nSUBPARTITION BY HASH (`a`)\n"
            "(PARTITION p0 VALUES LESS THAN (10) COMMENT = 'x' ENGINE = InnoDB,\n PARTITION p1 VALUES LESS THAN "
            "MAXVALUE ENGINE = InnoDB) */",
            TABLE,
        ),
        (
            "CREATE TABLE `t` (`a` int) PARTITION BY LIST (`a`) (PARTITION p VALUES IN (1,2), PARTITION q DEFAULT)",
            TABLE,
        ),
        (
            "CREATE TABLE `t` (`a` bigint /*T![auto_rand] AUTO_RANDOM(5) */, PRIMARY KEY (`a`) /*T![clustered_index] "
            "CLUSTERED */) ENGINE=InnoDB /*T! SHARD_ROW_ID_BITS=4 PRE_SPLIT_REGIONS=2 */ /*T![auto_id_cache] "
            "AUTO_ID_CACHE=1 */ /*T![ttl] TTL=`c` + INTERVAL 3 MONTH */ /*T![ttl] TTL_ENABLE='ON' */",
            TABLE,
        ),
        ("CREATE TABLE `t` (`a` int) /*!50100 TABLESPACE `x` STORAGE DISK */ ENGINE=NDB", TABLE),
        ("CREATE TABLE `t` (`a` int) ENGINE=InnoDB `PAGE_COMPRESSED`=1 `ENCRYPTED`=YES", TABLE),
        ("CREATE VIEW `v` AS SELECT 1", VIEW),
        (
            "CREATE ALGORITHM=UNDEFINED DEFINER=`root`@`localhost` SQL SECURITY DEFINER VIEW `s`.`v` (`a`, `b`) AS "
            "select 1,'; -- ' WITH CASCADED CHECK OPTION",
            VIEW,
        ),
        ("CREATE DEFINER=root@localhost VIEW `v` AS (select 1) union (select 2)", VIEW),
        ("CREATE DEFINER=CURRENT_USER() VIEW `v` AS with x as (select 1) select * from x", VIEW),
        ("CREATE DEFINER='a'@'%' VIEW `v` AS VALUES (1)", VIEW),
        (
            "CREATE SEQUENCE `q` start with 1 minvalue -5 maxvalue 9 increment by 1 cache 1000 nocycle ENGINE=InnoDB",
            SEQUENCE,
        ),
    ],
)
def test_what_dump_tools_write_is_understood(statement: str, wanted: SchemaObject) -> None:
    found = understood(statement, wanted)
    assert found.unsafe == ()
    assert wanted.name is None or f"`{wanted.name}`" in statement[: found.rest_at]


@pytest.mark.parametrize(
    ("statement", "wanted"),
    [
        # another kind, another name, something in place of what is there
        ("CREATE USER evil@'%' IDENTIFIED BY 'x'", VIEW),
        ("CREATE OR REPLACE DATABASE `victim`", VIEW),
        ("CREATE OR REPLACE DATABASE `s`", DATABASE),
        ("CREATE OR REPLACE TABLE `t` (`a` int)", TABLE),
        ("CREATE OR REPLACE VIEW `v` AS SELECT 1", VIEW),
        ("CREATE TEMPORARY TABLE `t` (`a` int)", TABLE),
        ("CREATE DATABASE `other`", DATABASE),
        ("CREATE TABLE `other` (`a` int)", TABLE),
        ("CREATE TABLE `other`.`t` (`a` int)", TABLE),
        ("CREATE VIEW `other`.`v` AS SELECT 1", VIEW),
        ("CREATE TRIGGER `v` BEFORE INSERT ON t FOR EACH ROW SET @a = 1", VIEW),
        ("CREATE EVENT `v` ON SCHEDULE EVERY 1 DAY DO DROP TABLE t", VIEW),
        ("CREATE FUNCTION `v` RETURNS STRING SONAME 'x.so'", VIEW),
        ("CREATE VIEW `v` AS SELECT load_file('/etc/passwd')", VIEW),
        ("CREATE VIEW `v` AS SELECT `load_file` ('/etc/passwd')", VIEW),
        ("CREATE VIEW `v` AS SELECT 1 FROM t WHERE get_lock('a', 9) = 1", VIEW),
        ("CREATE VIEW `v` AS SELECT release_all_locks()", VIEW),
        ("CREATE VIEW `v` AS SELECT 1 FROM t WHERE a = (SELECT sleep(5))", VIEW),
        ("CREATE VIEW `v` AS SELECT setval(other.q, 5)", VIEW),
        # rows from elsewhere
        ("CREATE TABLE `t` AS SELECT 1", TABLE),
        ("CREATE TABLE `t` LIKE `u`", TABLE),
        ("CREATE TABLE `t` (LIKE `u`)", TABLE),
        ("CREATE TABLE `t` (`a` int) SELECT 1", TABLE),
        ("CREATE TABLE `t` (`a` int) AS SELECT 1", TABLE),
        ("CREATE TABLE `t` (`a` int) (SELECT 1)", TABLE),
        ("CREATE TABLE `t` (`a` int) IGNORE AS SELECT 1", TABLE),
        ("CREATE TABLE `t` (`a` int) REPLACE SELECT 1", TABLE),
        ("CREATE TABLE `t` (`a` int) TABLE `u`", TABLE),
        ("CREATE TABLE `t` (`a` int) VALUES (1)", TABLE),
        ("CREATE TABLE `t` (`a` int) WITH x AS (SELECT 1) SELECT * FROM x", TABLE),
        ("CREATE TABLE `t` (`a` int) COMMENT='x' SELECT 1", TABLE),
        ("CREATE TABLE `t` (`a` int) COMMENT SELECT 1", TABLE),
        ("CREATE TABLE `t` (`a` int) PARTITION BY HASH (`a`) PARTITIONS 2 SELECT 1", TABLE),
        ("CREATE TABLE `t` (`a` int) PARTITION BY HASH (`a`) PARTITIONS 2 VALUES (1)", TABLE),
        ("CREATE TABLE `t` (`a` int) PARTITION BY HASH (`a`) (TABLE `u`)", TABLE),
        ("CREATE TABLE `t` (`a` int DEFAULT (SELECT 1))", TABLE),
        ("CREATE TABLE `t` (`a` text DEFAULT (LOAD_FILE('/etc/passwd')))", TABLE),
        ("CREATE TABLE `t` (`a` int DEFAULT (sleep (100)))", TABLE),
        ("CREATE TABLE `t` (`a` text DEFAULT (@@datadir))", TABLE),
        ("CREATE TABLE `t` (`a` int DEFAULT (@a := 1))", TABLE),
        # behind comments that servers read in different ways
        ("CREATE TABLE `t` (`a` int) /*!50000 AS SELECT 1 */", TABLE),
        ("CREATE TABLE `t` (`a` int) /*M!100100 SELECT 1 */", TABLE),
        ("CREATE TABLE `t` (`a` int) /*M! SELECT 1 */", TABLE),
        ("CREATE TABLE `t` (`a` int) /*T! SELECT 1 */", TABLE),
        ("CREATE TABLE `t` (`a` int) /*!99999 `` */ SELECT 1 AS v /*!99999 `` */", TABLE),
        ("CREATE TABLE `t` (`a` int) COMMENT /*!99999 = */ SELECT", TABLE),
        ("CREATE TABLE `t` (`a` int /*!99999 ) SELECT 1 */)", TABLE),
        ("CREATE TABLE `t` (`a` int /*!99999 , `b` decimal(1 */)", TABLE),
        ("CREATE TABLE `t` (`a` int /*!50000 COMMENT '*/ ' */)", TABLE),
        ("CREATE TABLE `t` (`a` int /*!50000 /*!50000 */ */)", TABLE),
        ("CREATE TABLE `t` (`a` int) /* SELECT 1", TABLE),
        ("CREATE TABLE `t` (`a` int) */ SELECT 1", TABLE),
        ("CREATE TABLE `t` (`a` int --1\n)", TABLE),
        ("CREATE TABLE `t` (`a` int) COMMENT 'x", TABLE),
        ("CREATE TABLE `t` (`a` int) COMMENT 'x'; DROP TABLE `u`", TABLE),
        ("CREATE TABLE `t` (`a` int", TABLE),
        ("CREATE TABLE `t` (`a` int)\0", TABLE),
        ("CREATE /*!50001 OR REPLACE */ VIEW `v` AS SELECT 1", VIEW),
        ("CREATE VIEW `v` AS SELECT 1 INTO OUTFILE '/tmp/x'", VIEW),
        ("CREATE VIEW `v` AS SELECT 1 /*!50000 FROM x */", VIEW),
        ("CREATE VIEW `v` (`a`, sleep(1)) AS SELECT 1", VIEW),
        ("CREATE VIEW `v`", VIEW),
        ("CREATE VIEW `v` AS DELETE FROM t", VIEW),
        ("CREATE DEFINER=`a`@`b` DROP VIEW `v` AS SELECT 1", VIEW),
        ("CREATE DATABASE `s` CHARACTER SET utf8mb4 DROP", DATABASE),
        ("CREATE DATABASE `s` READ ONLY=1", DATABASE),
        ("CREATE SEQUENCE `q` START WITH (SELECT 1)", SEQUENCE),
        ("CREATE", TABLE),
        ("", TABLE),
    ],
)
def test_whatever_else_is_refused_at_its_place(statement: str, wanted: SchemaObject) -> None:
    with pytest.raises(NotAllowedError) as caught:
        understood(statement, wanted)
    assert 0 <= caught.value.at <= len(statement)


@pytest.mark.parametrize(
    ("options", "unsafe", "engines"),
    [
        ("DATA DIRECTORY='/etc'", ("DATA DIRECTORY",), ()),
        ("INDEX DIRECTORY '/etc'", ("DATA DIRECTORY",), ()),
        ("ENGINE=FEDERATED CONNECTION='mysql://u@h/d/t'", ("CONNECTION",), ("FEDERATED",)),
        ("ENGINE=MERGE UNION=(`a`,`mysql`.`user`) INSERT_METHOD=LAST", ("UNION", "INSERT_METHOD"), ("MERGE",)),
        ("ENGINE=CONNECT `table_type`=CSV `file_name`='/etc/passwd'", ("TABLE_TYPE", "FILE_NAME"), ("CONNECT",)),
        (
            "PARTITION BY HASH (`a`) (PARTITION p ENGINE = CSV, PARTITION q DATA DIRECTORY = '/etc')",
            ("DATA DIRECTORY",),
            ("CSV",),
        ),
        ("/*!50100 ENGINE=`CSV` */", (), ("CSV",)),
        ("COMMENT='NEXTVAL(`other`.`q`)'", (), ()),
    ],
)
def test_what_reaches_out_of_the_server_s_tables_is_told(
    options: str, unsafe: tuple[str, ...], engines: tuple[str, ...]
) -> None:
    found = understood(f"CREATE TABLE `t` (`a` int) {options}", TABLE)
    assert (found.unsafe, found.engines) == (unsafe, engines)


@pytest.mark.parametrize(
    ("default", "unsafe"),
    [
        ("nextval(`s`.`q`)", ()),
        ("nextval(`q`)", ()),
        ("(NEXT VALUE FOR `s`.`q`)", ()),
        ("nextval(`other`.`q`)", ("the sequence other.q",)),
        ("nextval(other.q)", ("the sequence other.q",)),
        ("lastval(`S`.`q`)", ("the sequence S.q",)),
        ("(NEXT VALUE FOR `other`.`q`)", ("the sequence other.q",)),
        ("(PREVIOUS VALUE FOR other . q)", ("the sequence other.q",)),
        ("'nextval(`other`.`q`)'", ()),
    ],
)
def test_a_sequence_of_another_schema_is_told(default: str, unsafe: tuple[str, ...]) -> None:
    assert understood(f"CREATE TABLE `t` (`a` int DEFAULT {default}, `b` int)", TABLE).unsafe == unsafe


def test_the_parts_of_a_view_are_told_apart() -> None:
    statement = "CREATE DEFINER=`a` SQL SECURITY INVOKER VIEW `v` (`x`) AS SELECT 1"
    found = understood(statement, VIEW)
    assert (found.before, statement[found.rest_at :]) == ("DEFINER=`a` SQL SECURITY INVOKER", " (`x`) AS SELECT 1")


def test_a_statement_has_only_so_many_words() -> None:
    with pytest.raises(NotAllowedError, match="more than 100 words and signs"):
        understand(f"CREATE TABLE `t` (`a` int CHECK ({'(' * 50}1{')' * 50}))", TABLE, most_tokens=100)
