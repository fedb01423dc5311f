"""The phase that sends the rows."""

from __future__ import annotations

import threading
from collections.abc import Callable

from airflow_dm_loader.config import ImportMode, LoadConfig, TargetConfig
from airflow_dm_loader.dump.access import DumpAccess
from airflow_dm_loader.engines.logical.importer import file_shares, import_share
from airflow_dm_loader.engines.share_report import ShareReport
from airflow_dm_loader.phases import import_into, physical
from airflow_dm_loader.phases.opened import inventory_of, open_stored, schema_reader, storage_of
from airflow_dm_loader.plan.planner import make_plan
from airflow_dm_loader.report import LoadStatus
from airflow_dm_loader.state import loads
from airflow_dm_loader.state.events import Worker
from airflow_dm_loader.state.registration import check_same_dump
from airflow_dm_loader.state.updating import check_same_rules
from airflow_dm_loader.verify.expected import forecast_comparison


def import_shares(config: LoadConfig, target: TargetConfig) -> list[int]:
    """The numbers of the shares that import tasks take: ``[0, 1, ...]``, at least one."""
    if config.import_mode is ImportMode.IMPORT_INTO:
        return import_into.table_shares(config, target)
    if config.import_mode is ImportMode.PHYSICAL:
        return [0]  # tidb-lightning is one program
    with open_stored(config, target) as (meta, load):
        return list(range(len(file_shares(meta, load, config.import_tasks))))


def run_import(
    config: LoadConfig,
    target: TargetConfig,
    share: int = 0,
    *,
    worker: Worker,
    on_progress: Callable[[LoadStatus], None] | None = None,
    progress_interval_s: float = 5.0,
    stop: threading.Event | None = None,
    access: DumpAccess | None = None,
    compares_with_source: bool = False,
) -> ShareReport:
    """Send one share of the data files, each chunk exactly once; committed chunks are not sent again.

    Args:
        share: which share, counted from 0; see :func:`import_shares`.
        on_progress: called in this thread, about every ``progress_interval_s`` seconds.
        stop: setting it ends the import soon, and its sessions in the server.
        compares_with_source: :func:`verify` will be given ``compare_with``; only the time left depends on it.

    Raises:
        RowError: the server refused a row; its file, offset and text are named.
        LoadInterruptedError: ``stop`` was set.
    """
    stop = stop or threading.Event()
    if config.import_mode is ImportMode.IMPORT_INTO:
        return import_into.import_tables(
            config,
            target,
            share,
            worker=worker,
            on_progress=on_progress,
            progress_interval_s=progress_interval_s,
            stop=stop,
            access=access,
            compares_with_source=compares_with_source,
        )
    if config.import_mode is ImportMode.PHYSICAL:
        return physical.import_all(
            config,
            target,
            worker=worker,
            on_progress=on_progress,
            progress_interval_s=progress_interval_s,
            stop=stop,
            access=access,
        )
    storage = storage_of(config, access, stop=stop)
    inventory = inventory_of(config, access, storage)
    with open_stored(config, target) as (meta, load):
        check_same_dump(load, inventory)
        check_same_rules(load, config)
        if load.status in {"init", "paused"}:
            loads.set_status(meta, load.load_id, "running")
            meta.db.commit()
        plan = make_plan(inventory, config)
        return import_share(
            config,
            target,
            share,
            meta=meta,
            load=load,
            plan=plan,
            read=schema_reader(config, access, storage),
            storage=storage,
            run_id=worker.run_id,
            on_progress=on_progress,
            progress_interval_s=progress_interval_s,
            stop=stop,
            forecast=forecast_comparison(config, meta, load, plan, with_source=compares_with_source),
        )
