from __future__ import annotations

import pytest

from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.progress.forecast import (
    NO_COMPARISON,
    ComparisonForecast,
    RowPace,
    TableReading,
    build_work,
    reading_work,
)
from airflow_dm_loader.progress.table_clock import Pace

A, B = TableName("s", "a"), TableName("s", "b")
MB = 1_000_000


def reading(file_bytes: int = 100 * MB, rows: int | None = 0, readings: int = 1) -> TableReading:
    return TableReading(file_bytes, rows, readings)


def forecast(
    *tables: TableReading, connections: int = 1, before: Pace | None = None, like_builds: bool = True
) -> ComparisonForecast:
    """Of the tables A and B, as many as are given."""
    named: dict[TableName, TableReading] = dict(zip((A, B), tables, strict=False))
    return ComparisonForecast(named, connections, before, like_builds)


def pace_of(*tables: TableReading, seconds: float) -> Pace:
    """That of a server which read these tables in so many seconds."""
    return Pace(sum(table.work() for table in tables), seconds)


def test_what_was_read_takes_as_long_again() -> None:
    tables = reading(), reading(50 * MB, rows=300_000)
    estimate = forecast(*tables, before=pace_of(*tables, seconds=30)).estimate({}, None)
    assert estimate.seconds == pytest.approx(30)
    assert sum(estimate.by_table.values()) == pytest.approx(30)


def test_ten_times_as_much_takes_ten_times_as_long_but_for_the_table_itself() -> None:
    before = pace_of(reading(), seconds=10)
    assert forecast(reading(1000 * MB), before=before).estimate({}, None).seconds == pytest.approx(100, rel=0.01)


def test_a_table_that_is_read_twice_takes_twice_as_long_and_one_that_is_not_read_no_time() -> None:
    estimate = forecast(reading(readings=2), reading(readings=0), before=pace_of(reading(), seconds=10)).estimate(
        {}, None
    )
    assert estimate.by_table == {A: pytest.approx(20), B: 0}


def test_nothing_that_can_be_compared_takes_no_time_whatever_is_known() -> None:
    assert forecast(reading(readings=0)).estimate({}, None) == NO_COMPARISON
    assert forecast().estimate({}, None) == NO_COMPARISON
    assert NO_COMPARISON.seconds == 0


def test_connections_share_the_tables_but_one_table_is_never_shared() -> None:
    small, large = reading(100 * MB), reading(300 * MB)
    before = pace_of(small, large, seconds=40)
    assert forecast(small, small, connections=2, before=before).estimate({}, None).seconds == pytest.approx(
        10, rel=0.01
    )
    assert forecast(small, large, connections=2, before=before).estimate({}, None).seconds == pytest.approx(
        30, rel=0.01
    )


def test_rows_that_the_dump_does_not_count_are_as_many_a_byte_as_the_import_found() -> None:
    unknown, told = reading(rows=None), reading(rows=1_000_000)
    before = pace_of(told, seconds=30)
    per_byte = 1_000_000 / (100 * MB)
    assert forecast(unknown, before=before).estimate({A: per_byte}, None).seconds == pytest.approx(30)
    fewer = forecast(unknown, before=before).estimate({A: per_byte / 2}, None).seconds
    assert fewer == pytest.approx(30 * reading_work(100 * MB, 500_000) / reading_work(100 * MB, 1_000_000))


def test_a_table_without_a_row_in_yet_is_taken_for_one_like_the_others() -> None:
    found = forecast(reading(rows=None), reading(rows=None), before=pace_of(reading(), seconds=10))
    estimate = found.estimate({A: 0.01}, None)
    assert estimate.by_table[B] == pytest.approx(estimate.by_table[A])


def test_before_anything_was_learned_nothing_is_known() -> None:
    estimate = forecast(reading()).estimate({}, None)
    assert estimate.seconds is None
    assert estimate.by_table == {}


def test_builds_of_indexes_tell_where_no_comparison_was_before() -> None:
    builds = Pace(build_work(reading().work(), 2), 70.0)
    assert forecast(reading()).estimate({}, builds).seconds == pytest.approx(10)  # two indexes, three readings each
    before = pace_of(reading(), seconds=4)
    assert forecast(reading(), before=before).estimate({}, builds).seconds == pytest.approx(4)


def test_builds_tell_nothing_of_a_comparison_with_the_source() -> None:
    builds = Pace(build_work(reading().work(), 1), 40.0)
    assert forecast(reading(), like_builds=False).estimate({}, builds).seconds is None


def test_what_was_learned_from_next_to_nothing_does_not_count() -> None:
    tiny = pace_of(reading(1000), seconds=5)
    assert forecast(reading(10_000 * MB), before=tiny).estimate({}, None).seconds is None
    builds = Pace(build_work(reading().work(), 1), 40.0)
    assert forecast(reading(9000 * MB), before=tiny).estimate({}, builds).seconds == pytest.approx(900, rel=0.01)


def test_rows_take_as_long_as_the_last_time_and_tables_without_a_past_as_the_others() -> None:
    pace = RowPace({A: 0.5}, connections=2)
    assert pace.seconds({A: 100}) == 25
    assert pace.seconds({A: 100, B: 60}) == 40
    assert pace.seconds({B: 60}) is None
