"""What loads are doing, as anybody may ask it at any time."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import load_dump, load_status, loader
from airflow_dm_loader.config import TargetConfig
from airflow_dm_loader.errors import LoaderError
from tests.dumps import Table, load_config, numbered, prepare, run_of, write_dump
from tests.faults import import_until_broken
from tests.servers import AnyServer
from tests.tables import query

pytestmark = pytest.mark.servers


def test_nothing_is_stored_where_no_loader_has_worked(server: AnyServer, target: TargetConfig) -> None:
    assert load_status(target) == ()
    assert query(server, "SHOW DATABASES LIKE 'dm_meta'") == []


def test_each_load_says_how_far_it_is_and_whose(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    load_dump(load_config(write_dump(tmp_path / "a", numbered("a", 100)), task_name="first"), target)
    half = load_config(write_dump(tmp_path / "b", numbered("b", 400)), task_name="second", pool_size=1)
    prepare(half, target)
    import_until_broken(half, target, chunks=2)

    second, first = load_status(target)

    assert (first.task_name, first.status, first.progress, first.rows) == ("first", "finished", "100.00 %", 100)
    assert (second.task_name, second.source_id, second.status) == ("second", half.what.source_id, "running")
    assert 0 < second.finished_bytes < second.total_bytes
    assert 0 < (second.rows or 0) < 400
    assert second.by == "here (DAG 'dm_load', run 'run-1')"
    assert load_status(target, task_name="first") == (first,)


def test_a_load_that_waits_for_somebody_says_so(server: AnyServer, target: TargetConfig, tmp_path: Path) -> None:
    rows = ['(1,"a")', '(1,"b")']
    config = load_config(write_dump(tmp_path / "dump", Table("t", rows=rows)))
    with pytest.raises(LoaderError) as caught:
        load_dump(config, target)
    assert caught.value.code == 34020

    (found,) = load_status(target)

    assert (found.status, found.waits_for) == ("paused", "somebody who accepts what was found")


def test_a_source_that_waits_for_the_swap_says_for_whom(
    server: AnyServer, target: TargetConfig, tmp_path: Path
) -> None:
    configs = [
        load_config(
            write_dump(tmp_path / name, numbered(name, 10)),
            task_name="both",
            source_id=name,
            sources=["one", "two"],
            on_existing_rows="swap",
        )
        for name in ("one", "two")
    ]
    for config in configs:
        loader.prepare_checkpoint(run_of(config, target))
    loader.create_tables(run_of(configs[0], target))
    loader.run_import(run_of(configs[0], target))
    loader.verify(run_of(configs[0], target))
    loader.finish(run_of(configs[0], target))

    waiting = {found.source_id: found.waits_for for found in load_status(target, task_name="both")}

    assert waiting == {"one": "other sources, to swap the tables in: two", "two": ""}
