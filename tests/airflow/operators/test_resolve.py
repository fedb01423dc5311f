from __future__ import annotations

import pytest

from airflow_dm_loader.operators.resolve import ResolveConflictsOperator, cleared_by_hand
from tests.airflow.task_runs import a_dag


@pytest.mark.parametrize(
    ("try_number", "max_tries", "by_hand", "what"),
    [
        (1, 0, False, "first try"),
        (2, 1, True, "cleared: max_tries is the last try, the next one is one higher"),
        (3, 2, True, "cleared again"),
        (2, 0, False, "started again by the scheduler, nobody cleared it"),
        (3, 1, False, "cleared, but lost and started again by the scheduler"),
    ],
)
def test_only_a_clear_is_a_person_s_word(try_number: int, max_tries: int, by_hand: bool, what: str) -> None:
    assert cleared_by_hand(try_number, max_tries, retries=0) is by_hand, what


def test_with_retries_the_tries_between_two_clears_are_not_by_hand() -> None:
    # retries=1: first 1/1, automatic retry 2/1, clear 3/3, automatic retry 4/3, clear 5/5
    tries = [(1, 1), (2, 1), (3, 3), (4, 3), (5, 5)]
    assert [cleared_by_hand(number, most, retries=1) for number, most in tries] == [False, False, True, False, True]


def test_it_has_no_automatic_retries_whatever_the_dag_says() -> None:
    with a_dag(default_args={"retries": 5}):
        task = ResolveConflictsOperator(task_id="resolve", config={})
    assert task.retries == 0
