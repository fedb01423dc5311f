"""The story of a load: its phases, one function each.

Every phase stands for itself: it opens its own connections, takes what it needs from the dump and from the state
tables, and leaves what comes next there. So each can be retried, cleared, or run on another machine. Airflow's
operators call them one by one; :func:`load_dump` calls them in a row. All of them raise
:class:`~airflow_dm_loader.errors.LoaderError` and nothing else.
"""

from __future__ import annotations

import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random

from airflow_dm_loader.barrier import Barrier, BarrierState
from airflow_dm_loader.barrier.in_target import TargetBarrier
from airflow_dm_loader.config import Level, LoadConfig, Mode, OnConflict, TargetConfig
from airflow_dm_loader.dump.cleaning import CleaningReport, clean_dump
from airflow_dm_loader.dump.inventory import DumpInventory, read_inventory
from airflow_dm_loader.dump.metadata import DumpMetadata
from airflow_dm_loader.dump.schema_files import SchemaFile, load_schema_file
from airflow_dm_loader.dump.storage import DumpStorage
from airflow_dm_loader.engines.logical.importer import ShareReport, file_shares, import_share, index_builder
from airflow_dm_loader.errors import (
    BarrierTimeoutError,
    CheckpointError,
    DumpMetadataError,
    DumpNotFoundError,
    LockedError,
    TargetError,
    WorkerNotMatchError,
)
from airflow_dm_loader.plan.load_plan import make_plan
from airflow_dm_loader.report import LoadReport, LoadStatus
from airflow_dm_loader.state import events, files, indexes, load_tasks, loads, outcomes
from airflow_dm_loader.state.events import EventKind, Worker
from airflow_dm_loader.state.files import TableRow
from airflow_dm_loader.state.loads import Load
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.state.outcomes import Outcome
from airflow_dm_loader.state.registration import Registration, check_same_dump, register_load
from airflow_dm_loader.state.report import make_report
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.creation import SchemaCreator
from airflow_dm_loader.target.server import Flavour, ask_server
from airflow_dm_loader.target.session import base_session, target_time_zone, user_sql_mode
from airflow_dm_loader.verify.analyze import analyze_table
from airflow_dm_loader.verify.decision import found_error
from airflow_dm_loader.verify.outcome import record_outcome

__all__ = [
    "BarrierState",
    "LoadPath",
    "Outcome",
    "ShareReport",
    "Worker",
    "accept_outcome",
    "analyze",
    "build_indexes",
    "choose_path",
    "clean_dump_files",
    "create_tables",
    "current_outcome",
    "fetch_dump_metadata",
    "finish",
    "import_shares",
    "load_dump",
    "open_barrier",
    "prepare_checkpoint",
    "resolve_conflicts",
    "run_import",
    "verify",
]

_BARRIER_POLL_S = 5.0  # as DM polls


class LoadPath(StrEnum):
    """What is to be done with a load as it is stored."""

    LOAD = "load"
    RESOLVE = "resolve"  # paused: a person must say whether what was found is accepted
    FINISHED = "finished"


def fetch_dump_metadata(config: LoadConfig, target: TargetConfig, worker: Worker) -> DumpMetadata:
    """Read the dump's metadata: binlog position, GTID set, times, row counts. DM's ``getMydumpMetadata``.

    Raises:
        DumpMetadataError: there is none, or it is unfinished or unreadable (11001).
        DumpNotFoundError: there is no dump (34014).
        WorkerNotMatchError: it is not here, and the load-task lock says that another host has it (34017).
    """
    try:
        return _inventory(config).metadata
    except (DumpMetadataError, DumpNotFoundError) as error:
        with _meta(config, target) as meta:
            lock = load_tasks.get(meta, config) if meta.exists() else None
        if lock is not None and lock.host != worker.host:
            raise WorkerNotMatchError(
                f"this worker is {worker.host!r}, but the load task is held by {lock.host!r} (DAG {lock.dag_id!r}, "
                f"run {lock.run_id!r}), which has the dump; here: {error.message}"
            ) from error
        raise


def prepare_checkpoint(config: LoadConfig, target: TargetConfig, worker: Worker) -> dict[str, object]:
    """Make the state tables, register the load or take it up, put the load-task lock.

    DM's ``Prepare``, ``RegisterCheckPoint`` and ``putLoadTask``; see
    :func:`~airflow_dm_loader.state.registration.register_load` for which loads start afresh.
    """
    inventory = _inventory(config)
    plan = make_plan(inventory)
    with _meta(config, target) as meta:
        meta.create()

        def register() -> Registration:
            meta.db.rollback()
            return register_load(meta, config, inventory, plan, worker)

        registration = _two_at_once()(register)
        meta.db.commit()
        if registration.afresh:
            _barrier(config, meta).begin_round(config.source_id)
        load = registration.load
        return {
            "load_id": load.load_id,
            "fresh": registration.afresh,
            "status": load.status,
            "fingerprint": load.fingerprint,
            "chunk_bytes": load.chunk_bytes,
            "files": len(plan.files),
            "file_bytes": inventory.total_file_bytes,
        }


def choose_path(config: LoadConfig, target: TargetConfig) -> LoadPath:
    """What the state says is to be done. The branches of DM's ``restore``."""
    with _stored(config, target) as (_, load):
        paths = {"paused": LoadPath.RESOLVE, "finished": LoadPath.FINISHED}
        return paths.get(load.status, LoadPath.LOAD)


@contextmanager
def open_barrier(config: LoadConfig, target: TargetConfig) -> Iterator[Barrier]:
    """The barrier of the load task's sources."""
    with _meta(config, target) as meta:
        yield _barrier(config, meta)


def create_tables(config: LoadConfig, target: TargetConfig) -> dict[str, object]:
    """Create the databases, tables and views that are missing, and note what each table was like before.

    Returns:
        Names under ``created``, ``existing``, ``views``, ``not_empty``; counts under ``not_loaded``.
    """
    inventory = _inventory(config)
    plan = make_plan(inventory)
    with _stored(config, target) as (meta, load):
        check_same_dump(load, inventory)
        server = ask_server(meta.db)
        session = base_session(config, server)
        creator = SchemaCreator(
            lambda: Database.open(target, session=session),
            _schema_reader(config),
            sql_mode=user_sql_mode(config),
            time_zone=config.time_zone or target_time_zone(meta.db),
            transactions=server.flavour is not Flavour.TIDB,
            defer_indexes=config.defer_indexes and server.flavour is not Flavour.TIDB,
        )
        ours = {f"{row.schema}.{row.table}" for row in files.list_tables(meta, load.load_id)}
        creator.create_databases(plan)
        drafts = creator.draft_tables(plan.tables)
        for draft in drafts:  # written down before they are left out
            indexes.register_indexes(meta, load.load_id, draft.planned.schema, draft.planned.table, draft.indexes)
        meta.db.commit()
        for table in creator.create_tables(drafts, config.pool_size):
            files.register_table(meta, load.load_id, TableRow(*table))
        meta.db.commit()
        creator.create_views(plan.views)
    summary = creator.summary
    return {
        "created": summary.created,
        "existing": summary.existing,
        "views": summary.views,
        "not_empty": [name for name in summary.not_empty if name not in ours],
        "not_loaded": {kind: len(names) for kind, names in inventory.not_loaded.items()},
    }


def import_shares(config: LoadConfig, target: TargetConfig) -> list[int]:
    """The numbers of the shares that import tasks take: ``[0, 1, ...]``, at least one."""
    with _stored(config, target) as (meta, load):
        return list(range(len(file_shares(meta, load, config.import_tasks))))


def run_import(
    config: LoadConfig,
    target: TargetConfig,
    share: int = 0,
    *,
    worker: Worker,
    on_progress: Callable[[LoadStatus], None] | None = None,
    stop: threading.Event | None = None,
) -> ShareReport:
    """Send one share of the data files, each chunk exactly once; committed chunks are not sent again.

    Args:
        share: which share, counted from 0; see :func:`import_shares`.
        on_progress: called in this thread about every 5 s.
        stop: setting it ends the import soon, and its sessions in the server.

    Raises:
        RowError: the server refused a row; its file, offset and text are named.
        LoadInterruptedError: ``stop`` was set.
    """
    inventory = _inventory(config)
    with _stored(config, target) as (meta, load):
        check_same_dump(load, inventory)
        if load.status in {"init", "paused"}:
            loads.set_status(meta, load.load_id, "running")
            meta.db.commit()
        return import_share(
            config,
            target,
            share,
            meta=meta,
            load=load,
            plan=make_plan(inventory),
            storage=DumpStorage.open_uri(config.dump_uri),
            run_id=worker.run_id,
            on_progress=on_progress,
            stop=stop or threading.Event(),
        )


def build_indexes(config: LoadConfig, target: TargetConfig) -> dict[str, object]:
    """Build the indexes that tables were created without, where the import has not built them already.

    Returns:
        ``tables``: how many tables got theirs here.

    Raises:
        CheckpointError: a table that waits for its indexes has not all its rows yet.
    """
    with _stored(config, target) as (meta, load):
        waiting = indexes.waiting_indexes(meta, load.load_id)
        incomplete = set(waiting) - indexes.complete_tables(meta, load.load_id)
        server = ask_server(meta.db)
    if incomplete:
        raise CheckpointError(
            f"{len(incomplete)} tables wait for rows before their indexes can be built",
            remedy="Clear run_import: it goes on where it stopped.",
        )
    builder = index_builder(config, target, load, base_session(config, server))
    try:
        builder.start_complete_tables()
    finally:
        builder.close(raise_errors=True)
    return {"tables": len(waiting)}


def verify(config: LoadConfig, target: TargetConfig) -> Outcome:
    """Compare every table with what was sent and what the dump says; write a new outcome.

    Raises:
        CheckpointError: data files are missing in the target: the import has not ended.
    """
    inventory = _inventory(config)
    with _stored(config, target) as (meta, load):
        check_same_dump(load, inventory)
        waiting = [row.name for row in files.list_files(meta, load.load_id) if not row.done]
        if waiting:
            raise CheckpointError(
                f"{len(waiting)} data files are not loaded yet, {waiting[0]!r} among them",
                remedy="Clear run_import: it goes on where it stopped.",
            )
        if indexes.waiting_indexes(meta, load.load_id):
            raise CheckpointError(
                "not all indexes are built yet", remedy="Clear build_indexes: it builds those that are missing."
            )
        outcome = record_outcome(
            config,
            meta,
            load,
            make_plan(inventory),
            _schema_reader(config),
            ask_server(meta.db),
            lambda: Database.open(target),
        )
        meta.db.commit()
        return outcome


def current_outcome(config: LoadConfig, target: TargetConfig) -> Outcome:
    """What the last run of :func:`verify` found."""
    with _stored(config, target) as (meta, load):
        return outcomes.current(meta, load.load_id)


def resolve_conflicts(config: LoadConfig, target: TargetConfig, worker: Worker, *, by_hand: bool) -> Outcome:
    """DM's "resume means accept", for the outcome that was shown and no other.

    ``on_conflict=accept`` accepts at once and ``fail`` never does. ``pause`` shows what was found and raises; where
    an earlier try of the same run showed this very outcome and a person cleared the task (``by_hand``), it accepts.

    Raises:
        HasDuplicatesError: rows met rows with the same key (34020).
        ChecksumMismatchError: tables differ from the dump (34021).
    """
    with _stored(config, target) as (meta, load):
        outcome = outcomes.current(meta, load.load_id)
        if outcome.accepted or outcome.verdict == "clean":
            return outcome
        seen = events.shown_before(meta, load.load_id, outcome.outcome_id, worker)
        if config.on_conflict is OnConflict.ACCEPT or (config.on_conflict is OnConflict.PAUSE and by_hand and seen):
            by = "on_conflict=accept" if config.on_conflict is OnConflict.ACCEPT else "clear"
            events.record(meta, load.load_id, EventKind.ACCEPTED, worker, outcome_id=outcome.outcome_id, detail=by)
            meta.db.commit()
            return outcomes.current(meta, load.load_id)
        events.record(meta, load.load_id, EventKind.SHOWN, worker, outcome_id=outcome.outcome_id)
        meta.db.commit()
        raise found_error(config, meta, load.load_id, outcome)


def accept_outcome(
    config: LoadConfig, target: TargetConfig, worker: Worker, outcome_id: str, accepted_by: str
) -> Outcome:
    """Accept the outcome that was shown to ``accepted_by``; an error if a newer one was made since."""
    with _stored(config, target) as (meta, load):
        outcome = outcomes.current(meta, load.load_id)
        if outcome.outcome_id != outcome_id:
            raise CheckpointError(
                f"outcome {outcome_id} was accepted, but {outcome.outcome_id} is newer",
                remedy="Clear resolve_conflicts to look at the newer one.",
            )
        events.record(meta, load.load_id, EventKind.ACCEPTED, worker, outcome_id=outcome_id, detail=accepted_by)
        meta.db.commit()
        return outcomes.current(meta, load.load_id)


def analyze(config: LoadConfig, target: TargetConfig) -> dict[str, object]:
    """Refresh the optimizer's statistics, by level. DM's ``PostRestore.Analyze``.

    Returns:
        ``tables``: how many were analyzed; ``problems``: table -> what the server said (level optional).

    Raises:
        TargetError: level required, and a table could not be analyzed.
    """
    problems: dict[str, str] = {}
    tables: tuple[TableRow, ...] = ()
    with _stored(config, target) as (meta, load):
        if config.analyze is not Level.OFF:
            tables = files.list_tables(meta, load.load_id)
        for table in tables:
            problem = analyze_table(meta.db, table.schema, table.table)
            if problem is not None:
                problems[f"{table.schema}.{table.table}"] = problem
    if problems and config.analyze is Level.REQUIRED:
        name, text = next(iter(problems.items()))
        raise TargetError(f"{len(problems)} of {len(tables)} tables could not be analyzed: {text}", table=name)
    return {"tables": len(tables) - len(problems), "problems": problems}


def finish(config: LoadConfig, target: TargetConfig, worker: Worker) -> LoadReport:
    """Set the load to finished, release the load-task lock in mode full, and report.

    Raises:
        CheckpointError: the load is not ready to be finished: nobody accepted what was found, or it never ran.
    """
    with _stored(config, target) as (meta, load):
        outcome = outcomes.current(meta, load.load_id)
        if outcome.verdict != "clean" and not outcome.accepted:
            raise CheckpointError(
                f"outcome {outcome.outcome_id} ({outcome.verdict}) was not accepted",
                remedy="Clear resolve_conflicts: it shows what was found.",
            )
        had_finished = load.status == "finished"
        loads.set_status(meta, load.load_id, "finished")
        if config.mode is Mode.FULL:
            load_tasks.delete(meta, config)
        meta.db.commit()
        return make_report(meta, config, loads.get(meta, config), outcome, worker, had_finished=had_finished)


def clean_dump_files(config: LoadConfig, target: TargetConfig) -> dict[str, object]:
    """Remove the dump's files, where ``clean_dump_files`` is set. DM's ``cleanDumpFiles``.

    Mode full removes the dump; mode all keeps metadata and schema files. Only files of the dump that was loaded
    are ever removed, and problems are warnings, as in DM.
    """
    with _stored(config, target) as (_, load):
        if not config.clean_dump_files:
            report = CleaningReport()
        elif load.status != "finished":
            raise CheckpointError("the load is not finished, so its dump is kept", remedy="Finish the load first.")
        else:
            storage = DumpStorage.open_uri(config.dump_uri)
            report = clean_dump(storage, load.fingerprint, keep_schema=config.mode is Mode.ALL)
    return {"removed": list(report.removed), "warnings": list(report.warnings)}


def load_dump(
    config: LoadConfig, target: TargetConfig, on_progress: Callable[[LoadStatus], None] | None = None
) -> LoadReport:
    """Load a dump in this process: all phases in a row.

    The same task and source again goes on where an earlier call stopped, and sends nothing twice. A load that
    is paused raises again until it is called with ``on_conflict="accept"``.

    Args:
        on_progress: called in this thread about every 5 s of the import.

    Raises:
        LoaderError: see :mod:`airflow_dm_loader.errors` for the whole tree.
    """
    worker = Worker(host=socket.gethostname(), run_id=f"load_dump-{uuid.uuid4()}")
    fetch_dump_metadata(config, target, worker)
    prepare_checkpoint(config, target, worker)
    path = choose_path(config, target)
    if path is LoadPath.LOAD:
        _wait(config, target, BarrierState.READY)
        create_tables(config, target)
        for share in import_shares(config, target):
            run_import(config, target, share, worker=worker, on_progress=on_progress)
        build_indexes(config, target)
        verify(config, target)
    if path is not LoadPath.FINISHED:
        resolve_conflicts(config, target, worker, by_hand=False)
    if path is LoadPath.LOAD:
        analyze(config, target)
    report = finish(config, target, worker)
    _wait(config, target, BarrierState.FINISHED)
    clean_dump_files(config, target)
    return report


def _wait(config: LoadConfig, target: TargetConfig, state: BarrierState) -> None:
    """DM's ``readyAndWait`` and ``finishAndWait``."""
    deadline = time.monotonic() + config.barrier_timeout_s
    with open_barrier(config, target) as barrier:
        barrier.put(config.source_id, state)
        missing = barrier.missing(state)
    while missing:
        if time.monotonic() > deadline:
            raise BarrierTimeoutError(f"these sources did not become {state.value} in time: {', '.join(missing)}")
        time.sleep(_BARRIER_POLL_S)
        with open_barrier(config, target) as barrier:
            missing = barrier.missing(state)


def _two_at_once() -> Retrying:
    """Of two runs that begin at once, the server undoes one; it tries again."""
    return Retrying(
        retry=retry_if_exception_type(LockedError), stop=stop_after_attempt(5), wait=wait_random(0, 0.5), reraise=True
    )


@contextmanager
def _meta(config: LoadConfig, target: TargetConfig) -> Iterator[Meta]:
    with Database.open(target) as db:
        yield Meta(db, config.meta_schema)


@contextmanager
def _stored(config: LoadConfig, target: TargetConfig) -> Iterator[tuple[Meta, Load]]:
    with _meta(config, target) as meta:
        yield meta, loads.get(meta, config)


def _barrier(config: LoadConfig, meta: Meta) -> Barrier:
    return TargetBarrier(meta, config.task_name, config.all_sources)


def _inventory(config: LoadConfig) -> DumpInventory:
    storage = DumpStorage.open_uri(config.dump_uri)
    return read_inventory(storage, require_finished=config.require_finished_dump)


def _schema_reader(config: LoadConfig) -> Callable[[str], SchemaFile]:
    storage = DumpStorage.open_uri(config.dump_uri)
    return lambda name: load_schema_file(storage, name)
