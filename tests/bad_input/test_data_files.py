"""Data files that are cut, damaged or not what they say: whole chunks only, and a way on."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import pytest
from backports import zstd

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import (
    CheckpointError,
    DumpFormatError,
    LoaderError,
    RowError,
    UnsupportedStatementError,
)
from dev.private_mariadb import PrivateMariaDB
from tests.bad_input.stories import (
    PEAK_LIMIT_MIB,
    check_goes_on,
    check_message,
    check_whole_chunks_only,
    refused,
    refused_elsewhere,
    replace_in_file,
)
from tests.dumps import HEAD, Table, load_config, numbered, write_dump
from tests.faults import global_variable
from tests.tables import count, hashes_by_client, query, table_hashes


def compressed(raw: bytes, ending: str) -> bytes:
    match ending:
        case ".gz":
            return gzip.compress(raw)
        case ".zst":
            return zstd.compress(raw)
    return raw


# -- cut files


@pytest.mark.parametrize("ending", ["", ".gz", ".zst"])
def test_a_file_that_was_cut_is_named_with_the_byte_and_the_whole_file_is_loaded_afresh(
    ending: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", numbered("t", 2000))
    reference = hashes_by_client(server, folder)
    file = folder / f"s.t.sql{ending}"
    whole = compressed((folder / "s.t.sql").read_bytes(), ending)
    (folder / "s.t.sql").unlink()
    file.write_bytes(whole[: len(whole) * 2 // 3])
    config = load_config(folder)

    error = refused(config, target, DumpFormatError)

    assert (error.code, error.file) == (34006, file.name)
    assert error.offset is not None
    check_message(f"a data file that was cut ({ending or 'plain'})", error)
    committed = check_whole_chunks_only(server)
    assert committed > 0 or ending  # a compressed file this small is decoded, and found cut, at once

    file.write_bytes(whole)
    other = refused(config, target, CheckpointError)
    assert other.code == 34018
    check_message("a dump that was changed under a running load", other)
    assert check_whole_chunks_only(server) == committed

    query(server, "TRUNCATE s.t")
    check_goes_on(load_config(folder, remove_meta=True), server, target, reference)


# -- damage in the middle; mended in place, so that it stays the same dump


@pytest.mark.parametrize(
    ("damage", "kind", "title"),
    [
        (b"#\xff\x00garbage \xfe", UnsupportedStatementError, "garbage in the middle of a data file"),
        (b"DROP TABLE `t`;", UnsupportedStatementError, "a statement that a data file may not hold"),
        (b"INSERT INTO `u` VALUES\n(", DumpFormatError, "rows for another table than the file's name says"),
    ],
)
def test_damage_in_the_middle_is_named_with_its_byte_and_mended_in_place(
    damage: bytes,
    kind: type[LoaderError],
    title: str,
    server: PrivateMariaDB,
    target: TargetConfig,
    tmp_path: Path,
) -> None:
    folder = write_dump(tmp_path / "dump", numbered("t", 2000))
    reference = hashes_by_client(server, folder)
    file = folder / "s.t.sql"
    whole = file.read_bytes()
    at = whole.index(b"INSERT", len(whole) // 2)
    file.write_bytes(whole[:at] + damage + whole[at + len(damage) :])
    config = load_config(folder)

    error = refused(config, target, kind)

    assert error.file == "s.t.sql"
    assert error.offset is not None
    assert at <= error.offset <= at + len(damage) + 4096
    check_message(title, error)
    assert check_whole_chunks_only(server) > 0

    file.write_bytes(whole)
    check_goes_on(config, server, target, reference)


def test_a_quote_that_is_never_closed_in_2_gib_is_found_in_bounded_memory(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_dump(tmp_path / "dump", Table("t", rows=['(1,"a")']))
    with (folder / "s.t.sql").open("wb") as file:
        file.write(HEAD.encode() + b'INSERT INTO `t` VALUES\n(1,"a")\n;\nINSERT INTO `t` VALUES\n(2,"never closed')
        file.truncate(2 << 30)  # zeros, which need no room on the disk

    with global_variable(server, "max_allowed_packet", 16 << 20):  # a row may take four of them
        peak_mib, offset, text = refused_elsewhere(load_config(folder), target, server.password)

    assert peak_mib < PEAK_LIMIT_MIB
    assert offset == len(HEAD) + len('INSERT INTO `t` VALUES\n(1,"a")\n;\n')
    assert "is never closed" in text
    assert count(server, "s.t") <= 1
    check_whole_chunks_only(server)


# -- rows that do not fit the table


@pytest.mark.parametrize("load_data", [True, False], ids=["load data", "statements"])
@pytest.mark.parametrize(
    ("row", "title"),
    [('(1000,"a","b")', "a row with a column too many"), ("(100000)", "a row with a column too few")],
)
def test_a_row_with_other_columns_than_the_table_is_named(
    row: str, title: str, load_data: bool, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    rows = numbered("t", 300).rows
    folder = write_dump(tmp_path / "dump", Table("t", rows=[*rows[2:200], row, *rows[200:]], rows_per_statement=20))
    config = load_config(folder, load_data=load_data)

    error = refused(config, target, RowError)

    text = (folder / "s.t.sql").read_bytes()
    assert (error.errno, error.file, error.table) == (1136, "s.t.sql", "s.t")
    assert error.offset == text.index(row.encode())
    check_message(title, error)
    assert check_whole_chunks_only(server) > 0

    mended = '(1,"' + "x" * (len(row) - 6) + '")'
    replace_in_file(folder / "s.t.sql", row.encode(), mended.encode())
    assert load_dump(config, target).outcome == "clean"
    loaded = table_hashes(server, ["s"])
    query(server, "DROP DATABASE s")
    assert hashes_by_client(server, folder) == loaded


STRICT = "(`id` int NOT NULL, `v` {type}, PRIMARY KEY (`id`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"


@pytest.mark.parametrize("load_data", [True, False], ids=["load data", "statements"])
@pytest.mark.parametrize(
    ("type_", "bad", "good", "errno", "title"),
    [
        ("varchar(3)", '"abcd"', '"abc"', 1406, "a value that is too long"),
        ("tinyint", "300", "100", 1264, "a number that is out of range"),
        ("tinyint unsigned", "-1", "11", 1264, ""),
        ("date", '"2026-13-41"', '"2026-12-31"', 1292, "a date that is none"),
        ("datetime", '"yesterday"', '"2026-1-11"', 1292, ""),
        ("int", '"12x"', '"123"', 1265, ""),
        ("varchar(9)", '"\udcff\udcfe"', '"ok"', 1366, "bytes that are no letters of the column's charset"),
        ("int NOT NULL", "NULL", "1234", 1048, "NULL where the column takes none"),
        ("enum('a','b')", '"c"', '"b"', 1265, "a label that the ENUM does not have"),
    ],
)
@pytest.mark.parametrize("policy", ["replace", "ignore"])
def test_a_value_is_never_changed_on_its_way_in(
    type_: str,
    bad: str,
    good: str,
    errno: int,
    title: str,
    load_data: bool,
    policy: str,
    server: PrivateMariaDB,
    target: TargetConfig,
    tmp_path: Path,
) -> None:
    rows = [f"({at},{good})" for at in range(600)]
    row = f"(1000,{bad})"
    folder = write_dump(
        tmp_path / "dump",
        Table("t", STRICT.format(type=type_), [*rows, row, "(1001," + good + ")"], rows_per_statement=50),
    )
    config = load_config(folder, load_data=load_data, on_duplicate_logical=policy)

    error = refused(config, target, RowError)

    raw = (folder / "s.t.sql").read_bytes()
    assert (error.errno, error.file, error.table) == (errno, "s.t.sql", "s.t")
    assert error.offset == raw.index(b"(1000,")
    if title and load_data and policy == "replace":
        check_message(title, error, server=server)
    assert check_whole_chunks_only(server) > 0

    mended = f"(1000,{good})".encode()
    replace_in_file(folder / "s.t.sql", row.encode("utf-8", "surrogateescape"), mended.ljust(len(row)))
    assert len((folder / "s.t.sql").read_bytes()) == len(raw)
    assert load_dump(config, target).outcome == "clean"
    assert count(server, "s.t") == 602


@pytest.mark.parametrize("load_data", [True, False], ids=["load data", "statements"])
def test_a_value_that_the_server_would_round_is_refused_although_it_only_warns(
    load_data: bool, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    rows = [*(f"({at},12.34)" for at in range(600)), "(1000,1.234)", "(1001,12.34)"]
    folder = write_dump(tmp_path / "dump", Table("t", STRICT.format(type="decimal(4,2)"), rows, rows_per_statement=50))
    config = load_config(folder, load_data=load_data)

    error = refused(config, target, RowError)

    raw = (folder / "s.t.sql").read_bytes()
    assert (error.errno, error.file, error.offset) == (1265, "s.t.sql", raw.index(b"(1000,"))
    check_message("digits that the column would cut off", error)
    assert check_whole_chunks_only(server) > 0

    query(server, "ALTER TABLE s.t MODIFY v decimal(5,3)")
    assert load_dump(config, target).outcome == "clean"
    assert query(server, "SELECT v FROM s.t WHERE id = 1000") == [(Decimal("1.234"),)]


def test_a_row_larger_than_the_servers_packets_is_named_with_both_sizes_and_goes_in_once_they_are_larger(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    rows = [f'({at},"{"x" * 500}")' for at in range(100)]
    large = '(1000,"' + "y" * 100_000 + '")'
    create = "(`id` int NOT NULL, `v` longtext, PRIMARY KEY (`id`)) ENGINE=InnoDB"
    folder = write_dump(tmp_path / "dump", Table("t", create, [*rows, large], rows_per_statement=40))
    reference = hashes_by_client(server, folder)
    config = load_config(folder, load_data=False)

    with global_variable(server, "max_allowed_packet", 64 << 10):
        error = refused(config, target, RowError)

    assert str(len(large)) in error.message
    assert str(64 << 10) in error.message
    check_message("a row that is larger than max_allowed_packet", error)
    assert check_whole_chunks_only(server) > 0
    check_goes_on(config, server, target, reference)
