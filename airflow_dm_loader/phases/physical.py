"""The phases of a physical import, where ``tidb-lightning`` does the work: it creates the tables, and sends the rows.

Nothing is imported twice: our record and Lightning's checkpoint are each kept until the other can do without it
(docs/decisions/010).
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from contextlib import suppress

from airflow_dm_loader.config import LoadConfig, OnDuplicatePhysical
from airflow_dm_loader.dump.tidb_uri import tidb_uri
from airflow_dm_loader.engines.lightning.checkpoint import Checkpoint, Driver, checkpoint_of
from airflow_dm_loader.engines.lightning.endings import Ended
from airflow_dm_loader.engines.lightning.executable import find_lightning
from airflow_dm_loader.engines.lightning.findings import lightning_findings
from airflow_dm_loader.engines.lightning.heads import check_files
from airflow_dm_loader.engines.lightning.preparation import prepare_run
from airflow_dm_loader.engines.lightning.run import LightningRun, Watch
from airflow_dm_loader.engines.lightning.settings import (
    check_target,
    sorting_dir,
    task_info_schema,
)
from airflow_dm_loader.engines.lightning.status import Progress
from airflow_dm_loader.engines.lightning.task_info import last_task_id
from airflow_dm_loader.engines.share_report import ShareReport
from airflow_dm_loader.errors import CheckpointError, ConfigError, LoaderError, TargetError
from airflow_dm_loader.plan.load_plan import LoadPlan
from airflow_dm_loader.progress.speed import SpeedWindow, make_status
from airflow_dm_loader.report import LoadStatus
from airflow_dm_loader.run import Dump, LoadRun
from airflow_dm_loader.state import files, lightning, loads
from airflow_dm_loader.state.events import Worker
from airflow_dm_loader.state.files import TableRow
from airflow_dm_loader.state.lightning import LightningRow, LightningStage
from airflow_dm_loader.state.loads import Load
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.preflight import check_names
from airflow_dm_loader.target.schema import existing_tables, is_empty
from airflow_dm_loader.target.server import Flavour, Server, ask_server
from airflow_dm_loader.verify.conclusion import Findings

_log = logging.getLogger(__name__)
_OLDEST = (6, 1)  # from here on GET_LOCK holds in the whole cluster


def check_server(server: Server) -> None:
    """Refuse a server that is not TiDB, by name."""
    if server.flavour is not Flavour.TIDB or server.version < _OLDEST:
        raise TargetError(
            f"import_mode: the target is {server}, and physical import is TiDB's, from 6.1 on",
            remedy="Use import_mode=logical, which every server takes.",
        )


def check_load(run: LoadRun, dump: Dump) -> None:
    """Refuse what Lightning can't read, reach or write down, before anything is created."""
    check_target(run.target)
    check_files(dump.plan.files)
    tidb_uri(run.config.what.dump_uri, run.access)
    sorting_dir(run.config)
    checkpoint_of(run.config)
    if run.config.physical.on_duplicate_physical is OnDuplicatePhysical.MANUAL:
        task_info_schema(run.config)


def _check_schema_files(dump: Dump) -> None:
    """Lightning runs the schema files itself: each must be the CREATE of its object alone."""
    files = [database.schema_file for database in dump.plan.databases]
    files += [view.schema_file for view in dump.plan.views]
    files += [source.schema_file for table in dump.plan.tables for source in table.sources]
    for name in files:
        if name is not None:
            dump.read_schema(name)


def note_tables(run: LoadRun) -> dict[str, object]:
    """What ``create_tables`` does here: note what each table is like before Lightning creates those that are missing.

    Returns:
        As :func:`~airflow_dm_loader.phases.tables.create_tables`; nothing is ``created`` yet.
    """
    dump = run.open_dump()
    plan = dump.plan
    with run.open_stored(dump) as (meta, load):
        check_server(ask_server(meta.db))
        check_load(run, dump)
        check_names(plan)
        _check_schema_files(dump)
        ours = {(row.schema, row.table) for row in files.list_tables(meta, load.load_id)}
        there = {schema: existing_tables(meta.db, schema) for schema in {table.schema for table in plan.tables}}
        rows = []
        for table in plan.tables:
            exists = table.table in there[table.schema]
            empty = not exists or is_empty(meta.db, table.schema, table.table)
            rows.append(TableRow(table.schema, table.table, not exists, empty, ()))
        files.register_tables(meta, load.load_id, rows)
        meta.db.commit()
    for warning in plan.warnings:
        _log.warning("%s", warning)
    return {
        "created": [],
        "existing": [f"{row.schema}.{row.table}" for row in rows if not row.created],
        "views": [],
        "not_empty": [
            f"{row.schema}.{row.table}" for row in rows if not row.empty_before and (row.schema, row.table) not in ours
        ],
        "warnings": list(plan.warnings),
        "not_loaded": dump.not_loaded,
    }


def import_all(run: LoadRun) -> ShareReport:
    """Run Lightning to its end, unless our record says that all rows are in.

    A checksum that differs is no error here: all rows are in, and the checksum step makes an outcome of it.

    Raises:
        LockedError: another attempt is at it.
        LightningError: Lightning failed; a retry goes on at its checkpoint.
        LoadInterruptedError: the run was stopped.
    """
    started = time.monotonic()
    rows_sent: int | None = 0
    config, dump = run.config, run.open_dump()
    plan = dump.plan
    with run.open_stored(dump) as (meta, load):
        check_server(ask_server(meta.db))
        check_load(run, dump)
        lightning.lock(meta, config)
        row = lightning.find(meta, load.load_id)
        if row is not None and row.stage in {LightningStage.IMPORTED, LightningStage.CLEANED}:
            _log.info("All rows are in: tidb-lightning is not run again")
        else:
            program = find_lightning(config.physical.lightning_path)
            _log.info("Running %s", program)
            prepared = prepare_run(run, dump, program, meta.db)
            owner = secrets.token_hex(16)
            watch = Watch(
                stop=run.stop,
                on_progress=_teller(load, plan, run.on_progress),
                progress_interval_s=run.progress_interval_s,
                keep_alive=lambda: lightning.hold(meta, config, load.load_id, owner),
            )
            _begin(config, meta, load, row, owner)
            try:
                if row is not None:
                    _ignore_errors(prepared)
                watch.keep_alive()
                ended = prepared.run(watch)
                watch.keep_alive()
                rows_sent = _store(meta, load, row, ended, run.worker)
            finally:
                _release(meta, load, owner)
    if run.on_progress is not None:
        run.on_progress(_status(load, plan.file_bytes, plan.file_bytes, 0, done=True))
    return ShareReport(
        share=0,
        rows_sent=rows_sent or 0,
        chunks_sent=0,
        chunks_skipped=0,
        files_done=len(plan.files),
        file_bytes=plan.file_bytes,
        seconds=round(time.monotonic() - started, 3),
        rows_sent_known=rows_sent is not None,
    )


def findings(run: LoadRun, dump: Dump, meta: Meta, load: Load) -> Findings:
    """What Lightning found.

    Raises:
        CheckpointError: the import has not ended.
    """
    if run.compares_with_source:
        raise ConfigError("compare_with_conn_id: is not offered with import_mode physical")
    row = lightning.find(meta, load.load_id)
    if row is None or row.stage is LightningStage.BEGUN:
        raise CheckpointError(
            "tidb-lightning has not ended its work", remedy="Clear run_import: it goes on where it stopped."
        )
    return lightning_findings(run.config, meta, load, dump.plan, row)


def forget_checkpoint(meta: Meta, load: Load) -> None:
    """Remove Lightning's checkpoint, now that our own state says that the load is finished. A problem is a warning."""
    row = lightning.find(meta, load.load_id)
    if row is None or row.stage is LightningStage.CLEANED:
        return
    checkpoint = Checkpoint(Driver(row.checkpoint_driver), row.checkpoint_place)
    try:
        checkpoint.remove(meta.db)
        lightning.move(meta, load.load_id, LightningStage.CLEANED)
        meta.db.commit()
    except (LoaderError, OSError) as error:
        with suppress(LoaderError):
            meta.db.rollback()
        _log.warning("The checkpoint of tidb-lightning stays, %s: %s", checkpoint, error)


def _begin(config: LoadConfig, meta: Meta, load: Load, row: LightningRow | None, owner: str) -> None:
    """Before Lightning runs: nothing of an older load may be in its checkpoint; what is of this one goes on."""
    checkpoint = checkpoint_of(config)
    if row is None:
        _remove_left_over(checkpoint, meta.db)
        manual = config.physical.on_duplicate_physical is OnDuplicatePhysical.MANUAL
        before = last_task_id(meta.db, task_info_schema(config)) if manual else 0
        lightning.begin(
            meta, load.load_id, owner, driver=checkpoint.driver.value, place=checkpoint.place, task_id_before=before
        )
    elif (row.checkpoint_driver, row.checkpoint_place) != (checkpoint.driver.value, checkpoint.place):
        begun = Checkpoint(Driver(row.checkpoint_driver), row.checkpoint_place)
        raise CheckpointError(
            f"the import was begun with its checkpoint in {begun}, and can't go on with {checkpoint}",
            remedy="Put lightning_checkpoint and dump_uri back as they were.",
        )
    else:
        lightning.take(meta, load.load_id, owner)
    loads.set_status(meta, load.load_id, "running")
    meta.db.commit()


def _ignore_errors(prepared: LightningRun) -> None:
    """DM's ``ignoreCheckpointError``: a problem with it is only a warning."""
    if (problem := prepared.ignore_checkpoint_errors()) is not None:
        _log.warning("Errors in the checkpoint of tidb-lightning could not be ignored, as DM does: %s", problem)


def _remove_left_over(checkpoint: Checkpoint, db: Database) -> None:
    try:
        checkpoint.remove(db)
    except OSError as error:
        raise TargetError(
            f"what an older load left in {checkpoint} can't be removed: {error.strerror}",
            remedy="Remove it by hand, or set lightning_checkpoint to mysql; then clear run_import.",
        ) from error


def _store(meta: Meta, load: Load, before: LightningRow | None, ended: Ended, worker: Worker) -> int | None:
    """All rows are in: write that down, before anything else. Lightning's checkpoint says the same until then.

    Returns:
        How many rows this attempt sent; None: it is not known.
    """
    differences = {difference.table: difference.describe() for difference in ended.differences}
    stage = LightningStage.CHECKSUM_DIFFERS if ended.differs else LightningStage.IMPORTED
    sent = ended.rows
    if before is None:
        of_run = {"run_id": worker.run_id, "rows_sent": sent}
    elif before.stage is LightningStage.CHECKSUM_DIFFERS:  # it only compared again
        sent = 0
        of_run = {name: before.findings.get(name) for name in ("run_id", "rows_sent")}
    else:  # an attempt that came to no end sent some, perhaps in this very run
        of_run = {"run_id": worker.run_id, "rows_sent": None}
    lightning.move(meta, load.load_id, stage, {"differences": differences, **of_run})
    files.mark_done(meta, load.load_id, [row.file_id for row in files.list_files(meta, load.load_id)])
    meta.db.commit()
    return sent


def _release(meta: Meta, load: Load, owner: str) -> None:
    try:
        meta.db.rollback()
        lightning.release(meta, load.load_id, owner)
    except LoaderError as error:  # what ended the import matters more; the next attempt waits a while
        _log.warning("The import could not be given free: %s", error)


def _teller(
    load: Load, plan: LoadPlan, on_progress: Callable[[LoadStatus], None] | None
) -> Callable[[Progress | None], None]:
    window = SpeedWindow()

    def tell(progress: Progress | None) -> None:
        if on_progress is None or progress is None:
            return
        total = progress.total_bytes or plan.file_bytes
        status = _status(load, progress.finished_bytes, total, window.bps(progress.finished_bytes), done=False)
        on_progress(status.model_copy(update={"tables": progress.tables}))

    return tell


def _status(load: Load, finished_bytes: int, total_bytes: int, bps: int, *, done: bool) -> LoadStatus:
    return make_status(
        finished_bytes,
        total_bytes,
        bps,
        done=done,
        meta_binlog=load.meta_binlog,
        meta_binlog_gtid=load.binlog_gtid,
    )
