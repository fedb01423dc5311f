from __future__ import annotations

from typing import Any

import pytest

from airflow_dm_loader.progress.words import describe, describe_report
from airflow_dm_loader.report import LoadReport, LoadStatus, TableReport


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (
            {"finished_bytes": 154_300_000, "total_bytes": 366_000_000, "bps": 25_300_000, "eta_s": 8.4},
            "42.16 % | 154.3 MB of 366.0 MB | 25.3 MB/s | about 8 seconds left",
        ),
        (
            {"finished_bytes": 1, "total_bytes": 5 * 10**12, "bps": 40, "eta_s": 93_784.0},
            "42.16 % | 1 Byte of 5.0 TB | 40 Bytes/s | about 1 day, 2 hours, 3 minutes and 4 seconds left",
        ),
        (
            {"finished_bytes": 0, "total_bytes": 10, "bps": 0},
            "42.16 % | 0 Bytes of 10 Bytes | 0 Bytes/s",
        ),
        (
            {"finished_bytes": 10, "total_bytes": 10, "bps": 5, "eta_s": 0.0},
            "42.16 % | 10 Bytes of 10 Bytes | 5 Bytes/s | all sent",
        ),
        (
            {"finished_bytes": 5, "total_bytes": 10, "bps": 5, "eta_s": 31.0, "indexes_waiting": 1},
            "42.16 % | 5 Bytes of 10 Bytes | 5 Bytes/s | then the indexes of 1 table | about 31 seconds left",
        ),
        (
            {"finished_bytes": 10, "total_bytes": 10, "bps": 0, "indexes_waiting": 2},
            "42.16 % | 10 Bytes of 10 Bytes | 0 Bytes/s | all sent, building the indexes of 2 tables",
        ),
        (
            {"finished_bytes": 5, "total_bytes": 10, "bps": 5, "eta_s": 31.0, "comparison_s": None},
            "42.16 % | 5 Bytes of 10 Bytes | 5 Bytes/s | about 31 seconds left + comparison",
        ),
        (
            {
                "finished_bytes": 5,
                "total_bytes": 10,
                "bps": 5,
                "eta_s": 31.0,
                "indexes_waiting": 2,
                "indexes_s": None,
                "comparison_s": None,
            },
            "42.16 % | 5 Bytes of 10 Bytes | 5 Bytes/s | then the indexes of 2 tables"
            " | about 31 seconds left + indexes + comparison",
        ),
        (
            {"finished_bytes": 5, "total_bytes": 10, "bps": 5, "eta_s": 31.0, "comparison_s": 9.0},
            "42.16 % | 5 Bytes of 10 Bytes | 5 Bytes/s | about 31 seconds left",
        ),
        (
            {"finished_bytes": 10, "total_bytes": 10, "bps": 5, "comparison_s": None},
            "42.16 % | 10 Bytes of 10 Bytes | 5 Bytes/s | all sent | then the comparison",
        ),
        (
            {"finished_bytes": 5, "total_bytes": 10, "bps": 5, "eta_s": 1.0, "slowed": "9 threads run"},
            "42.16 % | 5 Bytes of 10 Bytes | 5 Bytes/s | about 1 second left | slowed: 9 threads run",
        ),
        (
            {"finished_bytes": 10, "total_bytes": 10, "bps": 0, "compared_bytes": 0, "comparison_s": None},
            "all sent, comparing: 0.00 % | 0 Bytes of 10 Bytes | 0 Bytes/s",
        ),
        (
            {"finished_bytes": 10, "total_bytes": 10, "bps": 2, "compared_bytes": 4, "eta_s": 3.0},
            "all sent, comparing: 40.00 % | 4 Bytes of 10 Bytes | 2 Bytes/s | about 3 seconds left",
        ),
    ],
)
def test_a_moment_of_the_import_is_one_line(status: dict[str, Any], line: str) -> None:
    assert describe(LoadStatus(progress="42.16 %", **status)) == line


def report(**changes: Any) -> LoadReport:
    return LoadReport(**{"task_name": "shop", "source_id": "s1", "status": "finished"} | changes)


def test_a_report_has_a_line_per_table_and_a_total() -> None:
    lines = describe_report(
        report(
            tables=(
                TableReport(
                    table="shop.orders",
                    rows=12_345,
                    data_bytes=1_500_000,
                    replaced=2,
                    sent_as="statements",
                    row_count="passed",
                    checksum="not_compared",
                    remark="the table held rows before",
                    seconds=1.25,
                    sender_seconds=4.75,
                ),
            ),
            outcome="clean",
            rows=12_345,
            rows_sent=345,
            data_bytes=1_500_000,
            seconds=9.0,
            binlog_name="bin.000001",
            binlog_pos=4,
            binlog_gtid="0-1-2",
            not_loaded={"triggers": 1, "routines and events": 2},
        )
    )
    assert lines == [
        "shop.orders: 12,345 rows, 1.5 MB as statements | 2 replaced | row count passed | checksum not compared"
        " | the table held rows before | 1.2 s, 4.8 s over all connections",
        "shop / s1: finished | 345 rows sent by this run in 9.0 s | 12,345 rows in 1 table, 1.5 MB"
        " | binlog bin.000001:4 | GTID 0-1-2 | not loaded: triggers (1), routines and events (2)",
    ]


def test_a_report_of_a_finished_load_says_that_nothing_was_sent() -> None:
    assert "Had been loaded before, nothing was sent" in describe_report(report(skipped=True))[-1]


def test_a_report_says_where_it_is_not_known_how_many_rows_were_sent() -> None:
    line = describe_report(report(rows=7, rows_sent_known=False, seconds=2.0))[-1]
    assert "tidb-lightning did not tell how many rows this run sent in 2.0 s | 7 rows in 0 tables" in line


def test_a_report_says_what_was_accepted() -> None:
    line = describe_report(report(outcome="has_duplicates", accepted=True))[-1]
    assert "has duplicates, accepted" in line
