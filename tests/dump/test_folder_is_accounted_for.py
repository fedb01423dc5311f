"""Nothing in a dump's folder is passed over, and what its metadata says is taken whole or refused."""

from __future__ import annotations

import pytest

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.dump.inventory import DumpInventory, read_inventory, take_inventory
from airflow_dm_loader.dump.metadata import DumpMetadata, TableMetadata, parse_metadata
from airflow_dm_loader.dump.schema_files import read_schema_file
from airflow_dm_loader.dump.storage import LocalStorage, StoredFile
from airflow_dm_loader.errors import DumpFormatError, DumpMetadataError, DumpNotFoundError, SchemaMissingError
from airflow_dm_loader.plan.planner import make_plan

INI = "# Started dump at: 2026-01-01 00:00:00\n{}\n# Finished dump at: 2026-01-01 00:00:01\n"


def folder(*names: str, **tables: TableMetadata) -> DumpInventory:
    metadata = DumpMetadata(tool="text", tables={("s", name): found for name, found in tables.items()})
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


def test_numbers_that_are_not_there_are_told() -> None:
    names = [f"s.t.{number:05}.sql" for number in (0, 1, 2, 4, 7)]
    (warning,) = folder("s.t-schema.sql", *names).warnings
    assert "s.t has data files of the numbers 0 to 7, but 3 of them are not there: 3, 5, 6." in warning
    assert folder("s.t-schema.sql", "s.t.0000000000000.sql", "s.t.0000000010000.sql").warnings == ()


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
    assert (found.tables["s", "t"].rows, dict(found.session_variables)) == (1, {})
    assert not any("quote" in warning for warning in found.warnings)
    assert read_schema_file(b'CREATE TABLE "t" ("a" int);', "f").create == b"CREATE TABLE `t` (`a` int)"


def test_a_metadata_file_may_be_as_large_as_its_folder_needs(tmp_path_factory: pytest.TempPathFactory) -> None:
    dump = tmp_path_factory.mktemp("dump")
    (dump / "s.t-schema.sql").write_text("")
    (dump / "metadata").write_bytes(b"Started dump at: 2026-01-01 00:00:00\n" + b"junk\n" * 300_000)
    with pytest.raises(DumpMetadataError, match="that of a dump of 2 files may have"):
        read_inventory(LocalStorage(dump), require_finished=False)
