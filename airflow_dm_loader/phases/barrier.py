"""Where the sources of a load task wait for each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from airflow_dm_loader.barrier import Barrier, BarrierState
from airflow_dm_loader.barrier.in_etcd import EtcdBarrier
from airflow_dm_loader.barrier.in_target import TargetBarrier
from airflow_dm_loader.config import BarrierKind, LoadConfig
from airflow_dm_loader.errors import ConfigError
from airflow_dm_loader.etcd.client import EtcdClient
from airflow_dm_loader.run import LoadRun
from airflow_dm_loader.state.meta import Meta


@contextmanager
def open_etcd(run: LoadRun) -> Iterator[EtcdClient | None]:
    """The etcd that holds the load task's barrier and lock; None where the target does."""
    if run.config.coordination.barrier is not BarrierKind.ETCD:
        yield None
        return
    if run.etcd is None:
        raise ConfigError(
            "barrier=etcd needs to know where etcd is",
            remedy="Name an Airflow connection in etcd_conn_id, or give load_dump an EtcdConfig as etcd=...",
        )
    with EtcdClient.open(run.etcd) as client:
        yield client


def barrier_of(config: LoadConfig, place: Meta | EtcdClient) -> Barrier:
    if isinstance(place, EtcdClient):
        return EtcdBarrier(place, config.what.task_name, config.what.all_sources)
    return TargetBarrier(place, config.what.task_name, config.what.all_sources)


@contextmanager
def open_barrier(run: LoadRun) -> Iterator[Barrier]:
    """The barrier of the load task's sources."""
    with open_etcd(run) as client:
        if client is not None:
            yield barrier_of(run.config, client)
            return
    with run.open_meta() as meta:
        yield barrier_of(run.config, meta)


def arrive(run: LoadRun, state: BarrierState) -> tuple[str, ...]:
    """Say that this source has come so far, and look who has not; nobody: it may go on.

    The beginning of DM's ``readyAndWait`` and ``finishAndWait``.
    """
    with open_barrier(run) as barrier:
        barrier.put(run.config.what.source_id, state)
        return barrier.missing(state)


def missing_sources(run: LoadRun, state: BarrierState) -> tuple[str, ...]:
    """Look again who has not come so far."""
    with open_barrier(run) as barrier:
        return barrier.missing(state)
