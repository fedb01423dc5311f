"""The barrier and the load-task lock in a real etcd, in DM's layout."""

from __future__ import annotations

import base64
import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airflow_dm_loader import EtcdConfig, load_dump, loader
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.coordination.base import BarrierState, LoadTask
from airflow_dm_loader.coordination.etcd.client import Answer, EtcdClient
from airflow_dm_loader.coordination.in_etcd import EtcdCoordination, InEtcd
from airflow_dm_loader.errors import (
    CheckpointError,
    ConfigError,
    ConnectionLostError,
    WorkerNotMatchError,
)
from airflow_dm_loader.loader import Worker
from dev.private_etcd import PrivateEtcd
from dev.private_mariadb import PrivateMariaDB
from tests.clocks import FastClock
from tests.dumps import Table, load_config, load_soon, run_of, write_dump
from tests.tables import count, one
from tests.waiting import PATIENCE_S

if TYPE_CHECKING:
    from etcd3gw.client import Etcd3Client

BOTH = ("north", "south")
TASK = "merge"
SOON = FastClock(10)  # an etcd that comes back must find somebody who still tries


@pytest.fixture
def at(etcd: PrivateEtcd) -> EtcdConfig:
    return EtcdConfig(endpoints=[etcd.url], timeout_s=60)  # a busy machine's


@pytest.fixture
def own_etcd() -> Iterator[PrivateEtcd]:
    """One that a test may kill."""
    with PrivateEtcd() as running:
        yield running


def source(folder: Path, name: str, **changes: object) -> LoadConfig:
    dump = folder / name
    if not dump.exists():
        write_dump(dump, Table("t", rows=['(1,"a")' if name == "north" else '(2,"b")']))
    return load_config(
        dump,
        task_name=TASK,
        source_id=name,
        **{"sources": BOTH, "barrier": "etcd", "barrier_timeout_s": 86400, **changes},
    )


def key(kind: str, source_id: str) -> str:
    return f"/dm-master/{kind}/{TASK.encode().hex()}/{source_id.encode().hex()}"


def raw(etcd: PrivateEtcd) -> dict[str, str]:
    """All of etcd, as another program reads it."""
    everything = base64.b64encode(b"\0").decode()
    found = etcd.call("kv/range", key=everything, range_end=everything).get("kvs", [])
    return {base64.b64decode(pair["key"]).decode(): base64.b64decode(pair["value"]).decode() for pair in found}


def until_said(etcd: PrivateEtcd, source_id: str, state: str) -> None:
    """Wait until a source has said so; as long as a busy machine needs."""
    while raw(etcd).get(key("lightning-coord", source_id)) != f'"{state}"':
        time.sleep(0.05)


@contextmanager
def in_a_process(config: LoadConfig, target: TargetConfig, at: EtcdConfig) -> Iterator[subprocess.Popen[bytes]]:
    """The load in a process of its own, which is killed in the end."""
    script = (
        "import json, sys; from airflow_dm_loader import EtcdConfig, LoadConfig, TargetConfig, load_dump\n"
        "config, target, etcd = json.load(sys.stdin)\n"
        "load_dump(LoadConfig(**config), TargetConfig(**target), etcd=EtcdConfig(**etcd))\n"
    )
    password = target.password.get_secret_value()
    values = [json.loads(config.to_json()), {**target.model_dump(), "password": password}, {"endpoints": at.endpoints}]
    process = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(json.dumps(values).encode())
    process.stdin.close()
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def write(etcd: PrivateEtcd, name: str, value: str) -> None:
    """As DM's master or worker writes."""
    etcd.call("kv/put", key=base64.b64encode(name.encode()).decode(), value=base64.b64encode(value.encode()).decode())


def test_a_prepared_source_stands_in_etcd_as_dm_writes_it(
    etcd: PrivateEtcd, at: EtcdConfig, target: TargetConfig, tmp_path: Path
) -> None:
    loader.prepare_checkpoint(
        run_of(source(tmp_path, "north"), target, Worker("worker-1", run_id="r"), coordination=InEtcd(at))
    )
    assert raw(etcd) == {
        "/dm-master/lightning-coord/6d65726765/6e6f727468": '"not-ready"',
        "/dm-master/load-task/6d65726765/6e6f727468": '"worker-1"',
    }


def test_what_a_dm_master_and_its_workers_say_is_heard(
    etcd: PrivateEtcd, at: EtcdConfig, target: TargetConfig, tmp_path: Path
) -> None:
    for name in (*BOTH, "dm-only"):  # PutLightningNotReadyForAllSources
        write(etcd, key("lightning-coord", name), '"not-ready"')
    write(etcd, "/dm-master/lightning-coord/6d657267657273/6e6f727468", '"not-ready"')  # of another task: mergers
    with run_of(source(tmp_path, "north"), target, coordination=InEtcd(at)).coordination() as barrier:
        barrier.put("north", BarrierState.READY)
        assert barrier.missing(BarrierState.READY) == ("south", "dm-only")
        write(etcd, key("lightning-coord", "south"), '"ready"')
        assert barrier.missing(BarrierState.READY) == ("dm-only",)  # a source that only DM knows of
        write(etcd, key("lightning-coord", "dm-only"), '"finished"')
        assert barrier.missing(BarrierState.READY) == ()
        assert barrier.missing(BarrierState.FINISHED) == ("north", "south")


def test_a_state_that_is_not_known_is_waited_for_and_one_that_is_unreadable_is_refused(
    etcd: PrivateEtcd, at: EtcdConfig, target: TargetConfig, tmp_path: Path
) -> None:
    with run_of(source(tmp_path, "north"), target, coordination=InEtcd(at)).coordination() as barrier:
        barrier.put("north", BarrierState.READY)
        write(etcd, key("lightning-coord", "south"), '"paused"')
        assert barrier.missing(BarrierState.READY) == ("south",)
        write(etcd, key("lightning-coord", "south"), "ready")
        with pytest.raises(CheckpointError, match="its value is no JSON string"):
            barrier.missing(BarrierState.READY)


def test_two_sources_wait_for_each_other_and_the_lock_goes_at_the_end(
    server: PrivateMariaDB, target: TargetConfig, etcd: PrivateEtcd, at: EtcdConfig, tmp_path: Path
) -> None:
    with ThreadPoolExecutor(2) as pool:
        north = pool.submit(
            load_soon, source(tmp_path, "north", clean_dump_files=True), target, coordination=InEtcd(at), clock=SOON
        )
        until_said(etcd, "north", "ready")
        with pytest.raises(TimeoutError):
            north.result(0.5)
        assert json.loads(raw(etcd)[key("load-task", "north")]) == socket.gethostname()
        assert (tmp_path / "north").exists()
        south = pool.submit(
            load_soon, source(tmp_path, "south", clean_dump_files=True), target, coordination=InEtcd(at), clock=SOON
        )
        reports = [north.result(PATIENCE_S), south.result(PATIENCE_S)]
    assert [report.status for report in reports] == ["finished", "finished"]
    assert count(server, "s.t") == 2
    assert raw(etcd) == {key("lightning-coord", name): '"finished"' for name in BOTH}
    assert count(server, "dm_meta.dm_loader_barrier") == 0


def test_in_mode_all_the_lock_stays_as_in_dm(
    target: TargetConfig, etcd: PrivateEtcd, at: EtcdConfig, tmp_path: Path
) -> None:
    load_dump(source(tmp_path, "north", sources=(), mode="all"), target, etcd=at)
    assert set(raw(etcd)) == {key("lightning-coord", "north"), key("load-task", "north")}


def test_an_etcd_that_is_restarted_in_mid_wait_costs_a_look(
    server: PrivateMariaDB, target: TargetConfig, own_etcd: PrivateEtcd, tmp_path: Path
) -> None:
    at = EtcdConfig(endpoints=[own_etcd.url], timeout_s=60)
    with ThreadPoolExecutor(2) as pool:
        north = pool.submit(load_soon, source(tmp_path, "north"), target, coordination=InEtcd(at), clock=SOON)
        until_said(own_etcd, "north", "ready")
        own_etcd.kill9()
        with pytest.raises(TimeoutError):
            north.result(1)
        own_etcd.start()
        assert raw(own_etcd)[key("lightning-coord", "north")] == '"ready"'
        south = pool.submit(load_soon, source(tmp_path, "south"), target, coordination=InEtcd(at), clock=SOON)
        assert [north.result(PATIENCE_S).rows, south.result(PATIENCE_S).rows] == [1, 1]
    assert count(server, "s.t") == 2


def test_a_source_that_is_killed_is_waited_for_until_it_comes_back(
    server: PrivateMariaDB, target: TargetConfig, etcd: PrivateEtcd, at: EtcdConfig, tmp_path: Path
) -> None:
    north = source(tmp_path, "north")
    with in_a_process(north, target, at) as process:
        until_said(etcd, "north", "ready")
    assert process.returncode == -signal.SIGKILL
    with ThreadPoolExecutor(2) as pool:
        south = pool.submit(load_soon, source(tmp_path, "south"), target, coordination=InEtcd(at), clock=SOON)
        until_said(etcd, "south", "finished")  # north had said that it is ready; its rows are not in yet
        assert count(server, "s.t") == 1
        with pytest.raises(TimeoutError):
            south.result(0.5)
        again = pool.submit(load_soon, north, target, coordination=InEtcd(at), clock=SOON)
        assert [again.result(PATIENCE_S).status, south.result(PATIENCE_S).status] == ["finished", "finished"]
    assert count(server, "s.t") == 2


def test_a_new_round_begins_also_where_etcd_was_away_at_the_wrong_time(
    target: TargetConfig, own_etcd: PrivateEtcd, tmp_path: Path
) -> None:
    at = EtcdConfig(endpoints=[own_etcd.url], timeout_s=60)
    config = source(tmp_path, "north", sources=())
    load_dump(config, target, etcd=at)
    shutil.rmtree(tmp_path / "north")
    write_dump(tmp_path / "north", Table("t", rows=['(3,"c")', '(4,"d")']))
    own_etcd.kill9()
    with pytest.raises(ConnectionLostError, match="does not answer"):
        loader.prepare_checkpoint(run_of(config, target, coordination=InEtcd(at)))
    own_etcd.start()
    assert raw(own_etcd)[key("lightning-coord", "north")] == '"finished"'
    assert loader.prepare_checkpoint(run_of(config, target, coordination=InEtcd(at)))["fresh"]
    assert raw(own_etcd)[key("lightning-coord", "north")] == '"not-ready"'


def test_a_load_whose_end_etcd_misses_is_finished_by_the_next_try(
    server: PrivateMariaDB, target: TargetConfig, own_etcd: PrivateEtcd, tmp_path: Path
) -> None:
    at = EtcdConfig(endpoints=[own_etcd.url], timeout_s=60)
    config = source(tmp_path, "north", sources=())
    load_dump(config, target, etcd=at)
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE dm_meta.dm_loader_load SET status = 'running'")
    own_etcd.kill9()
    with pytest.raises(ConnectionLostError):
        loader.finish(run_of(config, target, coordination=InEtcd(at)))
    assert one(server, "SELECT status FROM dm_meta.dm_loader_load") == "running"
    own_etcd.start()
    write(own_etcd, key("load-task", "north"), '"here"')
    assert loader.finish(run_of(config, target, coordination=InEtcd(at))).status == "finished"
    assert key("load-task", "north") not in raw(own_etcd)


# Two sources that begin a new round at once


class Stepwise(EtcdClient):
    """A client before whose n-th call something else happens."""

    def __init__(self, config: EtcdConfig, step: int, happens: Callable[[], None]) -> None:
        super().__init__(config)
        self._step = step
        self._happens = happens
        self.calls = 0

    def _call(self, ask: Callable[[Etcd3Client], Answer]) -> Answer:
        if self.calls == self._step:
            self._happens()
        self.calls += 1
        return super()._call(ask)


@pytest.mark.parametrize("step", range(4))
def test_who_is_ready_in_the_new_round_is_not_put_back_by_another_that_begins_it(
    etcd: PrivateEtcd, at: EtcdConfig, step: int
) -> None:
    """South begins the round, and is ready, before each of north's calls, and after the last one."""
    everybody = (*BOTH, "dm-only")
    for name in everybody:
        write(etcd, key("lightning-coord", name), '"finished"')
    with EtcdClient.open(at) as client:
        south = EtcdCoordination(LoadTask(TASK, BOTH), client)

        def meanwhile() -> None:
            south.begin_round("south")
            south.put("south", BarrierState.READY)

        stepwise = Stepwise(at, step, meanwhile)
        EtcdCoordination(LoadTask(TASK, BOTH), stepwise).begin_round("north")
        if step == 3:  # two looks and a transaction
            assert stepwise.calls == 3
            assert south.states() == dict.fromkeys(everybody, "not-ready")
            meanwhile()
        assert south.states() == {"north": "not-ready", "south": "ready", "dm-only": "not-ready"}


def test_a_round_of_many_sources_begins_for_all_at_once(etcd: PrivateEtcd, at: EtcdConfig) -> None:
    names = tuple(f"shard-{number}" for number in range(1000))
    with EtcdClient.open(at) as client:
        barrier = EtcdCoordination(LoadTask(TASK, names), client)
        barrier.put_all(names, BarrierState.FINISHED)
        calls = Stepwise(at, -1, lambda: None)
        EtcdCoordination(LoadTask(TASK, names), calls).begin_round("shard-7")
        assert calls.calls == 3
        assert barrier.states() == dict.fromkeys(names, "not-ready")


def test_an_end_in_other_bytes_than_dm_s_begins_no_round(etcd: PrivateEtcd, at: EtcdConfig) -> None:
    write(etcd, key("lightning-coord", "north"), '"finished" ')
    with EtcdClient.open(at) as client, pytest.raises(CheckpointError, match="not in DM's bytes"):
        EtcdCoordination(LoadTask(TASK, ("north",)), client).begin_round("north")


# The lock: it has no lease, and is taken over only as in DM.


def test_who_has_the_dump_takes_the_lock_over(
    etcd: PrivateEtcd, at: EtcdConfig, target: TargetConfig, tmp_path: Path
) -> None:
    write(etcd, key("load-task", "north"), '"dm-worker-7"')
    here = Worker("worker-1", run_id="r")
    loader.fetch_dump_metadata(run_of(source(tmp_path, "north"), target, here, coordination=InEtcd(at)))
    assert raw(etcd)[key("load-task", "north")] == '"dm-worker-7"'
    loader.prepare_checkpoint(run_of(source(tmp_path, "north"), target, here, coordination=InEtcd(at)))
    assert raw(etcd)[key("load-task", "north")] == '"worker-1"'


def test_who_has_not_the_dump_is_told_who_has_it(
    etcd: PrivateEtcd, at: EtcdConfig, target: TargetConfig, tmp_path: Path
) -> None:
    config = load_config(tmp_path / "none", task_name=TASK, source_id="north", barrier="etcd")
    write(etcd, key("load-task", "north"), '"dm-worker-7"')
    with pytest.raises(WorkerNotMatchError, match="is held by 'dm-worker-7', which has the dump") as caught:
        loader.fetch_dump_metadata(run_of(config, target, Worker("worker-1", run_id="r"), coordination=InEtcd(at)))
    assert caught.value.code == 34017
    assert raw(etcd)[key("load-task", "north")] == '"dm-worker-7"'


# What does not go together


def test_etcd_needs_an_address_and_an_address_needs_etcd(target: TargetConfig, at: EtcdConfig, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="barrier=etcd needs to know where etcd is"):
        load_dump(source(tmp_path, "north"), target)
    with pytest.raises(ConfigError, match="etcd is given, but barrier is not etcd"):
        load_dump(source(tmp_path, "north", barrier="target"), target, etcd=at)
