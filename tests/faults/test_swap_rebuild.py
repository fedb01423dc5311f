"""A swap that takes away and makes again what hangs on live tables, killed at each step."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.loader import restore_previous
from dev.private_server import PrivateServer
from tests.faults.attempts import Attempt
from tests.faults.points import REBUILD_POINTS
from tests.faults.tally import LONG, tried
from tests.phases.test_swap_rebuild import check_hanging, hang, night
from tests.tables import query

SHORT = ("all taken away, before the RENAME", "between two that are made again")  # the rest in ``make faults``

pytestmark = [pytest.mark.servers] if LONG else []


@pytest.mark.parametrize("point", REBUILD_POINTS if LONG else SHORT)
def test_a_load_killed_at_a_step_makes_all_of_it_again(
    point: str, server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    load_dump(night(tmp_path, 1), target)
    hang(server)
    config = night(tmp_path, 2)

    with Attempt(config, target, point=point) as attempt:
        assert attempt.dies()
    tried(f"kill -9 of a swap that rebuilds: {point}")
    report = load_dump(config, target)

    assert report.outcome == "clean"
    assert query(server, "SELECT DISTINCT v FROM s.p") == [("night 2",)]
    check_hanging(server)


def test_what_a_killed_load_took_away_is_made_again_by_the_next_one_that_gives_it_up(
    server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    load_dump(night(tmp_path, 1), target)
    hang(server)
    config = night(tmp_path, 2)
    with Attempt(config, target, point="all taken away, before the RENAME") as attempt:
        assert attempt.dies()

    load_dump(night(tmp_path, 3).changed(task_name="night2", remove_meta=True), target)

    assert query(server, "SELECT DISTINCT v FROM s.p") == [("night 3",)]
    check_hanging(server)


@pytest.mark.parametrize("point", REBUILD_POINTS if LONG else SHORT)
def test_putting_back_killed_at_a_step_is_repeated_and_makes_all_of_it_again(
    point: str, server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    load_dump(night(tmp_path, 1), target)
    load_dump(night(tmp_path, 2), target)
    hang(server)

    with Attempt("night2", target, point=point) as attempt:
        assert attempt.dies()
    tried(f"kill -9 of a restore that rebuilds: {point}")
    assert restore_previous(target, "night2") == ("s.p",)

    assert query(server, "SELECT DISTINCT v FROM s.p") == [("night 1",)]
    check_hanging(server)


def test_what_a_killed_restore_took_away_is_made_again_by_the_next_load_that_swaps(
    server: PrivateServer, target: TargetConfig, tmp_path: Path
) -> None:
    load_dump(night(tmp_path, 1), target)
    load_dump(night(tmp_path, 2), target)
    hang(server)
    with Attempt("night2", target, point="all taken away, before the RENAME") as attempt:
        assert attempt.dies()

    load_dump(night(tmp_path, 3), target)

    assert query(server, "SELECT DISTINCT v FROM s.p") == [("night 3",)]
    check_hanging(server)
