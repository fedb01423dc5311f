"""Files of a dump that is still being made get places that no two attempts can give twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.dump.arriving import arrived_inventory
from airflow_dm_loader.dump.storage import StoredFile
from airflow_dm_loader.errors import CheckpointError
from airflow_dm_loader.plan.load_plan import LoadPlan
from airflow_dm_loader.plan.planner import make_plan
from airflow_dm_loader.state import arrivals, files, loads
from airflow_dm_loader.state.loads import ARRIVING
from airflow_dm_loader.state.meta import Meta
from tests.dumps import load_config, run_of

pytestmark = pytest.mark.servers

SCHEMAS = ("s-schema-create.sql", "s.t-schema.sql")


@pytest.fixture
def config() -> LoadConfig:
    return load_config(Path("/dumps"), wait_for_dump="stream", finished_files="list")


@pytest.fixture
def metas(config: LoadConfig, target: TargetConfig) -> Iterator[tuple[Meta, Meta]]:
    """Two attempts at a load that is stored."""
    with ExitStack() as stack:
        one, other = (stack.enter_context(run_of(config, target).open_meta()) for _ in range(2))
        one.create()
        loads.register(one, config, fingerprint=ARRIVING, binlog_name="", binlog_pos=None, binlog_gtid="", notes={})
        one.db.commit()
        yield one, other


def plan_of(config: LoadConfig, *names: str) -> LoadPlan:
    return make_plan(arrived_inventory([StoredFile(name, 10) for name in (*SCHEMAS, *names)], ARRIVING), config)


def take_up(meta: Meta, config: LoadConfig, *names: str) -> dict[str, int]:
    load_id = loads.get(meta, config).load_id
    return arrivals.take_up(meta, config, load_id, plan_of(config, *names), dict.fromkeys(names, "v1"))


def test_two_attempts_that_take_files_up_give_no_place_twice(config: LoadConfig, metas: tuple[Meta, Meta]) -> None:
    one, other = metas
    assert arrivals.places(other, config) == {}  # what it has read is of before
    first = take_up(one, config, "s.t.00000.sql")
    one.db.commit()

    second = take_up(other, config, "s.t.00001.sql")
    other.db.commit()

    assert first == {"s.t.00000.sql": arrivals.FIRST_PLACE}
    assert second == {**first, "s.t.00001.sql": arrivals.FIRST_PLACE + 1}
    assert take_up(one, config, "s.t.00000.sql", "s.t.00001.sql") == second


def test_nothing_is_taken_up_once_the_dump_is_whole(config: LoadConfig, metas: tuple[Meta, Meta]) -> None:
    one, other = metas
    load = loads.get(one, config)
    assert not load.is_sealed
    loads.seal(one, load.load_id, fingerprint="f", binlog_name="", binlog_pos=None, binlog_gtid="", notes={})
    one.db.commit()

    with pytest.raises(CheckpointError, match="does not wait for its dump any more"):
        take_up(other, config, "s.t.00000.sql")

    other.db.rollback()
    assert files.list_files(other, load.load_id) == ()
