"""What a CREATE TABLE asks for that another server leaves out in silence."""

from __future__ import annotations

import pytest

from airflow_dm_loader.dump.ddl_changes import with_ttl_off
from airflow_dm_loader.dump.table_features import count_checks, table_features
from airflow_dm_loader.dump.table_parts import lacks, table_parts

COLUMNS = "CREATE TABLE `t` (`a` int NOT NULL, `ttl` int, `compressed` int)"


@pytest.mark.parametrize(
    ("create", "features"),
    [
        (f"{COLUMNS} ENGINE=InnoDB COMMENT='TTL, LINEAR, INVISIBLE'", ()),
        ("CREATE TABLE `t` (`a` int /*!80023 INVISIBLE */, `b` int INVISIBLE)", ("INVISIBLE (a)", "INVISIBLE (b)")),
        ("CREATE TABLE `t` (`a` bigint NOT NULL /*T![auto_rand] AUTO_RANDOM(5) */)", ("AUTO_RANDOM (a)",)),
        ("CREATE TABLE `t` (`a` text /*M!100301 COMPRESSED*/)", ("COMPRESSED (a)",)),
        (f"{COLUMNS} /*T![ttl] TTL=`d` + INTERVAL 1 DAY */ /*T![ttl] TTL_ENABLE='ON' */", ("TTL",)),
        (f"{COLUMNS} /*T![placement] PLACEMENT POLICY=`e``u` */", ("placement policy e`u",)),
        (f"{COLUMNS} WITH SYSTEM VERSIONING", ("system versioning",)),
        (f"{COLUMNS} ENGINE=InnoDB `PAGE_COMPRESSED`=1", ("page compression",)),
        (f"{COLUMNS} COMPRESSION='zlib' ENCRYPTION='Y'", ("page compression", "encryption")),
        (f"{COLUMNS} COMPRESSION='NONE' ENCRYPTION='N' PAGE_COMPRESSED=0", ()),
        (f"{COLUMNS} PARTITION BY LINEAR HASH (a) PARTITIONS 3", ("LINEAR partitioning",)),
        (f"{COLUMNS} PARTITION BY RANGE (a) SUBPARTITION BY HASH (a) SUBPARTITIONS 2", ("subpartitions",)),
        (f"{COLUMNS} ENGINE=InnoDB /* CACHED ON */", ("CACHED",)),
        (f"{COLUMNS} COMMENT='/* CACHED ON */'", ()),
    ],
)
def test_features_are_told_from_names_and_texts(create: str, features: tuple[str, ...]) -> None:
    assert table_features(create) == features


def test_checks_are_counted_with_and_without_a_name() -> None:
    create = (
        "CREATE TABLE t (`check` int CHECK (`check` > 0), b int DEFAULT (1), CHECK (b > 0), CONSTRAINT c CHECK (1))"
    )
    assert count_checks(create) == 3


@pytest.mark.parametrize(
    ("dumped", "there", "said"),
    [
        ("(a int CHECK (a > 0), CHECK (a < 9))", "(a int)", ("2 checks",)),
        ("(a int CHECK (a > 0))", "(a int, CONSTRAINT t_chk_1 CHECK (a > 0))", ()),
        ("(a int, CONSTRAINT c CHECK (a > 0))", "(a int)", ("check c",)),
        ("(a int, CONSTRAINT c CHECK (a > 0), CHECK (a < 9))", "(a int)", ("check c", "a check")),
        ("(a int INVISIBLE)", "(a int /*!80023 INVISIBLE */)", ()),
        ("(a int /*!80023 INVISIBLE */)", "(a int)", ("INVISIBLE (a)",)),
        ("(a int) /* CACHED ON */", "(a int)", ("CACHED",)),
    ],
)
def test_what_came_out_lacking_is_named(dumped: str, there: str, said: tuple[str, ...]) -> None:
    asked, made = table_parts(f"CREATE TABLE t {dumped}"), table_parts(f"CREATE TABLE t {there}")
    assert asked is not None
    assert made is not None
    assert lacks(asked, made) == said


def test_ttl_is_switched_off_where_it_is_on() -> None:
    on = f"{COLUMNS} /*T![ttl] TTL=`d` + INTERVAL 1 DAY */ /*T![ttl] TTL_ENABLE='ON' */"
    assert with_ttl_off(on) == on.replace("'ON'", "'OFF'")
    assert with_ttl_off(with_ttl_off(on)) == with_ttl_off(on)
    assert with_ttl_off(f"{COLUMNS} COMMENT='TTL_ENABLE=ON'") == f"{COLUMNS} COMMENT='TTL_ENABLE=ON'"
