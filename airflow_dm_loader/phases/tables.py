"""The phases that make tables ready: before their rows, and after."""

from __future__ import annotations

import logging

from airflow_dm_loader.engines.registry import engine_of
from airflow_dm_loader.phases import existing
from airflow_dm_loader.phases.drafting import Drafting
from airflow_dm_loader.run import LoadRun
from airflow_dm_loader.state import files, indexes, loads
from airflow_dm_loader.state.files import TableRow
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.creation import SchemaCreator

_log = logging.getLogger(__name__)


def create_tables(run: LoadRun) -> dict[str, object]:
    """Create the databases, tables and views that are missing, and note what each table was like before.

    Returns:
        Names under ``created``, ``existing``, ``views``, ``not_empty``; sentences under ``warnings``; counts under
        ``not_loaded``.

    Raises:
        TargetError: the target can't take this load; nothing was created.
    """
    config = run.config
    engine = engine_of(config)
    if engine.makes_tables:
        return engine.note_tables(run)
    dump = run.open_dump()
    plan = dump.plan
    with run.open_stored(dump) as (meta, load):
        drafting = Drafting.at(meta.db, config, dump.read_schema)
        with Database.open(run.target, session=drafting.session) as db:
            known = {(row.schema, row.table) for row in files.list_tables(meta, load.load_id)}
            draft = drafting.draft(db, plan, known)
            warnings = drafting.check(db, plan, draft, engine.privileges(run, plan, db))
        held = existing.look(meta, config, plan, draft, load.load_id)
        warnings = (
            *plan.warnings,
            *engine.check_server(drafting.server),
            *warnings,
            *existing.worth_a_warning(held),
        )
        for what, number in plan.not_loaded.items():
            _log.info("Not loaded: %s (%d)", what, number)
        for warning in warnings:
            _log.warning("%s", warning)
        for rows in held:
            _log.info("%s", rows)
        creator = SchemaCreator(
            lambda: Database.open(run.target, session=drafting.session),
            drafting.sessions,
            transactions=drafting.transactions,
        )
        ours = {f"{schema}.{table}" for schema, table in known}
        creator.create_databases(draft.databases)
        waiting = {(table.planned.schema, table.planned.table): table.indexes for table in draft.tables}
        indexes.register_indexes(meta, load.load_id, waiting)
        there = {(table.planned.schema, table.planned.table) for table in draft.tables if table.exists}
        indexes.adopt_indexes(meta, load.load_id, there)
        loads.update_notes(meta, load.load_id, {**load.notes, "target_warnings": list(warnings)})
        meta.db.commit()  # written down before they are left out
        prepared = creator.create_tables(draft.tables, config.work.pool_size)
        load = existing.take_tables(meta, config, load, plan, draft)
        loads.lock(meta, load.load_id)
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
        "not_loaded": plan.not_loaded,
    }


def build_indexes(run: LoadRun) -> dict[str, object]:
    """Build the indexes that tables were created without, where the import has not built them already.

    Returns:
        ``tables``: how many tables got theirs here.

    Raises:
        LoadInterruptedError: the run was stopped, and with it the sessions in the server.
        CheckpointError: a table that waits for its indexes has not all its rows yet.
    """
    return {"tables": engine_of(run.config).build_indexes(run)}
