from __future__ import annotations

import pytest

from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.progress.table_clock import Pace, TableClock

A, B, C = TableName("s", "a"), TableName("s", "b"), TableName("s", "c")
BYTES = {A: 100, B: 200, C: 1000}


class Clock:
    now_s = 50.0

    def __call__(self) -> float:
        return self.now_s


def clocks(workers: int = 1, before: Pace | None = None) -> tuple[Clock, TableClock]:
    clock = Clock()
    return clock, TableClock(workers, clock, before=before)


def test_nothing_is_known_before_the_first_table_is_ready() -> None:
    clock, tables = clocks()
    tables.begin(A)
    clock.now_s += 7
    assert tables.seconds_left_of(A, BYTES) is None
    assert tables.seconds_left(frozenset({A, B}), BYTES) is None


def test_other_tables_take_as_long_for_each_byte_as_those_that_are_ready() -> None:
    clock, tables = clocks()
    tables.begin(A)
    clock.now_s += 5
    assert tables.end(A) == 5
    assert tables.seconds_left_of(B, BYTES) == 10
    tables.begin(B)
    clock.now_s += 4
    assert tables.seconds_left_of(B, BYTES) == 6
    assert tables.seconds_left_of(A, BYTES) == 0
    assert tables.seconds_left(frozenset({B, C}), BYTES) == 6 + 50


def test_workers_share_the_tables_but_one_table_is_never_shared() -> None:
    clock, tables = clocks(workers=2)
    tables.begin(A)
    clock.now_s += 5
    tables.end(A)
    assert tables.seconds_left(frozenset({B}), BYTES) == 10
    assert tables.seconds_left(frozenset({B, C}), BYTES) == 50


def test_a_table_that_takes_longer_than_thought_has_nothing_left() -> None:
    clock, tables = clocks()
    tables.begin(A)
    clock.now_s += 5
    tables.end(A)
    tables.begin(B)
    clock.now_s += 60
    assert tables.seconds_left_of(B, BYTES) == 0


def test_nothing_left_takes_no_time_and_begun_and_ended_are_told_apart() -> None:
    _, tables = clocks()
    assert tables.seconds_left(frozenset(), BYTES) == 0
    tables.begin(A)
    tables.begin(B)
    tables.end(B)
    assert tables.begun == {A, B}
    assert tables.ended == {B}


def test_before_the_first_table_is_ready_all_go_as_fast_as_the_last_time() -> None:
    clock, tables = clocks(before=Pace(work=2000, seconds=100))
    assert tables.seconds_left(frozenset(BYTES), BYTES) == 65
    tables.begin(A)
    clock.now_s += 3
    assert tables.seconds_left_of(A, BYTES) == 2
    clock.now_s += 7
    tables.end(A)  # it took twice as long
    assert tables.seconds_left_of(B, BYTES) == 20


@pytest.mark.parametrize(("work", "known"), [(13, True), (12, False)])
def test_what_was_learned_from_next_to_nothing_does_not_count(work: float, known: bool) -> None:
    _, tables = clocks(before=Pace(work, seconds=1))
    assert (tables.seconds_left_of(A, BYTES) is not None) == known


def test_the_pace_is_that_of_the_tables_that_had_work() -> None:
    clock, tables = clocks()
    work: dict[TableName, float] = {A: 100, B: 0, C: 1000}
    for table, seconds in ((B, 9), (A, 4), (C, 30)):
        assert tables.pace(work) == (None if table in (A, B) else Pace(100, 4))
        tables.begin(table)
        clock.now_s += seconds
        tables.end(table)
    assert tables.pace(work) == Pace(1100, 34)
    assert tables.pace({}) is None
