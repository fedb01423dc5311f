from __future__ import annotations

import pytest

from benchmarks.cases import CASES, COMPARISONS, choose
from benchmarks.measure import Measurement
from benchmarks.results import Results, Spread

CASE = {case.name: case for case in CASES}


def results(**wall_s: list[float]) -> Results:
    found = Results()
    for name, values in wall_s.items():
        for value in values:
            found.add(CASE[name], Measurement(value, peak_rss_bytes=int(value)))
    return found


def test_compares_within_each_run() -> None:
    """A run that was slow on both sides does not change the ratio."""
    compared = results(ours=[4.0, 40.0, 5.0], myloader=[8.0, 80.0, 20.0]).comparisons()
    assert [(pair.title, spread) for pair, spread in compared] == [("ours / myloader", Spread(0.25, 0.5, 0.5))]


def test_the_airflow_way_is_told_in_seconds_over_ours() -> None:
    [(pair, spread)] = results(ours=[8.0, 9.0], airflow=[15.0, 17.0]).comparisons()
    assert (pair.title, spread) == ("airflow - ours", Spread(7.0, 7.5, 8.0))


def test_a_case_that_failed_has_no_figures() -> None:
    found = results(ours=[4.0], myloader=[8.0])
    found.drop(CASE["myloader"])
    assert found.comparisons() == []


def test_what_was_not_measured_is_none() -> None:
    found = results(ours=[4.0, 5.0])
    assert found.middle("ours", "client_cpu_s") is None
    assert found.detail("ours", "inner_s") is None
    assert found.peak_rss_bytes("ours") == 5


def test_every_comparison_is_of_cases_that_run_as_often() -> None:
    for pair in COMPARISONS:
        assert CASE[pair.case].once == CASE[pair.against].once


def test_chosen_cases_keep_their_order() -> None:
    assert [case.name for case in choose(" limit,ours")] == ["ours", "limit"]
    assert choose("") == CASES
    with pytest.raises(ValueError, match="unknown: hers"):
        choose("ours,hers")
