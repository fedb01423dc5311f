"""Tables of odd shapes: very wide, very long rows, very many, and with everything a column can be."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from dev.private_mariadb import PrivateMariaDB
from tests.dumps import HEAD, Table, load_config, numbered, write_dump
from tests.faults import global_variable
from tests.tables import count, hashes_by_client, query, table_hashes

BOTH_WAYS = pytest.mark.parametrize("load_data", [True, False], ids=["load data", "statements"])
MODES = "/*!40101 SET SQL_MODE='NO_AUTO_VALUE_ON_ZERO,STRICT_TRANS_TABLES'*/;\n"


@BOTH_WAYS
def test_everything_that_a_column_or_table_can_be(
    load_data: bool, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    tables = {
        "keys from 0": (
            "(`id` int NOT NULL AUTO_INCREMENT, `v` int, PRIMARY KEY (`id`))",
            "",
            ["(0,1)", "(1,2)", "(-5,3)"],
        ),
        "generated": (
            "(`a` int, `v` int AS (`a` + 1) VIRTUAL, `s` decimal(5,1) AS (`a` / 3) STORED, `b` text, KEY `v` (`v`))",
            " (`a`,`b`)",
            ['(1,"x")', "(2,NULL)"],
        ),
        "invisible": ("(`a` int, `hidden` int INVISIBLE DEFAULT 5, `b` int)", "", ["(1,2)", "(3,4)"]),
        "invisible, named": ("(`a` int, `hidden` int INVISIBLE DEFAULT 5)", " (`hidden`,`a`)", ["(1,2)"]),
        "defaults": (
            "(`a` int, `u` varchar(36) DEFAULT (concat('a', 1 + 1)), `n` int DEFAULT (`a` * 2))",
            " (`a`)",
            ["(1)", "(2)"],
        ),
        "ranges": (
            "(`id` int NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB\n/*!50100 PARTITION BY RANGE (`id`)\n"
            "(PARTITION a VALUES LESS THAN (0), PARTITION b VALUES LESS THAN MAXVALUE) */",
            "",
            ["(-1)", "(0)", "(7)"],
        ),
        "checks": ("(`a` int CHECK (`a` > 0), `j` json, CONSTRAINT `c` CHECK (`a` < 9))", "", ['(1,"{}")', "(8,NULL)"]),
        "versioned": ("(`a` int) WITH SYSTEM VERSIONING", "", ["(1)"]),
        "列 größe": ("(`größe` int, `列,(` text)", " (`größe`,`列,(`)", ['(1,"日本")']),
        "a (b) `c": ("(`d (e` int, `f``g` text)", "", ['(1,"x")', "(2,NULL)"]),
        "a (b) `d": ("(`d (e` int, `f``g` text)", " (`d (e`,`f``g`)", ['(1,"x")', "(2,NULL)"]),
    }
    if server.flavour != "mariadb":  # nobody else has it
        del tables["versioned"]
    if (
        server.flavour == "mysql"
    ):  # which takes no JSON of a string in the charset binary, and writes out what texts are in
        tables["checks"] = ("(`a` int CHECK (`a` > 0), CONSTRAINT `c` CHECK (`a` < 9))", "", ["(1)", "(8)"])
        tables["defaults"] = (tables["defaults"][0].replace("'a'", "_utf8mb4'a'"), *tables["defaults"][1:])
    dumped = []
    for name, (create, columns, rows) in tables.items():
        quoted = name.replace("`", "``")
        dumped.append(Table(name, create, rows, insert=f"INSERT INTO `{quoted}`{columns} VALUES", head=HEAD + MODES))
    folder = write_dump(tmp_path / "dump", *dumped)
    for table in dumped:
        path = folder / f"s.{table.name}-schema.sql"
        path.write_text(path.read_text().replace(f"TABLE `{table.name}`", f"TABLE `{table.name.replace('`', '``')}`"))
    reference = hashes_by_client(server, folder)

    report = load_dump(load_config(folder, load_data=load_data), target)

    assert table_hashes(server, ["s"]) == reference
    assert {table.sent_as for table in report.tables} == {"load data" if load_data else "statements"}
    assert query(server, "SELECT id FROM s.`keys from 0` ORDER BY id") == [(-5,), (0,), (1,)]


@BOTH_WAYS
def test_250_columns(load_data: bool, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    kinds = ["int", "varchar(20)", "decimal(12,3)", "datetime(6)", "blob"]
    values = ["-17", '"a,\\"(b)\\\\"', "123456789.125", '"2026-11-23 01:02:03.000004"', '"\\0\udcff\udcfe"']
    columns = ",\n".join(f"`column_{at}` {kinds[at % 5]}" for at in range(250))
    row = f"({','.join(values * 50)})"
    nulls = f"({','.join(['NULL'] * 250)})"
    folder = write_dump(tmp_path / "dump", Table("wide", f"(\n{columns}\n) ROW_FORMAT=DYNAMIC", [row, nulls] * 40))
    reference = hashes_by_client(server, folder)

    report = load_dump(load_config(folder, load_data=load_data), target)

    assert table_hashes(server, ["s"]) == reference
    assert report.tables[0].sent_as == ("load data" if load_data else "statements")


def test_300_tables(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    tables = [numbered(f"t{at:03}", at % 7) for at in range(300)]
    folder = write_dump(tmp_path / "dump", *tables)

    report = load_dump(load_config(folder, pool_size=4), target)

    assert {table.table: table.rows for table in report.tables} == {f"s.t{at:03}": at % 7 for at in range(300)}
    assert count(server, "information_schema.tables WHERE table_schema = 's'") == 300
    assert {table.row_count for table in report.tables} == {"passed"}
    assert query(server, "SELECT v FROM s.t299 ORDER BY id") == [(f"the row of number {at}",) for at in range(299 % 7)]


ROW_BYTES = 60_000_000


def test_rows_of_60_megabytes(server: PrivateMariaDB, target: TargetConfig, tmp_path: Path) -> None:
    """Once by LOAD DATA and once, for the BIT column's sake, as a statement of its own."""
    block = random.Random(60).randbytes(1 << 20)
    value = (block * (ROW_BYTES // len(block) + 1))[:ROW_BYTES]
    escapes = {0: b"\\0", 10: b"\\n", 13: b"\\r", 26: b"\\Z", 34: b'\\"', 39: b"\\'", 92: b"\\\\"}
    part = b"".join(escapes.get(byte, bytes([byte])) for byte in block)
    whole, rest = divmod(ROW_BYTES, len(block))
    tail = b"".join(escapes.get(byte, bytes([byte])) for byte in block[:rest])
    folder = write_dump(
        tmp_path / "dump",
        Table("a", "(`id` int, `v` longblob) ENGINE=InnoDB", ["(1,NULL)"]),
        Table("b", "(`id` int, `v` longblob, `f` bit(1)) ENGINE=InnoDB", ["(1,NULL,NULL)"]),
    )
    for name, end in (("a", b'")'), ("b", b'",1)')):
        with (folder / f"s.{name}.sql").open("wb") as file:
            file.write(HEAD.encode() + b'INSERT INTO `%b` VALUES\n(1,"' % name.encode())
            for _ in range(whole):
                file.write(part)
            file.write(tail + end + b";\n")

    with global_variable(server, "max_allowed_packet", 128 << 20):
        report = load_dump(load_config(folder, chunk_bytes=1 << 20), target)
        digest = hashlib.sha256(value).hexdigest()
        for table in ("a", "b"):
            assert query(server, f"SELECT id, LENGTH(v), SHA2(v, 256) FROM s.{table}") == [(1, ROW_BYTES, digest)]

    assert {table.table: table.sent_as for table in report.tables} == {"s.a": "load data", "s.b": "statements"}
