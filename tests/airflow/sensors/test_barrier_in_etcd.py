"""Sources that wait for each other in etcd, through Airflow."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from airflow.sdk import DAG

from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.coordination.etcd.settings import EtcdConfig
from airflow_dm_loader.coordination.in_etcd import InEtcd
from airflow_dm_loader.loader import BarrierState
from airflow_dm_loader.sensors.barrier import LoadBarrierSensor
from airflow_dm_loader.triggers.barrier import LoadBarrierTrigger
from dev.dag_runs import Run, register
from dev.private_etcd import PrivateEtcd
from tests.dumps import run_of

if TYPE_CHECKING:
    from tests.airflow.conftest import MakeDump, Query

SETTINGS = {"task_name": "merge", "sources": ["shard-1", "shard-2"], "dump_uri": "/none", "barrier": "etcd"}


@pytest.fixture
def own_etcd(monkeypatch: pytest.MonkeyPatch) -> Iterator[PrivateEtcd]:
    """One that a test may kill, and the Airflow connection ``dm_etcd`` to it."""
    with PrivateEtcd() as running:
        monkeypatch.setenv("AIRFLOW_CONN_DM_ETCD", f"etcd://127.0.0.1:{running.port}/?timeout=60")
        yield running


def test_a_source_waits_in_the_triggerer_also_while_etcd_is_restarted(
    airflow_db: None, dm_target: str, target: TargetConfig, own_etcd: PrivateEtcd
) -> None:
    with DAG("one_sensor_in_etcd", schedule=None) as dag:
        LoadBarrierSensor(
            task_id="wait", config={**SETTINGS, "source_id": "shard-1"}, etcd_conn_id="dm_etcd", poke_interval=0.2
        )
    other = LoadConfig(**SETTINGS, source_id="shard-2")

    def arrive() -> None:
        with run_of(
            other, target, coordination=InEtcd(EtcdConfig(endpoints=(own_etcd.url,)))
        ).coordination() as barrier:
            while "shard-1" not in barrier.states():
                time.sleep(0.05)
            time.sleep(0.5)
            own_etcd.kill9()
            time.sleep(0.5)
            own_etcd.start()
            barrier.put("shard-2", BarrierState.READY)

    thread = threading.Thread(target=arrive)
    thread.start()
    run = Run.start(register(dag))
    thread.join()
    assert run.state == "success"
    assert run.xcom("wait") == {"state": "ready", "sources": ["shard-1", "shard-2"]}


def test_the_whole_dag_with_its_barrier_in_etcd(
    dm_load: DAG, query: Query, make_dump: MakeDump, own_etcd: PrivateEtcd, target: TargetConfig
) -> None:
    conf = {
        "task_name": "shop",
        "dump_uri": str(make_dump({"t": [(1, "one")]})),
        "barrier": "etcd",
        "etcd_conn_id": "dm_etcd",
    }
    run = Run.start(register(dm_load), conf)
    assert run.state == "success", run.states()
    assert query("SELECT * FROM s.t") == ((1, "one"),)
    config = LoadConfig(task_name="shop", dump_uri="/d", barrier="etcd")
    with run_of(config, target, coordination=InEtcd(EtcdConfig(endpoints=(own_etcd.url,)))).coordination() as barrier:
        assert barrier.states() == {"mysql-replica-01": "finished"}


def test_without_a_connection_the_load_is_refused_by_name(dm_load: DAG, make_dump: MakeDump) -> None:
    conf = {"task_name": "shop", "dump_uri": str(make_dump({"t": []})), "barrier": "etcd"}
    run = Run.start(register(dm_load), conf)
    assert run.states()["prepare_checkpoint"] == "failed"
    assert run.tries("prepare_checkpoint") == [1]


def test_an_etcd_that_is_silent_does_not_block_the_other_triggers(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setenv("AIRFLOW_CONN_DM_TARGET", "mysql://u:p@db.example/")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setenv("AIRFLOW_CONN_DM_ETCD", f"etcd://root:c4n4ry@127.0.0.1:{port}/?timeout=2")
        trigger = LoadBarrierTrigger(
            config=LoadConfig(**SETTINGS, source_id="shard-1").to_json(),
            target_conn_id="dm_target",
            etcd_conn_id="dm_etcd",
            wait_for="ready",
            deadline=time.time() + 0.1,
            poll_interval_s=0.15,
        )
        assert "c4n4ry" not in str(trigger.serialize())

        async def turns_of_others() -> tuple[int, dict[str, str]]:
            turns, waiting = 0, asyncio.ensure_future(anext(trigger.run()))
            while not waiting.done():
                await asyncio.sleep(0.01)
                turns += 1
            return turns, waiting.result().payload

        turns, event = asyncio.run(turns_of_others())
    assert turns > 10  # etcd is waited for, for two seconds, elsewhere than on the event loop
    assert event["status"] == "error"
    assert "does not answer" in event["message"]
    assert "c4n4ry" not in event["message"]
