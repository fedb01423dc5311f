"""Loads into tables that exist in another form than the dump's: each value arrives, or no row is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import LoaderError, TargetError
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import HEAD, Table, load_config, write_dump
from tests.tables import count, query

OWN_BYTES = HEAD.replace("SET TIME_ZONE", "SET SQL_MODE='NO_AUTO_VALUE_ON_ZERO'*/;\n/*!40103 SET TIME_ZONE")
SHARDS = [{"schema-pattern": "s", "table-pattern": "t*", "target-schema": "s", "target-table": "t"}]


def there(server: PrivateMariaDB, column: str, options: str = "") -> None:
    query(server, "CREATE DATABASE s")
    query(server, f"CREATE TABLE s.t (id int NOT NULL PRIMARY KEY, v {column}) {options}")


def dump(folder: Path, column: str, *values: str, options: str = "DEFAULT CHARSET=utf8mb4") -> Path:
    create = f"(`id` int NOT NULL, `v` {column}, PRIMARY KEY (`id`)) ENGINE=InnoDB {options}"
    rows = [f"({at},{value})" for at, value in enumerate(values, 1)]
    return write_dump(folder, Table("t", create, rows, head=OWN_BYTES))


@pytest.mark.parametrize(
    ("dumped", "column", "values", "arrived"),
    [
        ("int", "bigint unsigned", ["7", "NULL"], ["7", None]),
        ("int", "varchar(20)", ["-7"], ["-7"]),
        ("decimal(6,2)", "decimal(8,4)", ["1.25"], ["1.2500"]),
        ("enum('a','b')", "enum('b','c','a')", ['"a"', '"b"'], ["a", "b"]),
        ("set('a','b')", "set('b','c','a')", ['"a,b"'], ["b,a"]),
        ("date", "datetime", ['"2026-01-02"'], ["2026-01-02 00:00:00"]),
        ("varchar(9)", "text", ['"a b "', '""'], ["a b ", ""]),
        ("year", "smallint", ["1999"], ["1999"]),
    ],
)
def test_a_wider_type_takes_each_value(
    server: PrivateMariaDB,
    target: TargetConfig,
    tmp_path: Path,
    dumped: str,
    column: str,
    values: list[str],
    arrived: list[str | None],
) -> None:
    there(server, column)

    report = load_dump(load_config(dump(tmp_path / "dump", dumped, *values)), target)

    assert [row[0] for row in query(server, "SELECT CAST(v AS CHAR) FROM s.t ORDER BY id")] == arrived
    assert report.outcome == "clean"


@pytest.mark.parametrize(
    ("dumped", "column", "value"),
    [
        ("int", "year", "70"),
        ("varchar(9)", "enum('a','b')", '"2"'),
        ("varchar(9)", "set('a','b')", '"a,b,a"'),
        ("varchar(9)", "int", '"1.5"'),
        ("decimal(6,2)", "varchar(9)", "1.50"),
        ("int", "bit(8)", "5"),
        ("enum('a','2')", "enum('a','b')", '"2"'),
        ("datetime", "date", '"2026-01-02 03:04:05"'),
        ("datetime", "timestamp NULL", '"2026-01-02 03:04:05"'),
    ],
)
def test_what_would_change_in_silence_is_refused_with_both_definitions(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path, dumped: str, column: str, value: str
) -> None:
    there(server, column)

    with pytest.raises(TargetError) as caught:
        load_dump(load_config(dump(tmp_path / "dump", dumped, value)), target)

    assert dumped in caught.value.message
    assert column.removesuffix(" NULL") in caught.value.message
    assert count(server, "s.t") == 0


def test_a_computed_column_that_is_plain_in_the_target_is_refused(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    there(server, "int")
    folder = dump(tmp_path / "dump", "int GENERATED ALWAYS AS (`id` + 1) VIRTUAL")

    (folder / "s.t.sql").write_text(f"{OWN_BYTES}INSERT INTO `t` (`id`) VALUES (1);\n")

    with pytest.raises(TargetError, match=r"v is int.* in the target and computed int in the dump"):
        load_dump(load_config(folder), target)


@pytest.mark.parametrize(
    ("ours", "letter", "theirs"),
    [("latin1", b"\xe9", "utf8mb4"), ("latin1", b"\xe9", "utf16"), ("utf8mb4", "é".encode(), "latin1"),
     ("utf8mb4", "é".encode(), "utf16"), ("gbk", b"\xa8\xa6", "utf8mb4")],
)  # fmt: skip
@pytest.mark.parametrize("load_data", [True, False])
def test_letters_stay_the_same_in_another_charset(
    server: PrivateMariaDB,
    target: TargetConfig,
    tmp_path: Path,
    ours: str,
    letter: bytes,
    theirs: str,
    load_data: bool,
) -> None:
    there(server, "varchar(9)", f"CHARSET={theirs}")
    text = '"' + letter.decode("utf-8", "surrogateescape") + 'abc"'
    folder = dump(tmp_path / "dump", "varchar(9)", text, options=f"DEFAULT CHARSET={ours}")

    load_dump(load_config(folder, load_data=load_data), target)

    assert query(server, "SELECT HEX(CONVERT(v USING utf8mb4)) FROM s.t") == [("C3A9616263",)]


def test_a_letter_that_the_target_s_charset_lacks_is_refused(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    there(server, "varchar(9)", "CHARSET=latin1")

    with pytest.raises(LoaderError, match="Incorrect string value"):
        load_dump(load_config(dump(tmp_path / "dump", "varchar(9)", '"日本"')), target)

    assert count(server, "s.t") == 0


def test_columns_of_several_charsets_are_refused_where_one_changes(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    query(server, "CREATE DATABASE s")
    query(server, "CREATE TABLE s.t (id int PRIMARY KEY, a varchar(9), b varchar(9)) CHARSET=utf8mb4")
    create = (
        "(`id` int, `a` varchar(9), `b` varchar(9) CHARACTER SET latin1, PRIMARY KEY (`id`)) DEFAULT CHARSET=utf8mb4"
    )
    row = b'(1,"\xc3\xa9","\xe9")'.decode("utf-8", "surrogateescape")
    folder = write_dump(tmp_path / "dump", Table("t", create, [row], head=OWN_BYTES))

    with pytest.raises(TargetError, match="b is utf8mb4 in the target and latin1 in the dump"):
        load_dump(load_config(folder), target)

    assert count(server, "s.t") == 0


def test_shards_of_two_charsets_are_refused_unless_the_table_exists(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    create = "(`id` int NOT NULL, `v` varchar(9), PRIMARY KEY (`id`)) ENGINE=InnoDB DEFAULT CHARSET="
    latin1 = b'(1,"\xe9")'.decode("utf-8", "surrogateescape")
    folder = write_dump(
        tmp_path / "dump",
        Table("t1", f"{create}latin1", [latin1], head=OWN_BYTES),
        Table("t2", f"{create}utf8mb4", ['(2,"é")'], head=OWN_BYTES),
    )

    with pytest.raises(TargetError, match=r"varchar\(9\) CHARACTER SET latin1 in the first .* other charsets"):
        load_dump(load_config(folder, routes=SHARDS), target)
    there(server, "varchar(9)", "CHARSET=utf8mb4")
    load_dump(load_config(folder, routes=SHARDS), target)

    assert query(server, "SELECT id, HEX(v) FROM s.t ORDER BY id") == [(1, "C3A9"), (2, "C3A9")]
