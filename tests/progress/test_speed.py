from __future__ import annotations

import pytest

from airflow_dm_loader.progress.speed import SpeedWindow, make_status
from airflow_dm_loader.report import LoadStatus


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def speeds(readings: list[tuple[float, int]]) -> list[int]:
    """Bytes a second at each reading of (seconds since the start, finished bytes)."""
    clock = Clock()
    window = SpeedWindow(clock)
    found = []
    for after_s, finished_bytes in readings:
        clock.now_s = 100.0 + after_s
        found.append(window.bps(finished_bytes))
    return found


def status(finished_bytes: int, total_bytes: int, bps: int, *, done: bool = False) -> LoadStatus:
    return make_status(finished_bytes, total_bytes, bps, done=done, meta_binlog="(b, 4)", meta_binlog_gtid="g:1")


def test_the_first_reading_knows_no_speed() -> None:
    assert speeds([(0, 5_000)]) == [0]


def test_two_readings_at_once_know_no_speed() -> None:
    assert speeds([(0, 0), (0, 5_000)]) == [0, 0]


def test_speed_is_bytes_over_seconds() -> None:
    assert speeds([(0, 1_000), (5, 11_000), (10, 11_000)]) == [0, 2_000, 1_000]


def test_what_a_resume_had_before_counts_for_nothing() -> None:
    assert speeds([(0, 10**9), (10, 10**9 + 50)]) == [0, 5]


def test_a_stall_shows_and_a_fast_start_is_forgotten() -> None:
    readings = [(0.0, 0), (5.0, 10**9), *((after_s, 10**9) for after_s in range(10, 60, 5))]
    assert speeds(readings)[-1] == 0


def test_a_late_reading_still_has_one_to_compare_with() -> None:
    assert speeds([(0, 0), (1, 100), (601, 60_100)])[-1] == 100


def test_a_status_has_dm_s_words() -> None:
    assert status(25, 100, 5) == LoadStatus(
        finished_bytes=25,
        total_bytes=100,
        progress="25.00 %",
        bps=5,
        eta_s=15.0,
        meta_binlog="(b, 4)",
        meta_binlog_gtid="g:1",
    )


@pytest.mark.parametrize(("bps", "eta_s"), [(0, None), (3, 25.0)])
def test_time_left_is_not_known_without_speed(bps: int, eta_s: float | None) -> None:
    assert status(25, 100, bps).eta_s == eta_s


def test_nothing_to_load_is_done_only_when_the_load_is() -> None:
    assert status(0, 0, 0).progress == "0.00 %"
    assert status(0, 0, 0, done=True).progress == "100.00 %"


def test_the_eta_counts_the_indexes_too() -> None:
    def eta(finished: int, bps: int, index_seconds: float | None) -> float | None:
        return make_status(
            finished, 100, bps, done=False, meta_binlog="", meta_binlog_gtid="", index_seconds=index_seconds
        ).eta_s

    assert eta(50, 10, 0) == 5
    assert eta(50, 10, 7) == 12
    assert eta(100, 0, 7) == 7
    assert eta(50, 0, 7) is None  # how fast rows go is not known
    assert eta(50, 10, None) == 5
    assert eta(100, 10, None) is None  # nothing is left but what is not known


def test_the_eta_counts_the_comparison_and_says_what_it_does_not_count() -> None:
    def moment(finished: int, index_seconds: float | None, comparison_seconds: float | None) -> LoadStatus:
        return make_status(
            finished,
            100,
            10,
            done=False,
            meta_binlog="",
            meta_binlog_gtid="",
            index_seconds=index_seconds,
            comparison_seconds=comparison_seconds,
        )

    assert moment(50, 7, 4).eta_s == 5 + 7 + 4
    assert moment(50, 7, None).eta_s == 5 + 7
    assert moment(50, None, 4).eta_s == 5 + 4
    assert moment(100, 0, 4).eta_s == 4
    assert moment(100, 0, None).eta_s is None
    assert (moment(50, 7, None).indexes_s, moment(50, 7, None).comparison_s) == (7, None)


def test_while_no_speed_is_known_the_time_of_the_rows_may_be_known_otherwise() -> None:
    def eta(finished: int, bps: int, index_seconds: float | None) -> float | None:
        return make_status(
            finished, 100, bps, done=False, meta_binlog="", meta_binlog_gtid="", index_seconds=index_seconds,
            row_seconds=30,
        ).eta_s  # fmt: skip

    assert eta(0, 0, 7) == 37
    assert eta(0, 0, None) == 30
    assert eta(50, 10, 7) == 12
    assert eta(100, 0, 7) == 7
