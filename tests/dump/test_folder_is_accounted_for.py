"""Nothing in a dump's folder is passed over, and what its metadata says is taken whole or refused."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.dump import special_files
from airflow_dm_loader.dump.inventory import DumpInventory, read_inventory, take_inventory
from airflow_dm_loader.dump.metadata import DumpMetadata, TableMetadata, parse_metadata
from airflow_dm_loader.dump.schema_files import read_schema_file
from airflow_dm_loader.dump.storage import LocalStorage, StoredFile
from airflow_dm_loader.errors import (
    ChecksumMismatchError,
    DumpFormatError,
    DumpMetadataError,
    DumpNotFoundError,
    SchemaMissingError,
)
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.plan.planner import make_plan
from dev.private_server import PrivateServer
from tests.dumps import METADATA, Table, load_config, load_soon, write_dump
from tests.tables import query

INI = "# Started dump at: 2026-01-01 00:00:00\n{}\n# Finished dump at: 2026-01-01 00:00:01\n"


def folder(*names: str, **tables: TableMetadata) -> DumpInventory:
    metadata = DumpMetadata(tool="text", tables={TableName("s", name): found for name, found in tables.items()})
    return take_inventory([StoredFile(name, 10) for name in ("metadata", *names)], metadata, b"")


@pytest.mark.parametrize(
    "name", ["s.t.CSV", "s.t.000000000.Sql", "s.t.SQL.GZ", "s.t.tsv", "s.t.00000.TSV.gz", "s.t.Dat"]
)
def test_a_file_that_seems_to_hold_rows_is_not_passed_over(name: str) -> None:
    with pytest.raises(DumpFormatError, match="no dump tool writes such a name") as caught:
        folder("s.t-schema.sql", name)
    assert caught.value.file == name


def test_a_folder_in_which_nothing_is_of_a_dump_is_an_error() -> None:
    with pytest.raises(DumpNotFoundError, match=r"nothing to load: none of the 2 files .* 'orders.csv', 't.sql'"):
        folder("orders.csv", "t.sql")


def test_foreign_files_are_one_warning_with_a_count() -> None:
    names = [f"note {number}.txt" for number in range(1000)]
    (warning,) = folder("s.t-schema.sql", *names).warnings
    assert "1000 files are not of a dump and were left alone" in warning


def numbers(*names: str) -> list[str]:
    return [f"{gap.schema}.{gap.table}: {gap.text.partition('.')[0]}" for gap in folder("s.t-schema.sql", *names).gaps]


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ([f"s.t.{number:05}.sql" for number in (0, 1, 2, 4, 7)], ["numbered up to 7, and 3, 5, 6 are missing"]),
        ([f"s.t.{number:05}.sql.gz" for number in (2, 3)], ["numbered up to 3, and 1 is missing"]),
        ([f"s.t.{number:09}.csv" for number in (1, 9)], ["numbered up to 9, and 0, 2, 3 and 5 more are missing"]),
        ([f"s.t.{number:09}.csv" for number in (1, 2)], ["numbered up to 2, and 0 is missing"]),
        ([f"s.t.{number:05}.sql" for number in (1, 2)], []),
        (["s.t.00000.00001.sql.zst", "s.t.00000.00003.sql.zst"], ["of number 0 have second numbers up to 3, and 2 is"]),
        (["s.t.00000.00001.sql", "s.t.00002.00001.sql"], ["numbered up to 2, and 1 is missing"]),
        (["s.t.0000000000000.sql", "s.t.0000000010000.sql", "s.t.0000000010001.sql"], []),
        (["s.t.0000000000000.sql", "s.t.0000000000002.sql"], ["of number 0 have second numbers up to 2, and 1 is"]),
        (["s.t.1.sql", "s.t.5.sql", "s.u.00000.sql"], []),
    ],
)
def test_numbers_that_are_missing_are_told(names: list[str], told: list[str]) -> None:
    found = numbers(*names)
    assert len(found) == len(told)
    assert all(text in gap and gap.startswith("s.t: ") for gap, text in zip(found, told, strict=True))


def test_a_table_that_metadata_counts_and_no_file_carries_is_an_error_unless_it_is_left_out() -> None:
    inventory = folder("s.t-schema.sql", gone=TableMetadata("gone", rows=5), empty=TableMetadata("empty", rows=0))
    with pytest.raises(SchemaMissingError, match=r"metadata counts 5 rows of s\.gone"):
        make_plan(inventory, LoadConfig(task_name="t", dump_uri="/dump"))
    rules = {"ignore-tables": [{"db-name": "s", "tbl-name": "gone"}]}
    plan = make_plan(inventory, LoadConfig(task_name="t", dump_uri="/dump", block_allow_list=rules))
    assert [table.name for table in plan.tables] == ["s.t"]


def test_a_gtid_set_over_several_lines_is_one() -> None:
    lines = (
        "[master]\nFile = b.000006\nPosition = 694\nExecuted_Gtid_Set = 1111-aa:1-65,\n2222-bb:1-24,\n3333-cc:1-12\n"
    )
    found = parse_metadata(INI.format(lines).encode(), require_finished=True)
    assert found.binlog_gtid == "1111-aa:1-65,2222-bb:1-24,3333-cc:1-12"
    assert found.warnings == ()


@pytest.mark.parametrize("after", ["", "[`s`.`t`]\nrows = 1", "File = b.000007"])
def test_a_gtid_set_that_breaks_off_is_refused(after: str) -> None:
    lines = f"[master]\nFile = b.000006\nPosition = 694\nExecuted_Gtid_Set = 1111-aa:1-65,\n{after}\n[config]"
    with pytest.raises(DumpMetadataError, match="should go on with the GTID set"):
        parse_metadata(INI.format(lines).encode(), require_finished=True)


@pytest.mark.parametrize("position", ["18446744073709551616", "9" * 26, "9" * 10_000])
def test_a_position_that_no_server_has_is_refused(position: str) -> None:
    lines = f'[source]\n# SOURCE_LOG_FILE = "b.000006"\n# SOURCE_LOG_POS = {position}\n'
    with pytest.raises(DumpMetadataError, match="larger than any server's"):
        parse_metadata(INI.format(lines).encode(), require_finished=True)


def test_the_quote_character_is_known_in_both_spellings() -> None:
    session = "[myloader_session_variables]\nSQL_MODE=(null) /*!40101\n"
    lines = f'[config]\nquote_character = DOUBLE_QUOTE\n{session}["s"."t"]\nrows = 1\n'
    found = parse_metadata(INI.format(lines).encode(), require_finished=True)
    assert (found.tables[TableName("s", "t")].rows, dict(found.session_variables)) == (1, {})
    assert not any("quote" in warning for warning in found.warnings)
    assert read_schema_file(b'CREATE TABLE "t" ("a" int);', "f").create == b"CREATE TABLE `t` (`a` int)"


def test_a_metadata_file_may_be_as_large_as_its_folder_needs(tmp_path_factory: pytest.TempPathFactory) -> None:
    dump = tmp_path_factory.mktemp("dump")
    (dump / "s.t-schema.sql").write_text("")
    (dump / "metadata").write_bytes(b"Started dump at: 2026-01-01 00:00:00\n" + b"junk\n" * 300_000)
    with pytest.raises(DumpMetadataError, match="that of 2 files may have"):
        read_inventory(LocalStorage(dump), require_finished=False)


def dump_folder(path: Path, *names: str) -> Path:
    path.mkdir()
    (path / "metadata").write_text(METADATA)
    for name in ("s.t-schema.sql", *names):
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text("")
    return path


def make_folder(path: Path) -> None:
    path.mkdir()


def make_socket(path: Path) -> None:
    with contextlib.chdir(path.parent), socket.socket(socket.AF_UNIX) as one:  # the path of one must be short
        one.bind(path.name)


def make_link_to_a_device(path: Path) -> None:
    path.symlink_to("/dev/null")


@pytest.mark.parametrize("make", [os.mkfifo, make_folder, make_socket, make_link_to_a_device])
@pytest.mark.parametrize("name", ["s.t.sql", "s.t.000000000.csv.gz", "s.t.CSV", "s.u-schema.sql"])
def test_a_special_file_in_the_place_of_one_of_the_dump_is_refused(
    make: Callable[[Path], None], name: str, tmp_path: Path
) -> None:
    dump = dump_folder(tmp_path / "dump")
    make(dump / name)
    with pytest.raises(DumpFormatError, match="but it is a folder, a pipe, a socket or a device") as caught:
        read_inventory(LocalStorage(dump, follow_links=True), require_finished=True)
    assert (caught.value.file or "").rstrip("/") == name


@pytest.mark.parametrize(
    "name", ["sub/s.t.sql", "a/b/c/s.t.000000000.csv", "x/s.t-schema.sql", "old/metadata", "x/S.T.SQL"]
)
def test_a_file_of_a_dump_in_a_subfolder_is_refused(name: str, tmp_path: Path) -> None:
    dump = dump_folder(tmp_path / "dump", name)
    with pytest.raises(DumpFormatError, match="folder inside of the dump's") as caught:
        read_inventory(LocalStorage(dump), require_finished=True)
    assert caught.value.file == name


def test_a_folder_that_has_nothing_of_a_dump_is_left_alone_with_a_word(tmp_path: Path) -> None:
    dump = dump_folder(tmp_path / "dump", ".git/config", "notes/more/read.me", "shop-checksum/x")
    (dump / "link").symlink_to("/")
    found = read_inventory(LocalStorage(dump), require_finished=True)
    assert [warning.split("'")[1] for warning in found.warnings] == [".git/", "link/", "notes/", "shop-checksum/"]


def test_a_huge_folder_is_told_as_not_looked_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(special_files, "_MOST_NAMES", 10)
    dump = dump_folder(tmp_path / "dump", *(f"x/{number}" for number in range(20)))
    (warning,) = read_inventory(LocalStorage(dump), require_finished=True).warnings
    assert "holds more than 10 names" in warning


@pytest.mark.servers
@pytest.mark.parametrize("checksum", ["required", "off"])
@pytest.mark.parametrize("rows", [2, 3, None])
def test_a_gap_is_a_finding_and_pauses_where_rows_are_missing(
    checksum: str, rows: int | None, server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    counted = "" if rows is None else f"rows = {rows}"
    metadata = INI.format(f"[config]\nquote-character = BACKTICK\n[`s`.`t`]\nreal_table_name=t\n{counted}")
    dump = write_dump(tmp_path / "dump", Table("t"), metadata=metadata)
    for number in (0, 2):
        (dump / f"s.t.{number:05}.sql").write_text(f'INSERT INTO `t` VALUES({number},"a");\n')
    config = load_config(dump, checksum=checksum)
    if rows == 3:
        with pytest.raises(ChecksumMismatchError, match=r"a data file was lost: .* 1 is missing"):
            load_soon(config, target)
        return
    report = load_soon(config, target)
    assert [(one.kind, one.table, one.pauses) for one in report.findings] == [("missing_file_number", "s.t", False)]
    assert any(warning.startswith("s.t: data files are numbered up to 2, and 1 is") for warning in report.warnings)
    assert (report.outcome, query(server, "SELECT COUNT(*) FROM s.t")) == ("clean", [(2,)])
