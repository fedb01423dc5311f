"""How a load begins: its metadata, its registration, and what is to be done with it."""

from __future__ import annotations

from enum import StrEnum

from airflow_dm_loader.attempts import TWO_AT_ONCE
from airflow_dm_loader.coordination.base import BarrierState
from airflow_dm_loader.dump.file_numbers import NumberGap
from airflow_dm_loader.dump.metadata import DumpMetadata
from airflow_dm_loader.engines.registry import engine_of
from airflow_dm_loader.errors import (
    DumpMetadataError,
    DumpNotFoundError,
    WorkerNotMatchError,
)
from airflow_dm_loader.phases import existing, programs, swapping
from airflow_dm_loader.phases.planning import refuse_dry_run
from airflow_dm_loader.phases.replaying import is_replayed, waits_for_replay
from airflow_dm_loader.report import Finding
from airflow_dm_loader.run import LoadRun
from airflow_dm_loader.state import findings, indexes, loads, splits, swaps
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.state.registration import Registration, register_load, starts_afresh
from airflow_dm_loader.target import gtid_sets
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
        with run.coordination() as coordination:
            holder = coordination.other_holder(run.config.what.source_id, run.worker)
        if holder is not None:
            raise WorkerNotMatchError(
                f"this worker is {run.worker.host!r}, but the load task is held by {holder}, which has the dump; "
                f"here: {error.message}"
            ) from error
        raise


def prepare_checkpoint(run: LoadRun) -> dict[str, object]:
    """Make the state tables, register the load or take it up, put the load-task lock.

    DM's ``Prepare``, ``RegisterCheckPoint`` and ``putLoadTask``; see
    :func:`~airflow_dm_loader.state.registration.register_load` for which loads start afresh.

    Raises:
        TargetError: privileges are missing, or a name is too long; nothing was created.
    """
    config = run.config
    refuse_dry_run(config)
    dump = run.open_dump()
    with run.open_meta() as meta, run.coordination(meta) as coordination:
        server = ask_server(meta.db)
        engine = engine_of(config)
        engine.check_server(server)
        engine.check_dump(run, dump)
        plan = swapping.trial(config, dump, server).plan
        asked = programs.read(dump, server)
        needs = (
            *engine.privileges(run, plan, meta.db),
            *swapping.needs(config, plan, triggers=server.can.programs),
            *programs.needs(meta.db, server, config, asked),
            *gtid_sets.needs(config, server),
        )
        check_plan(meta.db, server, config, plan, needs)
        fitting = fitting_chunks(config, server)
        meta.create()
        stored = loads.find(meta, config)
        afresh = stored is not None and starts_afresh(meta, config, dump.inventory, stored, run.worker)
        if config.what.set_gtid_purged and (stored is None or afresh or stored.status != "finished"):
            gtid_sets.check_takes(meta.db, server, dump.inventory.metadata.binlog_gtid)
        if stored is not None and afresh and not config.swaps:
            existing.look(meta, config, dump.plan, None, without=stored.load_id)  # nothing is forgotten before that

        def register() -> Registration:
            meta.db.rollback()
            round_ = swapping.join_round(meta, config, dump.inventory, run.worker, server)
            plan = dump.plan if round_ is None else round_.shadows.place(dump.plan)
            found = register_load(meta, fitting, dump.inventory, plan, run.worker)
            if round_ is not None:
                swaps.register_tables(meta, round_, config.what.source_id, plan)
            splits.keep(meta, found.load.load_id, dump.splits)
            if found.load.status != "finished":
                findings.keep(meta, found.load.load_id, "prepare_checkpoint", map(_missing_number, dump.plan.gaps))
                findings.keep(meta, found.load.load_id, "objects", programs.told(config, asked))
            coordination.take_lock(config.what.source_id, run.worker)  # in the target, both commit together
            meta.db.commit()
            return found

        def begin_round() -> None:
            meta.db.rollback()
            coordination.begin_round(config.what.source_id)

        registration = run.attempts.run("registering the load", register, TWO_AT_ONCE)
        load = registration.load
        # An earlier try may have been cut off between the two: what this source says is of an earlier load then.
        stale = load.status == "init" and coordination.states().get(config.what.source_id) == BarrierState.FINISHED
        if registration.afresh or stale:
            run.attempts.run("beginning a round at the barrier", begin_round, TWO_AT_ONCE)
        return {
            "load_id": load.load_id,
            "fresh": registration.afresh,
            "status": load.status,
            "fingerprint": load.fingerprint,
            "chunk_bytes": load.chunk_bytes,
            "files": len(dump.plan.files),
            "file_bytes": dump.plan.file_bytes,
        }


def _missing_number(gap: NumberGap) -> Finding:
    return Finding(kind="missing_file_number", table=str(gap.key), text=gap.text)


def adds_indexes(run: LoadRun, meta: Meta, load: loads.Load) -> bool:
    """Whether this run is told to build what the load has skipped."""
    waiting = indexes.waiting_indexes(meta, load.load_id) if run.config.what.only == "indexes" else {}
    return bool(indexes.to_build(waiting, run.config.logical.skips))


def choose_path(run: LoadRun) -> LoadPath:
    """What the state says is to be done. The branches of DM's ``restore``."""
    with run.open_stored() as (meta, load):
        if load.status == "paused" and waits_for_replay(run, meta, load.load_id):
            return LoadPath.LOAD  # all is sent, so what is left of that path is to load these rows, and to compare
        if load.status == "paused" and is_replayed(meta, load.load_id):
            return LoadPath.LOAD  # somebody has loaded them meanwhile
        if load.status == "finished" and adds_indexes(run, meta, load):
            return LoadPath.LOAD  # all is sent, and what was skipped is built
        paths = {"paused": LoadPath.RESOLVE, "finished": LoadPath.FINISHED}
        return paths.get(load.status, LoadPath.LOAD)
