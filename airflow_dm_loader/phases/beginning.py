"""How a load begins: its metadata, its registration, and what is to be done with it."""

from __future__ import annotations

from enum import StrEnum

from airflow_dm_loader.attempts import TWO_AT_ONCE
from airflow_dm_loader.barrier import Barrier, BarrierState
from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.dump.metadata import DumpMetadata
from airflow_dm_loader.engines.registry import engine_of
from airflow_dm_loader.errors import (
    DumpMetadataError,
    DumpNotFoundError,
    WorkerNotMatchError,
)
from airflow_dm_loader.etcd import load_tasks as load_tasks_in_etcd
from airflow_dm_loader.phases.barrier import barrier_of, open_etcd
from airflow_dm_loader.phases.planning import refuse_dry_run
from airflow_dm_loader.run import LoadRun
from airflow_dm_loader.state import load_tasks
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


def fetch_dump_metadata(run: LoadRun) -> DumpMetadata:
    """Read the dump's metadata: binlog position, GTID set, times, row counts. DM's ``getMydumpMetadata``.

    Raises:
        DumpMetadataError: there is none, or it is unfinished or unreadable (11001).
        DumpNotFoundError: there is no dump (34014).
        WorkerNotMatchError: it is not here, and the load-task lock says that another host has it (34017).
    """
    try:
        return run.open_dump().inventory.metadata
    except (DumpMetadataError, DumpNotFoundError) as error:
        holder = _other_holder(run)
        if holder is not None:
            raise WorkerNotMatchError(
                f"this worker is {run.worker.host!r}, but the load task is held by {holder}, which has the dump; "
                f"here: {error.message}"
            ) from error
        raise


def _other_holder(run: LoadRun) -> str | None:
    """Who else holds the load-task lock, for people; None: nobody else does."""
    with open_etcd(run) as client:
        if client is not None:
            name = load_tasks_in_etcd.get(client, run.config)
            return repr(name) if name and name != run.worker.host else None
    with run.open_meta() as meta:
        lock = load_tasks.get(meta, run.config) if meta.exists() else None
    if lock is None or lock.host == run.worker.host:
        return None
    return f"{lock.host!r} (DAG {lock.dag_id!r}, run {lock.run_id!r})"


def prepare_checkpoint(run: LoadRun) -> dict[str, object]:
    """Make the state tables, register the load or take it up, put the load-task lock.

    DM's ``Prepare``, ``RegisterCheckPoint`` and ``putLoadTask``; see
    :func:`~airflow_dm_loader.state.registration.register_load` for which loads start afresh.

    Raises:
        TargetError: rights are missing, or a name is too long; nothing was created.
    """
    config = run.config
    refuse_dry_run(config)
    dump = run.open_dump()
    with run.open_meta() as meta, open_etcd(run) as client:
        server = ask_server(meta.db)
        engine = engine_of(config)
        engine.check_server(server)
        engine.check_dump(run, dump)
        check_plan(meta.db, server, config, dump.plan, engine.privileges(run, dump.plan, meta.db))
        fitting = fitting_chunks(config, server)
        meta.create()

        def register() -> Registration:
            meta.db.rollback()
            return register_load(meta, fitting, dump.inventory, dump.plan, run.worker)

        registration = run.attempts.run("registering the load", register, TWO_AT_ONCE)
        if client is not None:
            load_tasks_in_etcd.put(client, config, run.worker.host)
        meta.db.commit()
        load, barrier = registration.load, barrier_of(config, client or meta)
        # An earlier try may have been cut off between the two: what this source says is of an earlier load then.
        stale = load.status == "init" and barrier.states().get(config.what.source_id) == BarrierState.FINISHED
        if registration.afresh or stale:
            run.attempts.run(
                "beginning a round at the barrier", lambda: _begin_round(meta, barrier, config), TWO_AT_ONCE
            )
        return {
            "load_id": load.load_id,
            "fresh": registration.afresh,
            "status": load.status,
            "fingerprint": load.fingerprint,
            "chunk_bytes": load.chunk_bytes,
            "files": len(dump.plan.files),
            "file_bytes": dump.plan.file_bytes,
        }


def choose_path(run: LoadRun) -> LoadPath:
    """What the state says is to be done. The branches of DM's ``restore``."""
    with run.open_stored() as (_, load):
        paths = {"paused": LoadPath.RESOLVE, "finished": LoadPath.FINISHED}
        return paths.get(load.status, LoadPath.LOAD)


def _begin_round(meta: Meta, barrier: Barrier, config: LoadConfig) -> None:
    meta.db.rollback()
    barrier.begin_round(config.what.source_id)
