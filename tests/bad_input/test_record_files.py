"""CSV and .dat files that are cut, damaged or not what they say: whole chunks only, and a way on."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import CheckpointError, DumpFormatError, LoaderError, RowError
from dev.private_mariadb import PrivateMariaDB
from tests.bad_input.said import everything_said
from tests.bad_input.stories import (
    PEAK_LIMIT_MIB,
    check_message,
    check_nothing_created,
    check_whole_chunks_only,
    refused,
    refused_elsewhere,
    replace_in_file,
)
from tests.dumps import load_config
from tests.faults import global_variable
from tests.record_dumps import COMPANION, CsvTable, DatTable, csv_rows, dat_rows, numbered_records, write_records
from tests.server_words import CHECK_VIOLATED, NOT_JSON
from tests.tables import chunks, count, one, query

# -- cut files


@pytest.mark.parametrize("csv", [True, False], ids=["csv", "dat"])
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_file_that_was_cut_is_named_with_the_byte(
    csv: bool, ending: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    table = numbered_records("t", 2000, csv=csv)
    folder = write_records(tmp_path / "dump", table)
    whole = (folder / table.data_file).read_bytes()
    (folder / table.data_file).unlink()
    cut = gzip.compress(whole)[:-100] if ending else whole[:-7]
    (folder / f"{table.data_file}{ending}").write_bytes(cut)

    error = refused(load_config(folder), target, DumpFormatError)

    assert (error.code, error.file) == (34006, f"{table.data_file}{ending}")
    if not ending:
        assert error.offset == whole.rindex(b"\n1999") + 1
        check_message("a CSV file that was cut" if csv else "a .dat file that was cut", error)
    assert check_whole_chunks_only(server) > 0 or ending


def test_a_quote_that_is_never_closed_in_2_gib_is_found_in_bounded_memory(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    table = CsvTable("t", rows=csv_rows(0, 3))
    folder = write_records(tmp_path / "dump", table)
    sound = (folder / table.data_file).stat().st_size
    with (folder / table.data_file).open("ab") as file:
        file.write(b'4,"never closed')
        file.truncate(2 << 30)  # zeros, which need no room on the disk

    with global_variable(server, "max_allowed_packet", 16 << 20):  # a row may take four of them
        peak_mib, offset, text = refused_elsewhere(load_config(folder), target, server.password)

    assert peak_mib < PEAK_LIMIT_MIB
    assert offset == sound
    assert f'the quote " that opens at byte {sound + 2} is never closed' in text
    check_whole_chunks_only(server)


# -- damage in the middle


CSV_DAMAGE = {
    "a CSV record with a field too many": b'1000,"x","y"',
    "a CSV record with a field too few": b"1000000000",
    "text after a closing quote in a CSV file": b'1000,"x" y',
    "a quote inside a CSV field without quotes": b'1000,x"y"',
    "NULL in another spelling in a CSV file": b"1000,NULL",
    "a raw line end in a CSV field without quotes": b"1000,x\ny",
    "garbage in a CSV file": b"#\xff\x00garbage \xfe",
}
DAT_DAMAGE = {
    "a .dat record with a field too many": b"1000\tx\ty",
    "a .dat record with a field too few": b"1000000000",
    "garbage in a .dat file": b"#\xff\x00garbage \xfe",
}


@pytest.mark.parametrize("title", [*CSV_DAMAGE, *DAT_DAMAGE])
def test_damage_in_the_middle_is_named_with_its_byte_and_mended_in_place(
    title: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    csv = title in CSV_DAMAGE
    damage = CSV_DAMAGE[title] if csv else DAT_DAMAGE[title]
    table = numbered_records("t", 2000, csv=csv)
    folder = write_records(tmp_path / "dump", table)
    file = folder / table.data_file
    whole = file.read_bytes()
    at = whole.index(b"\n1500") + 1
    file.write_bytes(whole[:at] + damage + whole[whole.index(b"\r\n" if csv else b"\n", at) :].rjust(0))
    file.write_bytes(file.read_bytes().ljust(len(whole), b"\n"))
    changed = file.read_bytes()
    config = load_config(folder)

    error = refused(config, target, DumpFormatError)

    assert (error.code, error.file) == (34006, table.data_file)
    assert error.offset is not None
    assert at <= error.offset <= at + len(damage)
    check_message(title, error)
    assert check_whole_chunks_only(server) > 0

    assert len(changed) == len(whole)
    file.write_bytes(whole)
    assert load_dump(config, target).outcome == "clean"
    assert count(server, "s.t") == one(server, "SELECT COUNT(DISTINCT id) FROM s.t") == 2000


def test_another_line_end_later_in_the_file_is_an_error(target: TargetConfig, tmp_path: Path) -> None:
    table = CsvTable("t", rows=csv_rows(0, 3))
    folder = write_records(tmp_path / "dump", table)
    (folder / table.data_file).write_bytes(table.data().replace('1"\r\n2', '1"\n2').encode())

    error = refused(load_config(folder), target, DumpFormatError)

    assert error.offset == table.data().index('1"\r\n2') + 2


# -- values


@pytest.mark.parametrize(("csv", "load_data"), [(True, True), (False, True), (True, False)])
@pytest.mark.parametrize(
    ("type_", "bad", "good", "errno"),
    [
        ("varchar(3)", "abcd", "abc", 1406),
        ("tinyint", "300", "100", 1264),
        ("int NOT NULL", "\\N", "1234", 1048),
        ("enum('a','b')", "c", "b", 1265),
        ("int, CHECK (`v` < 500)", "501", "499", CHECK_VIOLATED),
        ("json", "[}", "[]", NOT_JSON),
    ],
)
def test_a_value_is_never_changed_on_its_way_in(
    type_: str,
    bad: str,
    good: str,
    errno: int | Mapping[str, int],
    csv: bool,
    load_data: bool,
    server: PrivateMariaDB,
    target: TargetConfig,
    tmp_path: Path,
) -> None:
    mark = "," if csv else "\t"
    create = f"(`id` int NOT NULL, `v` {type_}, PRIMARY KEY (`id`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"
    rows = [*(f"{at}{mark}{good}" for at in range(2000)), f"10000{mark}{bad}", f"10001{mark}{good}"]
    table = CsvTable("t", create, rows) if csv else DatTable("t", create, rows)
    folder = write_records(tmp_path / "dump", table)
    config = load_config(folder, load_data=load_data)

    error = refused(config, target, RowError)

    raw = (folder / table.data_file).read_bytes()
    number = errno if isinstance(errno, int) else errno[server.flavour]
    assert (error.errno, error.file, error.table) == (number, table.data_file, "s.t")
    assert error.offset == raw.index(b"\n10000") + 1
    assert error.statement is not None
    assert "10000" in error.statement
    assert check_whole_chunks_only(server) > 0

    mended = f"10000{mark}{good}"[: len(f"10000{mark}{bad}")]
    if len(mended) == len(f"10000{mark}{bad}"):
        replace_in_file(folder / table.data_file, f"10000{mark}{bad}".encode(), mended.encode())
        assert load_dump(config, target).outcome == "clean"
        assert count(server, "s.t") == 2002


# -- headers


HEADERS = {
    "a CSV header with a column that the table does not have": ("id", "w"),
    "a CSV header with a column twice": ("id", "ID"),
    "a CSV header that lacks a column": ("v",),
    "a CSV header with a generated column": ("id", "v", "g"),
}


@pytest.mark.parametrize("title", HEADERS)
def test_a_header_that_does_not_fit_the_table_is_named(
    title: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    create = "(`id` int PRIMARY KEY, `v` varchar(9), `g` int AS (`id` + 1) VIRTUAL) ENGINE=InnoDB"
    columns = HEADERS[title]
    rows = [",".join(["1"] * len(columns))]
    folder = write_records(tmp_path / "dump", CsvTable("t", create, rows, columns=columns))

    error = refused(load_config(folder), target, DumpFormatError)

    assert (error.file, error.offset) == ("s.t.000000000.csv", 0)
    check_message(title, error)
    assert (count(server, "s.t"), chunks(server)) == (0, 0)


def test_a_first_line_that_is_not_the_statements_columns_is_named(target: TargetConfig, tmp_path: Path) -> None:
    companion = COMPANION.replace("'\\n' (", "'\\n' IGNORE 1 LINES (")
    folder = write_records(tmp_path / "dump", DatTable("t", rows=["id\tw", *dat_rows(0, 3)], companion=companion))

    error = refused(load_config(folder), target, DumpFormatError)

    assert (error.file, error.offset) == ("s.t.00000.dat", 0)
    check_message("a .dat file whose first line names other columns", error)


def test_a_csv_file_without_its_header_shows_no_value_where_values_are_hidden(
    target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_records(tmp_path / "dump", CsvTable("t", rows=['1,"canary"'], columns=None))

    error = refused(load_config(folder, hide_values=True), target, DumpFormatError)

    assert "canary" in everything_said(refused(load_config(folder), target, DumpFormatError))
    assert "canary" not in everything_said(error)


def test_an_empty_csv_file_lacks_its_header(target: TargetConfig, tmp_path: Path) -> None:
    folder = write_records(tmp_path / "dump", CsvTable("t", rows=csv_rows(0, 1)))
    (folder / "s.t.000000000.csv").write_bytes(b"")

    check_message("an empty CSV file", refused(load_config(folder), target, DumpFormatError))


# -- the LOAD DATA statement beside a .dat


def test_a_dat_file_without_its_statement_is_refused_before_anything_is_created(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    folder = write_records(tmp_path / "dump", DatTable("t", rows=dat_rows(0, 3), companion=None))

    error = refused(load_config(folder), target, DumpFormatError)

    assert error.file == "s.t.00000.dat"
    check_message("a .dat file without its LOAD DATA statement", error)
    check_nothing_created(server, "dm_meta")


def test_a_statement_without_its_dat_file_is_refused_with_its_byte(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    table = DatTable("t", rows=dat_rows(0, 3))
    folder = write_records(tmp_path / "dump", table)
    (folder / table.data_file).unlink()

    error = refused(load_config(folder), target, DumpFormatError)

    assert (error.file, error.offset) == (table.companion_file, len(table.head))
    check_message("a LOAD DATA statement without its .dat file", error)
    assert (count(server, "s.t"), chunks(server)) == (0, 0)


COMPANIONS = {
    "a LOAD DATA statement with a clause that mydumper does not write": COMPANION.replace(
        "({columns})", "(`id`,`v`) SET `v`=UPPER(@v)"
    ),
    "a LOAD DATA statement that reads a field into nothing": COMPANION.replace("{columns}", "`id`,@v"),
    "a LOAD DATA statement for another table": COMPANION.replace("{table}", "u"),
    "a LOAD DATA statement for another file": COMPANION.replace("{dat}", "s.t.00001.dat"),
    "a LOAD DATA statement that was cut": COMPANION[:40],
    "no LOAD DATA statement beside a .dat": "",
    "rows beside a .dat": "INSERT INTO `t` VALUES (1,2);\n",
    "a LOAD DATA statement in a charset that can't be cut": COMPANION.replace(" FIELDS", " CHARACTER SET gbk FIELDS"),
    "a LOAD DATA statement with LINES STARTING BY": COMPANION.replace("STARTING BY ''", "STARTING BY '>'"),
    "a LOAD DATA statement with another escape": COMPANION.replace("ESCAPED BY '\\\\'", "ESCAPED BY '#'"),
    "a LOAD DATA statement with one mark for two things": COMPANION.replace("BY '\\t'", "BY '\\n'"),
}


@pytest.mark.parametrize("title", COMPANIONS)
def test_a_statement_that_is_not_understood_is_refused_by_name(
    title: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    table = DatTable("t", rows=dat_rows(0, 3), companion=COMPANIONS[title])
    folder = write_records(tmp_path / "dump", table)

    error = refused(load_config(folder), target, LoaderError)

    assert isinstance(error, DumpFormatError)
    assert (error.code, error.file) == (34006, table.companion_file)
    assert error.offset == (len(table.head) if COMPANIONS[title] else 0)
    check_message(title, error)
    assert (count(server, "s.t"), chunks(server)) == (0, 0)


@pytest.mark.parametrize("value", ["4", "4g", "41 "])
def test_hex_that_is_none_is_an_error_and_never_null(
    value: str, server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    companion = COMPANION.replace("({columns})", "(`id`,@v)SET `v`=UNHEX(@v)")
    table = DatTable("t", rows=["1\t4142", "2\t", "3\t\\N", f"4\t{value}"], companion=companion)
    folder = write_records(tmp_path / "dump", table)

    error = refused(load_config(folder), target, DumpFormatError)

    assert (error.file, error.offset) == (table.data_file, table.data().index(f"{value}\n"))
    assert count(server, "s.t") == 0


def test_a_no_backslash_escapes_dump_is_refused(target: TargetConfig, tmp_path: Path) -> None:
    head = "/*!40101 SET NAMES binary*/;\n/*!40101 SET SQL_MODE='NO_BACKSLASH_ESCAPES'*/;\n"
    folder = write_records(tmp_path / "dump", DatTable("t", rows=dat_rows(0, 3), head=head))

    assert "NO_BACKSLASH_ESCAPES" in refused(load_config(folder), target, DumpFormatError).message


# -- settings that change while a load is running


def test_csv_settings_can_t_change_for_a_file_that_has_rows_in_the_target(
    server: PrivateMariaDB, target: TargetConfig, tmp_path: Path
) -> None:
    table = CsvTable("t", rows=[*csv_rows(0, 2000), '10000,"x" y'])
    folder = write_records(tmp_path / "dump", table)
    refused(load_config(folder), target, DumpFormatError)
    before = check_whole_chunks_only(server)
    assert before > 0

    error = refused(load_config(folder, csv={"null": "NULL"}), target, CheckpointError)

    assert (error.code, error.file) == (34018, table.data_file)
    assert "csv" in error.message
    assert check_whole_chunks_only(server) == before
    assert query(server, "SELECT COUNT(*) = COUNT(DISTINCT id) FROM s.t") == [(1,)]
