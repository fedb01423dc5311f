"""Two sources of one load task wait for each other, in one DAG and alone."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk import DAG

from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.loader import BarrierState
from airflow_dm_loader.sensors.barrier import LoadBarrierSensor
from airflow_dm_loader.task_group import DumpLoadTaskGroup
from dev.dag_runs import Run, register
from tests.dumps import run_of

if TYPE_CHECKING:
    from tests.airflow.conftest import MakeDump, Query

SOURCES = ["shard-1", "shard-2"]


def settings(source_id: str, dump_uri: object, **more: Any) -> dict[str, Any]:
    waits = {"sources": SOURCES, "wait_for_sources": True}
    return {"task_name": "merge", "source_id": source_id, "dump_uri": str(dump_uri), **waits, **more}


def test_two_shards_in_one_dag_are_merged_and_cleaned_only_when_both_are_in(
    airflow_db: None, dm_target: str, query: Query, make_dump: MakeDump
) -> None:
    dumps = {
        "shard_1": make_dump({"t": [(1, "one")]}, name="shard-1"),
        "shard_2": make_dump({"t": [(2, "two")]}, name="shard-2"),
    }
    waiting = {"deferrable": False, "mode": "reschedule", "poke_interval": 0.1}
    with DAG("merge", schedule=None) as dag:
        for group, dump in dumps.items():
            config = settings(group.replace("_", "-"), dump, clean_dump_files=True, on_duplicate_logical="error")
            DumpLoadTaskGroup(group, config, default_args=waiting)
    run = Run.start(register(dag))
    assert run.state == "success", run.states()
    assert query("SELECT * FROM s.t ORDER BY id") == ((1, "one"), (2, "two"))
    assert not any(dump.exists() for dump in dumps.values())
    moments = run.ended_at()
    for waited_for in ("shard_1.finish", "shard_2.finish"):
        for cleaned in ("shard_1.clean_dump_files", "shard_2.clean_dump_files"):
            assert moments[waited_for] < moments[cleaned]


@pytest.fixture
def sensor_dag(airflow_db: None, dm_target: str, query: Query) -> DAG:
    """One sensor of the source ``shard-1``; its params are settings."""
    with DAG("one_sensor", schedule=None, params={"timeout": 60}) as dag:
        LoadBarrierSensor(
            task_id="wait",
            config=settings("shard-1", "/none", barrier_timeout_s="{{ params.timeout }}"),
            poke_interval=0.2,
            retries=3,
        )
    return register(dag)


@pytest.fixture
def other(target: TargetConfig) -> LoadConfig:
    """The settings of the other source, with the state tables made."""
    from airflow_dm_loader.state.meta import Meta
    from airflow_dm_loader.target.connection import Database

    config = LoadConfig(**settings("shard-2", "/none"))
    with Database.open(target) as db:
        Meta(db, config.state.meta_schema).create()
    return config


def test_a_source_waits_in_the_triggerer_until_the_other_is_there(
    sensor_dag: DAG, target: TargetConfig, other: LoadConfig
) -> None:
    def arrive() -> None:
        with run_of(other, target).coordination() as barrier:
            while "shard-1" not in barrier.states():
                time.sleep(0.05)
            barrier.put("shard-2", BarrierState.READY)

    thread = threading.Thread(target=arrive)
    thread.start()
    run = Run.start(sensor_dag)
    thread.join()
    assert run.state == "success"
    assert run.xcom("wait") == {"state": "ready", "sources": SOURCES}


def test_a_timeout_names_who_is_missing_and_is_not_retried(
    sensor_dag: DAG, other: LoadConfig, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run.start(sensor_dag, {"timeout": 1})
    assert run.state == "failed"
    assert run.tries("wait") == [1]
    assert "after 1 s these sources of 'merge' are not ready yet: shard-2" in caplog.text + capsys.readouterr().out
