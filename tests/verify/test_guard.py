"""What counts as far less than the last time; pure."""

from __future__ import annotations

import pytest

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.rules.guard import Guard
from airflow_dm_loader.verify.guard import Before, judge

A, B = TableName("s", "a"), TableName("s", "b")


def found(guard: Guard, now: int, before: int) -> list[tuple[str, bool]]:
    return [(one.kind, one.pauses) for one in judge(guard, {A: now}, {A: Before(before, "the last load brought")}, {})]


@pytest.mark.parametrize(
    ("drop", "now", "before", "pauses"),
    [
        (0.5, 50, 100, False),
        (0.5, 49, 100, True),
        (0.5, 1, 3, True),
        (0.5, 1, 2, False),
        (0.9, 1, 10, False),
        (0.1, 90, 100, False),
        (0.1, 89, 100, True),
        (0, 99, 100, True),
        (0, 100, 100, False),
        (0.5, 1000, 100, False),
        (None, 1, 100, False),
        (0.5, 0, 0, False),
        (0.99, 10**15 // 100, 10**15, False),
    ],
)
def test_rows_may_be_missing_up_to_the_share(drop: float | None, now: int, before: int, pauses: bool) -> None:
    assert found(Guard(rows_drop=drop), now, before) == ([("fewer_rows_than_before", True)] if pauses else [])


def test_a_table_that_became_empty_is_told_as_that() -> None:
    assert found(Guard(), 0, 7) == [("empty_for_the_first_time", True)]
    assert found(Guard(empty="accept"), 0, 7) == [("empty_for_the_first_time", False)]
    assert found(Guard(empty="off"), 0, 7) == [("fewer_rows_than_before", True)]
    assert found(Guard(rows_drop=None, empty="off"), 0, 7) == []


def test_both_figures_are_shown_and_tables_without_a_past_are_passed_over() -> None:
    before = {A: Before(1200, "the last load brought")}
    (fewer,) = judge(Guard(), {A: 3, B: 0}, before, {})
    assert str(fewer) == "s.a: the dump brings 3 rows, and the last load brought 1,200 (guard: rows_drop=0.5)"
    (gone,) = judge(Guard(), {}, {}, before)
    assert str(gone) == "s.a: the dump does not bring it, and the last load brought 1,200 rows"
    assert [one.pauses for one in judge(Guard(tables_gone="accept"), {}, {}, before)] == [False]
    assert list(judge(Guard(tables_gone="off"), {}, {}, before)) == []


def config(**said: object) -> LoadConfig:
    return LoadConfig(task_name="t", dump_uri="/d", **said)


def test_it_is_on_with_swap_and_where_it_is_said() -> None:
    assert config().guard_rules is None
    assert config(on_existing_rows="truncate").guard_rules is None
    assert config(on_existing_rows="swap").guard_rules == Guard()
    said = config(on_existing_rows="truncate", guard={"rows_drop": 0.1, "empty": "accept"})
    assert said.guard_rules == Guard(0.1, "pause", "accept")
    assert LoadConfig.from_json(said.to_json()).guard_rules == said.guard_rules
    off = {"rows_drop": "off", "tables_gone": "off", "empty": "off"}
    assert config(on_existing_rows="swap", guard=off).guard_rules is None


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"rows": 1}, "takes rows_drop, tables_gone and empty, not rows"),
        ({"rows_drop": 1}, "rows_drop must be a share"),
        ({"rows_drop": -0.1}, "rows_drop must be a share"),
        ({"rows_drop": "50%"}, "rows_drop must be a share"),
        ({"rows_drop": float("nan")}, "rows_drop must be a share"),
        ({"tables_gone": "never"}, "tables_gone must be one of pause, accept, off"),
        ({"empty": 3}, "empty must be one of"),
    ],
)
def test_a_wrong_guard_is_refused_by_name(said: dict[str, object], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        config(on_existing_rows="swap", guard=said)


@pytest.mark.parametrize("action", ["auto", "error", "append"])
def test_where_rows_are_only_added_it_is_refused(action: str) -> None:
    with pytest.raises(ConfigError, match=f"guard: it is for .* and on_existing_rows is {action}"):
        config(on_existing_rows=action, guard={"rows_drop": 0.5})
