"""The phases that make tables ready: before their rows, and after."""

from __future__ import annotations

import logging
import threading

from airflow_dm_loader.config import ImportMode, LoadConfig, TargetConfig
from airflow_dm_loader.dump.access import DumpAccess
from airflow_dm_loader.engines.logical.importer import index_builder
from airflow_dm_loader.errors import (
    CheckpointError,
)
from airflow_dm_loader.phases import import_into, physical
from airflow_dm_loader.phases.drafting import Drafting
from airflow_dm_loader.phases.opened import inventory_of, open_stored, schema_reader, storage_of
from airflow_dm_loader.plan.planner import make_plan
from airflow_dm_loader.state import files, indexes, loads
from airflow_dm_loader.state.files import TableRow
from airflow_dm_loader.state.registration import check_same_dump
from airflow_dm_loader.state.updating import check_same_rules
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.creation import SchemaCreator
from airflow_dm_loader.target.server import ask_server
from airflow_dm_loader.target.session import base_session

_log = logging.getLogger(__name__)


def create_tables(config: LoadConfig, target: TargetConfig, *, access: DumpAccess | None = None) -> dict[str, object]:
    """Create the databases, tables and views that are missing, and note what each table was like before.

    Returns:
        Names under ``created``, ``existing``, ``views``, ``not_empty``; sentences under ``warnings``; counts under
        ``not_loaded``.

    Raises:
        TargetError: the target can't take this load; nothing was created.
    """
    if config.import_mode is ImportMode.PHYSICAL:
        return physical.note_tables(config, target, access=access)
    storage = storage_of(config, access)
    inventory = inventory_of(config, access, storage)
    plan = make_plan(inventory, config)
    with open_stored(config, target) as (meta, load):
        check_same_dump(load, inventory)
        check_same_rules(load, config)
        drafting = Drafting.at(meta.db, config, schema_reader(config, access, storage))
        with Database.open(target, session=drafting.session) as db:
            draft = drafting.draft(db, plan)
            warnings = drafting.check(db, plan, draft)
        if config.import_mode is ImportMode.IMPORT_INTO:
            warnings = (*import_into.check_server(drafting.server), *warnings)
        warnings = (*plan.warnings, *warnings)
        not_loaded = {kind: len(names) for kind, names in inventory.not_loaded.items()} | plan.left_out.counts()
        for what, number in not_loaded.items():
            _log.info("Not loaded: %s (%d)", what, number)
        for warning in warnings:
            _log.warning("%s", warning)
        creator = SchemaCreator(
            lambda: Database.open(target, session=drafting.session),
            drafting.sessions,
            transactions=drafting.transactions,
        )
        ours = {f"{row.schema}.{row.table}" for row in files.list_tables(meta, load.load_id)}
        creator.create_databases(draft.databases)
        waiting = {(table.planned.schema, table.planned.table): table.indexes for table in draft.tables}
        indexes.register_indexes(meta, load.load_id, waiting)
        loads.update_notes(meta, load.load_id, {**load.notes, "target_warnings": list(warnings)})
        meta.db.commit()  # written down before they are left out
        prepared = creator.create_tables(draft.tables, config.pool_size)
        files.register_tables(meta, load.load_id, [TableRow(*table) for table in prepared])
        meta.db.commit()
        creator.create_views(draft.views)
    summary = creator.summary
    return {
        "created": summary.created,
        "existing": summary.existing,
        "views": summary.views,
        "not_empty": [name for name in summary.not_empty if name not in ours],
        "warnings": list(warnings),
        "not_loaded": not_loaded,
    }


def build_indexes(
    config: LoadConfig, target: TargetConfig, *, stop: threading.Event | None = None
) -> dict[str, object]:
    """Build the indexes that tables were created without, where the import has not built them already.

    Args:
        stop: setting it ends the building soon, and its sessions in the server.

    Returns:
        ``tables``: how many tables got theirs here.

    Raises:
        LoadInterruptedError: ``stop`` was set.
        CheckpointError: a table that waits for its indexes has not all its rows yet.
    """
    if config.import_mode is ImportMode.PHYSICAL:  # tidb-lightning makes them with the rows
        return {"tables": 0}
    with open_stored(config, target) as (meta, load):
        waiting = indexes.waiting_indexes(meta, load.load_id)
        incomplete = set(waiting) - indexes.complete_tables(meta, load.load_id)
        server = ask_server(meta.db)
    if incomplete:
        raise CheckpointError(
            f"{len(incomplete)} tables wait for rows before their indexes can be built",
            remedy="Clear run_import: it goes on where it stopped.",
        )
    builder = index_builder(config, target, load, base_session(config, server))
    builder.start_complete_tables()
    builder.wait(stop or threading.Event())
    builder.close(raise_errors=True)
    return {"tables": len(waiting)}
