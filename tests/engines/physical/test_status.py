"""What Lightning's HTTP server says of its progress, in the forms that its sources write."""

from __future__ import annotations

import pytest

from airflow_dm_loader.engines.physical.status import Progress, parse_progress, with_metrics
from airflow_dm_loader.report import TableStatus

TASK = b"""{"t": {"`shop`.`orders`": {"w": 10, "z": 40, "s": 1, "m": "", "progresses": []},
 "`shop`.`done`": {"w": 5, "z": 5, "s": 2}, "`shop`.`waiting`": {"w": 0, "z": 7, "s": 0}}, "s": 1, "m": ""}"""
METRICS = b"""# HELP lightning_bytes count of total bytes
# TYPE lightning_bytes counter
lightning_bytes{state="restored"} 2.5e+06
lightning_bytes{state="total_restore"} 1e+07
lightning_bytes{state="written"} 9e+06
lightning_rows{state="restored",table="`shop`.`orders`"} 17
lightning_rows{state="restored",table="`shop`.`a} 5,state=\\"restored\\"`"} 1.2e+03
lightning_rows{state="total_restore",table="`shop`.`orders`"} 4000
"""
ORDERS = TableStatus(table="shop.orders", finished_bytes=10, total_bytes=40, indexes="none")


def test_tables_that_are_begun_and_not_complete_are_told() -> None:
    assert parse_progress(TASK) == Progress(15, 52, (ORDERS,))


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"t": {"`a`.`b`": 5}}', b"<html>"])
def test_another_form_is_no_progress(raw: bytes) -> None:
    assert parse_progress(raw) is None


def test_the_whole_is_counted_by_the_metrics() -> None:
    progress = parse_progress(TASK)
    assert progress is not None
    assert with_metrics(progress, METRICS) == Progress(2_500_000, 10_000_000, (ORDERS,), rows=1217)


@pytest.mark.parametrize("raw", [b"", b"lightning_tables 1\n", b'lightning_bytes{state="total_restore"} 0\n'])
def test_without_a_total_the_tables_count(raw: bytes) -> None:
    progress = parse_progress(TASK)
    assert progress is not None
    assert with_metrics(progress, raw) == progress


@pytest.mark.parametrize(("restored", "rows"), [(7, None), (8, 5), (9, 5)])
def test_rows_are_counted_to_their_end_once_all_bytes_are_read(restored: int, rows: int | None) -> None:
    raw = f'lightning_bytes{{state="restored"}} {restored}\nlightning_bytes{{state="total_restore"}} 8\n'.encode()
    assert with_metrics(Progress(0, 0, ()), raw + b'lightning_rows{state="restored"} 5\n').rows_in_all == rows
    assert with_metrics(Progress(0, 0, ()), raw).rows_in_all is None


def test_more_than_the_total_is_the_total() -> None:
    progress = with_metrics(
        Progress(0, 0, ()), b'lightning_bytes{state="restored"} 9\nlightning_bytes{state="total_restore"} 8'
    )
    assert (progress.finished_bytes, progress.total_bytes) == (8, 8)
