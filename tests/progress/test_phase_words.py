from __future__ import annotations

from typing import Any

import pytest

from airflow_dm_loader.progress.phase_words import (
    counted,
    describe_analysis,
    describe_cleaning,
    describe_comparison,
    describe_creation,
    describe_registration,
    describe_share,
    named,
    tool_name,
)
from airflow_dm_loader.report import Finding, TableReport

SHARE = {
    "rows_sent": 6500,
    "rows_sent_known": True,
    "chunks_sent": 1,
    "chunks_skipped": 0,
    "files_done": 2,
    "file_bytes": 99_800,
    "seconds": 1.26,
}
REGISTERED = {"files": 1, "file_bytes": 99_800, "fresh": True, "path": "load"}


def test_numbers_have_separators_and_things_plurals() -> None:
    assert [counted(n, "row") for n in (0, 1, 2, 1500)] == ["0 rows", "1 row", "2 rows", "1,500 rows"]
    assert named([], "table") == "0 tables"
    assert named(["s.a"], "table") == "1 table (s.a)"
    assert named([f"s.t{n}" for n in range(1010)], "table") == (
        "1,010 tables (s.t0, s.t1, s.t2, s.t3, s.t4, s.t5, s.t6, s.t7 and 1,002 more)"
    )


def test_a_tool_is_told_by_its_name() -> None:
    assert tool_name("ini") == "mydumper from 0.11 on"
    assert tool_name("text") == "dumpling, or mydumper until 0.10"
    assert tool_name("text", "dumpling") == "dumpling"


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "A new load: 1 data file, 99.8 kB"),
        (
            {"fresh": False},
            "This load was begun before; it resumes, and what is committed stays: 1 data file, 99.8 kB",
        ),
        (
            {"path": "resolve"},
            "This load is paused: all is sent, and somebody must decide on what was found (1 data file, 99.8 kB)",
        ),
        ({"path": "finished"}, "This load had finished before: nothing is sent again (1 data file, 99.8 kB)"),
    ],
)
def test_what_was_found_of_the_load_is_a_sentence(changes: dict[str, Any], line: str) -> None:
    assert describe_registration(REGISTERED | changes) == line


def test_what_was_created_is_named() -> None:
    assert describe_creation({"created": ["s.a"], "existing": [], "views": []}, 1) == (
        "Created 1 table (s.a); 1 import task to send the rows"
    )
    assert describe_creation({"created": [], "existing": ["s.a", "s.b"], "views": ["s.v"]}, 3) == (
        "Created 0 tables; 2 tables (s.a, s.b) existed; created 1 view (s.v); 3 import tasks to send the rows"
    )


def test_what_a_share_sent_is_a_line() -> None:
    assert describe_share(SHARE) == "6,500 rows sent in 1 chunk | 2 files of 99.8 kB | 1.3 s"
    assert describe_share(SHARE | {"rows_sent": 0, "chunks_sent": 0, "chunks_skipped": 1}) == (
        "0 rows sent in 0 chunks | 1 chunk had been committed before | 2 files of 99.8 kB | 1.3 s"
    )
    assert describe_share(SHARE | {"rows_sent_known": False}).startswith("Sent by tidb-lightning, which did not tell")


def test_what_was_compared_and_found_is_a_line() -> None:
    passed = TableReport(table="s.a", rows=1, data_bytes=1, row_count="passed", checksum="not_compared")
    differs = TableReport(table="s.b", rows=1, data_bytes=1, row_count="differs", conflicts=1200)
    assert describe_comparison("clean", [passed], []) == (
        "Clean | row count passed: 1 table | checksum not compared: 1 table"
    )
    assert describe_comparison("has_duplicates", [passed, differs], [Finding(kind="x", text="y")]) == (
        "Rows met rows with the same key | row count differs: 1 table | row count passed: 1 table"
        " | checksum not compared: 2 tables | 1,200 rows in conflict | 1 finding"
    )


def test_what_was_analyzed_and_cleaned_is_a_line() -> None:
    assert describe_analysis({"tables": 2, "problems": {}}) == "Statistics of 2 tables refreshed"
    assert describe_analysis({"tables": 1, "problems": {"s.a": "x"}}) == (
        "Statistics of 1 table refreshed; 1 table could not be"
    )
    assert describe_cleaning({"removed": []}, asked=False) == "The dump is kept: clean_dump_files is off"
    assert describe_cleaning({"removed": ["metadata"]}, asked=True) == "Removed 1 file (metadata) of the dump"
