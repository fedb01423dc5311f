"""What TiDB's parser would lose of a CSV without a word is refused where it can be seen beforehand."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from airflow_dm_loader.dump.data_formats import CSV
from airflow_dm_loader.dump.filenames import Compression
from airflow_dm_loader.dump.inventory import DataFile
from airflow_dm_loader.dump.storage import LocalStorage
from airflow_dm_loader.engines.import_into.import_statement import csv_options, import_into
from airflow_dm_loader.engines.import_into.sources import table_sources
from airflow_dm_loader.engines.tidb_csv import check_csv, look_at_files
from airflow_dm_loader.errors import ConfigError, DumpFormatError
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.plan.load_plan import PlannedFile
from airflow_dm_loader.rules.csv_format import CsvFormat

READER = "IMPORT INTO"


def planned(folder: Path, content: bytes, *, number: int = 0, ending: str = "csv", **csv: Any) -> PlannedFile:
    name = f"s.t.{number:09}.{ending}"
    (folder / name).write_bytes(content)
    compression = Compression.GZIP if ending.endswith("gz") else Compression.NONE
    return PlannedFile(number, DataFile(name, "s", "t", CSV, compression, len(content)), "s", "t", csv=CsvFormat(**csv))


def look(folder: Path, *files: PlannedFile) -> tuple[str, ...] | None:
    return look_at_files(LocalStorage(folder), files, READER)[TableName("s", "t")]


@pytest.mark.parametrize(
    "csv",
    [
        {"null": "NULL"},
        {"null": ""},
        {"null": ["\\N", "nil"]},
        {"backslash_escape": False},
        {"escaped_by": "!"},
        {"character_set": "gbk"},
        {"character_set": "latin1"},
        {"data_invalid_char_replace": "?"},
    ],
)
def test_a_dialect_that_would_lose_values_is_refused(csv: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="csv: tidb-lightning") as caught:
        check_csv(CsvFormat(**csv), "tidb-lightning")
    assert "import_mode=logical" in caught.value.remedy


@pytest.mark.parametrize(
    "csv",
    [
        {},
        {"separator": "\t", "delimiter": "", "null": ["", "nil"], "backslash_escape": False},
        {"not_null": True, "backslash_escape": False},
        {"trim_last_separator": True, "separator": "|"},
        {"delimiter": "'", "header": False},
    ],
)
def test_other_dialects_are_told(csv: dict[str, Any]) -> None:
    check_csv(CsvFormat(**csv), "tidb-lightning")


def test_the_first_line_says_the_columns_of_all_files_of_a_table(tmp_path: Path) -> None:
    first = planned(tmp_path, b'"id","v"\r\n1,"a"\r\n')
    assert look(tmp_path, first, planned(tmp_path, b"id,v\n2,b\n", number=1)) == ("id", "v")
    with pytest.raises(DumpFormatError, match=r"names other columns than those of other files of s\.t") as caught:
        look(tmp_path, first, planned(tmp_path, b"v,id\nb,2\n", number=1))
    assert caught.value.file == "s.t.000000001.csv"


def test_without_a_line_of_names_or_where_they_do_not_count_the_table_says_them(tmp_path: Path) -> None:
    assert look(tmp_path, planned(tmp_path, b"1,a\n", header=False)) is None
    assert look(tmp_path, planned(tmp_path, b"x,y\n1,a\n", header_schema_match=False)) is None


def test_a_file_that_may_have_been_cut_is_refused_by_default(tmp_path: Path) -> None:
    cut = b"id,v\n1,a\n2,b"
    with pytest.raises(DumpFormatError, match="no line end") as caught:
        look(tmp_path, planned(tmp_path, cut))
    assert caught.value.offset == len(cut)
    assert look(tmp_path, planned(tmp_path, cut, allow_no_final_line_end=True)) == ("id", "v")
    assert look(tmp_path, planned(tmp_path, gzip.compress(cut), ending="csv.gz")) == ("id", "v")


def test_import_into_is_told_the_dialect_and_the_columns(tmp_path: Path) -> None:
    (source,) = table_sources([planned(tmp_path, b"id,v\n1,a\n", separator=";", terminator="~")], [])

    sql, values = import_into(source, "s3://b/d/s.t.000000000.csv", {"THREAD": 4}, ("id", "a%`b"))

    assert sql == (
        "IMPORT INTO `s`.`t` (`id`, `a%%``b`) FROM %s FORMAT %s WITH DETACHED, CHARACTER_SET = %s, "
        "FIELDS_TERMINATED_BY = %s, FIELDS_ENCLOSED_BY = %s, FIELDS_ESCAPED_BY = %s, FIELDS_DEFINED_NULL_BY = %s, "
        "LINES_TERMINATED_BY = %s, SKIP_ROWS = %s, THREAD = %s"
    )
    assert values == ("s3://b/d/s.t.000000000.csv", "csv", "utf8mb4", ";", '"', "\\", "\\N", "~", 1, 4)


@pytest.mark.parametrize(
    "csv",
    [
        {"not_null": True},
        {"delimiter": "", "null": ["", "nil"]},
        {"trim_last_separator": True},
        {"delimiter": "^^"},
    ],
)
def test_what_import_into_has_no_option_for_is_refused(csv: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="has no option"):
        csv_options(CsvFormat(**csv))
