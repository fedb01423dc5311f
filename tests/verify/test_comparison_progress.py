"""What is said while tables are compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump, loader
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.report import LoadStatus, TableReport
from airflow_dm_loader.verify.tables import compare_table
from tests.dumps import import_all, load_config, numbered, run_of, write_dump
from tests.waiting import wait_until


def test_the_comparison_says_how_far_it_is_and_how_long_it_takes(
    target: TargetConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = numbered("a", 10), numbered("b", 20), numbered("c", 40)
    folder = write_dump(tmp_path / "dump", *tables)
    config = load_config(folder, pool_size=1)
    import_all(config, target)
    said: list[LoadStatus] = []

    def slowly(*args: object, **kwargs: object) -> TableReport:
        looks = len(said)
        wait_until(lambda: len(said) >= looks + 2)  # the first of them may have begun before
        return compare_table(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr("airflow_dm_loader.verify.comparison.compare_table", slowly)

    loader.verify(run_of(config, target, on_progress=said.append, progress_interval_s=0))

    sizes = [(folder / f"s.{name}.sql").stat().st_size for name in "abc"]
    total = sum(sizes)
    assert {status.total_bytes for status in said} == {status.finished_bytes for status in said} == {total}
    compared = [status.compared_bytes for status in said]
    assert compared == sorted(compared, key=lambda done: done or 0)
    assert set(compared) <= {0, sizes[0], sizes[0] + sizes[1]}
    assert len(set(compared)) > 1
    assert [table.table for table in said[0].tables] == ["s.a"]
    for status in said:
        known = bool(status.compared_bytes)  # before the first table is ready, nothing is known
        assert (status.eta_s is not None) == known
        assert all((table.eta_s is not None) == known for table in status.tables)


def test_a_comparison_that_takes_no_time_says_nothing(target: TargetConfig, tmp_path: Path) -> None:
    config = load_config(write_dump(tmp_path / "dump", numbered("t", 10)))
    said: list[LoadStatus] = []

    load_dump(config, target, said.append)

    assert said
    assert all(status.compared_bytes is None for status in said)
