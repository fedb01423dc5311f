"""Where the sources of a load task wait for each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from airflow_dm_loader.barrier import Barrier, BarrierState
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.etcd.settings import EtcdConfig
from airflow_dm_loader.phases.opened import barrier_of, open_etcd, open_meta


@contextmanager
def open_barrier(config: LoadConfig, target: TargetConfig, *, etcd: EtcdConfig | None = None) -> Iterator[Barrier]:
    """The barrier of the load task's sources."""
    with open_etcd(config, etcd) as client:
        if client is not None:
            yield barrier_of(config, client)
            return
    with open_meta(config, target) as meta:
        yield barrier_of(config, meta)


def arrive(
    config: LoadConfig, target: TargetConfig, state: BarrierState, *, etcd: EtcdConfig | None = None
) -> tuple[str, ...]:
    """Say that this source has come so far, and look who has not; nobody: it may go on.

    The beginning of DM's ``readyAndWait`` and ``finishAndWait``.
    """
    with open_barrier(config, target, etcd=etcd) as barrier:
        barrier.put(config.source_id, state)
        return barrier.missing(state)


def missing_sources(
    config: LoadConfig, target: TargetConfig, state: BarrierState, *, etcd: EtcdConfig | None = None
) -> tuple[str, ...]:
    """Look again who has not come so far."""
    with open_barrier(config, target, etcd=etcd) as barrier:
        return barrier.missing(state)
