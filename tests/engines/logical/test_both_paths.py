"""LOAD DATA and statements store the same bytes, which are those that the server's own client stores."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import LoaderError, RowError, excerpt
from dev.private_server import PrivateServer
from tests.dumps import HEAD, Table, load_config, write_dump
from tests.engines.logical.random_tables import random_table
from tests.faults.tally import rounds
from tests.server_words import CHECK_VIOLATED, NOT_JSON
from tests.tables import count, hashes_by_client, load_by_client, query, table_hashes

TABLES_PER_DUMP = 20
DUMPS = rounds(10, 100)
Errno = int | Mapping[str, int]  # of each server, or by its flavour


def loaded(
    server: PrivateServer, target: TargetConfig, folder: Path, *, load_data: bool
) -> tuple[dict[str, str], dict[str, str]]:
    """What the loader stores, and how it sent each table; the server is emptied after it."""
    report = load_dump(load_config(folder, load_data=load_data), target)
    hashes = table_hashes(server, ["s"])
    query(server, "DROP DATABASE s")
    query(server, "DROP DATABASE dm_meta")
    return hashes, {table.table: table.sent_as for table in report.tables}


@pytest.mark.parametrize("seed", range(DUMPS))
def test_both_ways_and_the_client_store_the_same(
    seed: int, server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    tables = [random_table(random.Random(f"{seed} {at}"), f"t{at}", server.flavour) for at in range(TABLES_PER_DUMP)]
    folder = write_dump(tmp_path / "dump", *tables)
    reference = hashes_by_client(server, folder)

    by_load_data, sent_as = loaded(server, target, folder, load_data=True)
    as_statements, _ = loaded(server, target, folder, load_data=False)

    assert by_load_data == reference
    assert as_statements == reference
    for table in tables:
        if table.by_load_data and table.first_statement_tells_the_layout:
            assert sent_as[f"s.{table.name}"] == "load data", table


DOCUMENTS = [
    "null", "true", "1.5e300", "18446744073709551615", '"a\\"b\\\\c/\'\\n"', "[]", "{}",
    '{"b": 1, "a": [1, null, "日本 🙂"]}', '{"k": "),\\n(", "k": 2}', '  {"_binary " : ""} ', '"\\ud83d\\ude42"',
]  # fmt: skip


def test_documents_in_utf8_go_by_load_data(server: PrivateServer, target: TargetConfig, tmp_path: Path) -> None:
    rows = [f"({at},{sql_string(text)})" for at, text in enumerate(DOCUMENTS)]
    head = "/*!40101 SET NAMES utf8mb4*/;\n"
    table = Table("t", "(`id` int, `v` json) ENGINE=InnoDB", [*rows, "(99,NULL)"], rows_per_statement=5, head=head)
    folder = write_dump(tmp_path / "dump", table)
    reference = hashes_by_client(server, folder)

    by_load_data, sent_as = loaded(server, target, folder, load_data=True)
    as_statements, _ = loaded(server, target, folder, load_data=False)

    assert by_load_data == as_statements == reference
    assert sent_as == {"s.t": "load data"}


def sql_string(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


# -- what LOAD DATA alone would store otherwise, without a warning

SILENT = [
    ("text", "0x414243"),
    ("blob", "0x00FF2C"),
    ("text", "x'4142'"),
    ("blob", "x'2C00'"),
    ("text", "b'1000001'"),
    ("blob", '_binary "a,b"'),
    ("text", '_binary "a,b"'),
    ("json", 'CONVERT("{\\"a\\": [1,2]}" USING UTF8MB4)'),
    ("text", 'CONVERT("a,b" USING UTF8MB4)'),
    ("bit(8)", "5"),
    ("bit(1)", "0"),
    ("bit(8)", '"5"'),
    ("year", "0"),
    ("year", "00"),
    ("year", "0000"),
    ("enum('1','2','3')", "2"),
    ("enum('2','1')", "2"),
    ("enum('2','1')", '"2"'),
    ("set('2','1')", "2"),
    ("text", '"50\\% of a\\_b"'),
    ("text", '"\\N"'),
    ("varchar(9)", '"\\N"'),
    ("text", "null"),
    ("text", "NULL "),
    ("text", " NULL"),
    ("int", "null"),
    ("text", "'abc'"),
    ("text", "'a\"b'"),
    ("text", ' "a"'),
    ("text", '"a" '),
    ("text", '"a" "b"'),
    ("text", '"a""b"'),
    ("int", "TRUE"),
    ("int", "0x41"),
    ("int", "b'1'"),
    ("bigint", "9007199254740993e0"),
    ("decimal(40,20)", "1.23456789012345678901e5"),
    ("int", " 7 /* ( */ "),
]
# ... and goes by it all the same: that the one is a label, and that the other is bytes in hex, is proven
TOLD_APART = {("enum('2','1')", '"2"'), ("blob", "0x00FF2C")}


def test_values_that_load_data_reads_otherwise_are_stored_as_by_the_client(
    server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    tables = [
        Table(f"t{at}", f"(`id` int, `v` {kind}, `w` text) ENGINE=InnoDB", [f'(1,{value},"w")', '(2,NULL,"w")'])
        for at, (kind, value) in enumerate(SILENT)
    ]
    folder = write_dump(tmp_path / "dump", *tables)
    reference = hashes_by_client(server, folder)

    hashes, sent_as = loaded(server, target, folder, load_data=True)

    assert hashes == reference
    assert {f"{SILENT[at]}": sent_as[f"s.t{at}"] for at in range(len(SILENT))} == {
        f"{case}": "load data" if case in TOLD_APART else "statements" for case in SILENT
    }


LAID_OUT = {
    "two rows on a line": 'INSERT INTO `{t}` VALUES\n(1,"a"),(2,"b");\n',
    "all on one line": 'INSERT INTO `{t}` VALUES (1,"a"),(2,"b");\n',
    "CRLF": 'INSERT INTO `{t}` VALUES\r\n(1,"a"),\r\n(2,"b");\r\n',
    "CRLF between rows": 'INSERT INTO `{t}` VALUES\n(1,"a"),\r\n(2,"b");\n',
    "an empty line": 'INSERT INTO `{t}` VALUES\n(1,"a"),\n\n(2,"b");\n',
    "a comment with a parenthesis": 'INSERT INTO `{t}` VALUES\n(1,"a")/* ( */,\n/* (3,"c"), */(2,"b");\n',
    "a line comment with a row": 'INSERT INTO `{t}` VALUES\n(1,"a"),\n-- (3,"c"),\n(2,"b");\n',
    "raw newlines that look like rows": 'INSERT INTO `{t}` VALUES\n(1,"a"),\n(2,"b"),\n(3,"x\n"),\n(4,"),\n(5,");\n',
    "mydumper 1.0 with single quotes": "INSERT INTO `{t}` VALUES(1,_binary 'a,b')\n,(2,'b')\n;\n",
    "mydumper 1.0 with a mark inside": 'INSERT INTO `{t}` VALUES(1,_binary "_binary ")\n,(2,",_binary ")\n;\n',
    "both layouts": 'INSERT INTO `{t}` VALUES\n(1,"a");\nINSERT INTO `{t}` VALUES(3,"c")\n,(4,_binary "d")\n;\n',
    "another quote later": "INSERT INTO `{t}` VALUES\n(1,\"a\");\nINSERT INTO `{t}` VALUES\n(2,'b'),\n(3,'\"c\"');\n",
    "other columns later": 'INSERT INTO `{t}` VALUES\n(1,"a");\nINSERT INTO `{t}` (`v`,`id`) VALUES\n("b",2);\n',
    "no newline at the end": 'INSERT INTO `{t}` VALUES\n(1,"a"),\n(2,"b");',
    "an empty statement": 'INSERT INTO `{t}` VALUES\n(1,"a");\n;\n;INSERT INTO `{t}` VALUES\n(2,"b");\n',
    "lower case": 'insert into `{t}` values\n(1,"a"),\n(2,"b");\n',
    "names with a database": 'INSERT INTO `s`.`{t}` VALUES\n(1,"a"),\n(2,"b");\n',
}


def test_rows_in_odd_lines_are_stored_as_by_the_client(
    server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    tables = [Table(f"t{at}", "(`id` int, `v` text) ENGINE=InnoDB", ["(0,NULL)"]) for at in range(len(LAID_OUT))]
    folder = write_dump(tmp_path / "dump", *tables)
    for table, text in zip(tables, LAID_OUT.values(), strict=True):
        (folder / table.data_file).write_bytes((HEAD + text.replace("{t}", table.name)).encode())
    reference = hashes_by_client(server, folder)

    hashes, _ = loaded(server, target, folder, load_data=True)

    assert hashes == reference


# -- errors


@pytest.mark.parametrize(
    ("kind", "value", "errno"),
    [
        ("text CHARACTER SET utf8mb4", '"\udcff\udcfe"', 1366),
        ("varchar(9) CHARACTER SET utf8mb4", '"a\udcf0\udc9f\udc99"', 1366),
        ("varchar(9) CHARACTER SET utf16", '"\udcd8\0\udcd8\0"', 1366),
        ("varchar(3)", '"abcd"', 1406),
        ("binary(2)", '"abc"', 1406),
        ("tinyblob", f'"{"x" * 256}"', 1406),
        ("tinyint", "128", 1264),
        ("int unsigned", "-1", 1264),
        ("decimal(5,2)", "1000.00", 1264),
        ("float(3,1)", "1000", 1264),
        ("date", '"2026-13-01"', 1292),
        ("datetime", '"yesterday"', 1292),
        ("time", '"99:99:99"', 1292),
        ("enum('a','b')", '"c"', 1265),
        ("set('a','b')", '"a,c"', 1265),
        ("int NOT NULL", "NULL", 1048),
        ("json", '"{"', NOT_JSON),
        ("int CHECK (v < 5)", "5", CHECK_VIOLATED),
        ("int, UNIQUE KEY (`v`)", "1", 1062),
        ("int", '"x"', 1366),
        ("year", "1800", 1264),
    ],
)
def test_a_value_that_does_not_fit_is_the_same_error_on_both_ways_and_at_the_client(
    kind: str, value: str, errno: Errno, server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    errno = errno if isinstance(errno, int) else errno[server.flavour]
    if (kind, server.flavour) == ("json", "mysql"):
        value = f"CONVERT({value} USING UTF8MB4)"  # as tools write it there
    before = ["(1,NULL)"] if "NOT NULL" not in kind else []
    before += ["(2,1)"] if "UNIQUE" in kind else []
    bad = f"(3,{value})"
    table = Table(
        "t", f"(`id` int, `v` {kind}) ENGINE=InnoDB", [*before, bad], insert="INSERT INTO `t` (`id`,`v`) VALUES"
    )
    folder = write_dump(tmp_path / "dump", table)
    with pytest.raises(RuntimeError, match=rf"ERROR {errno}"):
        load_by_client(server, folder)
    query(server, "DROP DATABASE s")

    for load_data in (True, False):
        config = load_config(folder, load_data=load_data, task_name=f"{load_data}", on_duplicate_logical="error")
        with pytest.raises(RowError) as caught:
            load_dump(config, target)

        data = (folder / "s.t.sql").read_bytes()
        statement = bad.encode("utf-8", "surrogateescape")
        error = caught.value
        assert (error.errno, error.file, error.table) == (errno, "s.t.sql", "s.t")
        assert (error.offset, error.statement) == (data.index(statement), excerpt(statement))
        assert count(server, "s.t") == 0


REFUSED_AT_ONCE = pytest.mark.only_on("mariadb", because="elsewhere INSERT IGNORE is refused a generated value too")


@pytest.mark.parametrize(
    ("kind", "value", "errno"),
    [
        pytest.param("int AS (1) VIRTUAL", "1", 1906, marks=REFUSED_AT_ONCE),
        ("double", "1" * 100, {"mariadb": 1916, "mysql": 1292}),
    ],
)
def test_what_a_client_would_change_with_a_warning_is_an_error_on_both_ways(
    kind: str, value: str, errno: Errno, server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    errno = errno if isinstance(errno, int) else errno[server.flavour]
    insert = "INSERT IGNORE INTO `t` (`id`,`v`) VALUES"
    folder = write_dump(tmp_path / "dump", Table("t", f"(`id` int, `v` {kind})", [f"(3,{value})"], insert=insert))
    load_by_client(server, folder)
    assert count(server, "s.t") == 1
    query(server, "DROP DATABASE s")

    for load_data in (True, False):
        with pytest.raises(LoaderError) as caught:
            load_dump(load_config(folder, load_data=load_data, task_name=f"{load_data}"), target)

        assert caught.value.errno == errno
        assert count(server, "s.t") == 0
