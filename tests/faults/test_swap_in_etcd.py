"""Several sources that swap their tables in together, and wait for each other in a real etcd."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_dm_loader import EtcdConfig, load_dump, loader
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.coordination.base import BarrierState
from airflow_dm_loader.coordination.in_etcd import InEtcd
from airflow_dm_loader.errors import CheckpointError
from airflow_dm_loader.loader import LoadRun
from dev.private_etcd import PrivateEtcd
from dev.private_server import PrivateServer
from tests.dumps import load_config, numbered, run_of, write_dump
from tests.faults.attempts import Attempt
from tests.faults.tally import LONG, tried
from tests.tables import query

NORTH, SOUTH = "north", "south"
POINTS = ("after the RENAME", "before the RENAME", "ready, not committed")


@pytest.fixture
def at(etcd: PrivateEtcd) -> EtcdConfig:
    return EtcdConfig(endpoints=[etcd.url], timeout_s=60)


def source(tmp_path: Path, name: str, **changes: object) -> LoadConfig:
    """Its dump holds one table, of its own name, of twenty rows."""
    folder = tmp_path / name
    if not folder.exists():
        write_dump(folder, numbered(name, 20))
    return load_config(
        folder,
        **{
            "task_name": "both",
            "source_id": name,
            "sources": (NORTH, SOUTH),
            "barrier": "etcd",
            "on_existing_rows": "swap",
            "guard": {"rows_drop": "off", "tables_gone": "off", "empty": "off"},
            **changes,
        },
    )


def live(server: PrivateServer) -> tuple[int, int]:
    ((north, south),) = query(server, "SELECT (SELECT COUNT(*) FROM s.north), (SELECT COUNT(*) FROM s.south)")
    return north, south


def fill(run: LoadRun) -> None:
    loader.create_tables(run)
    for share in loader.import_shares(run):
        loader.run_import(run, share)
    assert loader.verify(run).verdict == "clean"


@pytest.mark.parametrize("point", POINTS if LONG else POINTS[:1])
def test_the_last_source_swaps_also_when_it_is_killed_there(
    point: str, server: PrivateServer, target: TargetConfig, at: EtcdConfig, tmp_path: Path
) -> None:
    before = write_dump(tmp_path / "before", numbered(NORTH, 5), numbered(SOUTH, 5))
    load_dump(load_config(before, task_name="before"), target)
    north = run_of(source(tmp_path, NORTH), target, coordination=InEtcd(at))
    south = source(tmp_path, SOUTH)
    loader.prepare_checkpoint(north)
    loader.prepare_checkpoint(run_of(south, target, coordination=InEtcd(at)))
    assert loader.arrive(north, BarrierState.READY) == (SOUTH,)
    fill(north)
    assert loader.finish(north).swap.endswith("go live with the last source: south")
    loader.arrive(north, BarrierState.FINISHED)

    with Attempt(south, target, point=point, etcd=at) as attempt:
        assert attempt.dies()
    tried(f"kill -9 of the last source that swaps, with etcd: {point}")
    assert live(server) == ((20, 20) if point == "after the RENAME" else (5, 5)), "a row was lost, doubled or changed"
    report = load_dump(south, target, etcd=at)

    assert (report.outcome, report.status) == ("clean", "finished")
    assert report.swap.startswith("2 tables were swapped in by one statement")
    assert live(server) == (20, 20), "a row was lost, doubled or changed"
    assert loader.finish(north).swap.startswith("2 tables were swapped in by one statement")
    assert query(server, "SELECT 1 FROM dm_meta.dm_loader_barrier WHERE task_name = 'both'") == []


def test_a_source_that_takes_no_part_is_named_before_a_table_is_made(
    server: PrivateServer, target: TargetConfig, at: EtcdConfig, tmp_path: Path
) -> None:
    north = run_of(source(tmp_path, NORTH), target, coordination=InEtcd(at))
    loader.prepare_checkpoint(north)

    def arrive(**changes: object) -> LoadRun:
        config = source(tmp_path, SOUTH, remove_meta=True, **changes)
        south = run_of(config, target, loader.Worker("there", run_id=str(changes)), coordination=InEtcd(at))
        loader.prepare_checkpoint(south)
        loader.arrive(south, BarrierState.READY)
        return south

    for changes in ({"meta_schema": "elsewhere"}, {"on_existing_rows": "append", "guard": {}}):
        arrive(**changes)
        with pytest.raises(CheckpointError, match=r"would never be swapped in.*: south"):
            loader.create_tables(north)
        assert [name for (name,) in query(server, "SHOW DATABASES") if "__dm_" in name] == []

    south = arrive()
    fill(north)
    fill(south)
    with north.coordination() as coordination:
        coordination.put("of dm", BarrierState.READY)  # as a worker of DM does, which begins late
    with pytest.raises(CheckpointError, match=r"would never be swapped in.*: of dm"):
        loader.finish(north)
