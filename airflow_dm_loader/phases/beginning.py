"""How a load begins: its metadata, its registration, and what is to be done with it."""

from __future__ import annotations

from enum import StrEnum

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random

from airflow_dm_loader.barrier import Barrier, BarrierState
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.dump.access import DumpAccess
from airflow_dm_loader.dump.metadata import DumpMetadata
from airflow_dm_loader.errors import (
    DumpMetadataError,
    DumpNotFoundError,
    LockedError,
    WorkerNotMatchError,
)
from airflow_dm_loader.etcd import load_tasks as load_tasks_in_etcd
from airflow_dm_loader.etcd.settings import EtcdConfig
from airflow_dm_loader.phases.mode_checks import check_mode
from airflow_dm_loader.phases.opened import barrier_of, inventory_of, open_etcd, open_meta, open_stored, storage_of
from airflow_dm_loader.phases.planning import refuse_dry_run
from airflow_dm_loader.plan.planner import make_plan
from airflow_dm_loader.state import load_tasks
from airflow_dm_loader.state.events import Worker
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.state.registration import Registration, register_load
from airflow_dm_loader.target.preflight import check_plan
from airflow_dm_loader.target.server import ask_server
from airflow_dm_loader.target.session import fitting_chunks


class LoadPath(StrEnum):
    """What is to be done with a load as it is stored."""

    LOAD = "load"
    RESOLVE = "resolve"  # paused: a person must say whether what was found is accepted
    FINISHED = "finished"


def fetch_dump_metadata(
    config: LoadConfig,
    target: TargetConfig,
    worker: Worker,
    *,
    access: DumpAccess | None = None,
    etcd: EtcdConfig | None = None,
) -> DumpMetadata:
    """Read the dump's metadata: binlog position, GTID set, times, row counts. DM's ``getMydumpMetadata``.

    Raises:
        DumpMetadataError: there is none, or it is unfinished or unreadable (11001).
        DumpNotFoundError: there is no dump (34014).
        WorkerNotMatchError: it is not here, and the load-task lock says that another host has it (34017).
    """
    try:
        return inventory_of(config, access).metadata
    except (DumpMetadataError, DumpNotFoundError) as error:
        holder = _other_holder(config, target, worker, etcd)
        if holder is not None:
            raise WorkerNotMatchError(
                f"this worker is {worker.host!r}, but the load task is held by {holder}, which has the dump; "
                f"here: {error.message}"
            ) from error
        raise


def _other_holder(config: LoadConfig, target: TargetConfig, worker: Worker, etcd: EtcdConfig | None) -> str | None:
    """Who else holds the load-task lock, for people; None: nobody else does."""
    with open_etcd(config, etcd) as client:
        if client is not None:
            name = load_tasks_in_etcd.get(client, config)
            return repr(name) if name and name != worker.host else None
    with open_meta(config, target) as meta:
        lock = load_tasks.get(meta, config) if meta.exists() else None
    if lock is None or lock.host == worker.host:
        return None
    return f"{lock.host!r} (DAG {lock.dag_id!r}, run {lock.run_id!r})"


def prepare_checkpoint(
    config: LoadConfig,
    target: TargetConfig,
    worker: Worker,
    *,
    access: DumpAccess | None = None,
    etcd: EtcdConfig | None = None,
) -> dict[str, object]:
    """Make the state tables, register the load or take it up, put the load-task lock.

    DM's ``Prepare``, ``RegisterCheckPoint`` and ``putLoadTask``; see
    :func:`~airflow_dm_loader.state.registration.register_load` for which loads start afresh.

    Raises:
        TargetError: rights are missing, or a name is too long; nothing was created.
    """
    refuse_dry_run(config)
    storage = storage_of(config, access)
    inventory = inventory_of(config, access, storage)
    plan = make_plan(inventory, config)
    with open_meta(config, target) as meta, open_etcd(config, etcd) as client:
        server = ask_server(meta.db)
        check_mode(config, target, plan, db=meta.db, server=server, storage=storage, access=access)
        check_plan(meta.db, server, config, plan)
        fitting = fitting_chunks(config, server)
        meta.create()

        def register() -> Registration:
            meta.db.rollback()
            return register_load(meta, fitting, inventory, plan, worker)

        registration = _two_at_once()(register)
        if client is not None:
            load_tasks_in_etcd.put(client, config, worker.host)
        meta.db.commit()
        load, barrier = registration.load, barrier_of(config, client or meta)
        # An earlier try may have been cut off between the two: what this source says is of an earlier load then.
        stale = load.status == "init" and barrier.states().get(config.source_id) == BarrierState.FINISHED
        if registration.afresh or stale:
            _two_at_once()(_begin_round, meta, barrier, config)
        return {
            "load_id": load.load_id,
            "fresh": registration.afresh,
            "status": load.status,
            "fingerprint": load.fingerprint,
            "chunk_bytes": load.chunk_bytes,
            "files": len(plan.files),
            "file_bytes": plan.file_bytes,
        }


def choose_path(config: LoadConfig, target: TargetConfig) -> LoadPath:
    """What the state says is to be done. The branches of DM's ``restore``."""
    with open_stored(config, target) as (_, load):
        paths = {"paused": LoadPath.RESOLVE, "finished": LoadPath.FINISHED}
        return paths.get(load.status, LoadPath.LOAD)


def _begin_round(meta: Meta, barrier: Barrier, config: LoadConfig) -> None:
    meta.db.rollback()
    barrier.begin_round(config.source_id)


def _two_at_once() -> Retrying:
    """Of two runs that begin at once, the server undoes one; it tries again."""
    return Retrying(
        retry=retry_if_exception_type(LockedError), stop=stop_after_attempt(5), wait=wait_random(0, 0.5), reraise=True
    )
