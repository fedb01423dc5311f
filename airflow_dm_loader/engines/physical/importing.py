"""The import by Lightning: begun, run to its end, and written down.

Nothing is imported twice: our record and Lightning's checkpoint are each kept until the other can do without it
(docs/decisions/010).
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from airflow_dm_loader.config import LoadConfig, OnDuplicatePhysical
from airflow_dm_loader.engines.base import ShareReport
from airflow_dm_loader.engines.physical.checkpoint import Checkpoint, Driver, checkpoint_of
from airflow_dm_loader.engines.physical.configuration import task_info_schema
from airflow_dm_loader.engines.physical.data_files import READER
from airflow_dm_loader.engines.physical.endings import Ended
from airflow_dm_loader.engines.physical.executable import find_lightning
from airflow_dm_loader.engines.physical.preparation import prepare_run
from airflow_dm_loader.engines.physical.program_run import LightningRun, Watch
from airflow_dm_loader.engines.physical.requirements import check_load, check_server
from airflow_dm_loader.engines.physical.status import Progress
from airflow_dm_loader.engines.physical.task_info import last_task_id
from airflow_dm_loader.engines.tidb_csv import note_csv
from airflow_dm_loader.errors import CheckpointError, LoaderError, TargetError
from airflow_dm_loader.logs import visible_log
from airflow_dm_loader.plan.load_plan import LoadPlan
from airflow_dm_loader.progress.speed import SpeedWindow, make_status
from airflow_dm_loader.report import LoadStatus
from airflow_dm_loader.run import LoadRun
from airflow_dm_loader.state import files, lightning, loads
from airflow_dm_loader.state.events import Worker
from airflow_dm_loader.state.lightning import LightningRow, LightningStage
from airflow_dm_loader.state.loads import Load
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.server import ask_server

_log = visible_log(__name__)


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
            program = find_lightning(config.physical.lightning_path, config.physical.lightning_version)
            _log.info("Running %s", program)
            prepared = prepare_run(run, dump, program, meta.db)
            note_csv(meta, load.load_id, plan.files, READER)
            owner = secrets.token_hex(16)
            teller = _Teller(load, plan, run.on_progress, resumed=row is not None)
            watch = Watch(
                stop=run.stop,
                on_progress=teller.tell,
                progress_interval_s=run.progress_interval_s,
                keep_alive=lambda: lightning.hold(meta, config, load.load_id, owner, teller.heard),
            )
            _begin(config, meta, load, row, owner)
            try:
                if row is not None:
                    _ignore_errors(prepared, run.stop)
                watch.keep_alive()
                ended = prepared.run(watch)
                watch.keep_alive()
                rows_sent = _store(meta, load, row, ended, run.worker)
            finally:
                _release(meta, load, owner, teller.heard)
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
            f"the import was begun with its checkpoint in {begun}, and can't resume with {checkpoint}",
            remedy="Put lightning_checkpoint and dump_uri back as they were.",
        )
    else:
        lightning.take(meta, load.load_id, owner)
    loads.set_status(meta, load.load_id, "running")
    meta.db.commit()


def _ignore_errors(prepared: LightningRun, stop: threading.Event) -> None:
    """DM's ``ignoreCheckpointError``: a problem with it is only a warning."""
    if (problem := prepared.ignore_checkpoint_errors(stop)) is not None:
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


def _release(meta: Meta, load: Load, owner: str, heard: tuple[int, int] | None) -> None:
    try:
        meta.db.rollback()
        lightning.release(meta, load.load_id, owner, heard)
    except LoaderError as error:  # what ended the import matters more; the next attempt waits a while
        _log.warning("The import could not be given free: %s", error)


class _Teller:
    """Tells how far Lightning is; ``heard``: what it said last, in bytes finished and in all, of the whole load."""

    def __init__(
        self, load: Load, plan: LoadPlan, on_progress: Callable[[LoadStatus], None] | None, *, resumed: bool
    ) -> None:
        self._load, self._plan, self._on_progress, self._resumed = load, plan, on_progress, resumed
        self._window = SpeedWindow()
        self.heard: tuple[int, int] | None = None

    def tell(self, progress: Progress | None) -> None:
        if progress is None:
            return
        finished, total = progress.finished_bytes, progress.total_bytes or self._plan.file_bytes
        if self._resumed:  # then it counts what was left of the load alone
            whole = max(total, self._plan.file_bytes)
            finished, total = whole - (total - finished), whole
        self.heard = finished, total
        if self._on_progress is not None:
            status = _status(self._load, finished, total, self._window.bps(finished), done=False)
            self._on_progress(status.model_copy(update={"tables": progress.tables}))


def _status(load: Load, finished_bytes: int, total_bytes: int, bps: int, *, done: bool) -> LoadStatus:
    return make_status(
        finished_bytes,
        total_bytes,
        bps,
        done=done,
        meta_binlog=load.meta_binlog,
        meta_binlog_gtid=load.binlog_gtid,
    )
