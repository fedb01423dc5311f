"""The phases that make tables ready: before their rows, and after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from airflow_dm_loader.dump.data_formats import PARQUET
from airflow_dm_loader.dump.tool_losses import tool_losses
from airflow_dm_loader.engines.registry import engine_of
from airflow_dm_loader.errors import LoaderError
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.logs import visible_log
from airflow_dm_loader.phases import existing, guarding, programs, schema_changes, swapping
from airflow_dm_loader.phases.drafting import Drafting
from airflow_dm_loader.phases.foreign import naming_the_rest
from airflow_dm_loader.plan.load_plan import LoadPlan
from airflow_dm_loader.report import Finding
from airflow_dm_loader.run import LoadRun
from airflow_dm_loader.state import files, findings, indexes, lacking_columns, loads, swaps
from airflow_dm_loader.state.files import TableRow
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.creation import CreationSummary, SchemaCreator
from airflow_dm_loader.target.drafts import SchemaDraft
from airflow_dm_loader.target.sequences import create_sequences
from airflow_dm_loader.target.unreadable_views import unreadable_views

_log = visible_log(__name__)


def create_tables(run: LoadRun, *, by_hand: bool = False) -> dict[str, object]:
    """Create the databases, tables and views that are missing, and note what each table was like before.

    Args:
        by_hand: a person cleared the task: what the guard has shown to an earlier try of this run is accepted.

    Returns:
        Names under ``created``, ``existing``, ``views``, ``not_empty``; sentences under ``warnings``; counts under
        ``not_loaded``.

    Raises:
        TargetError: the target can't take this load; nothing was created.
        UnlikeLastLoadError: rows would be deleted for a dump that brings far less; see the setting ``guard``.
    """
    config = run.config
    engine = engine_of(config)
    if engine.makes_tables:
        return engine.note_tables(run)
    dump = run.open_dump()
    with run.open_stored(dump) as (meta, load):
        if swapping.is_over(meta, config):  # there is nothing to make ready, and nothing to send any more
            return {"created": [], "existing": [], "views": [], "not_empty": [], "warnings": [], "not_loaded": {}}
        dump = dump.at(meta)
        plan = dump.plan
        drafting = Drafting.at(meta.db, config, dump.read_schema)

        def open_database() -> Database:
            return Database.open(run.target, session=drafting.session, stop=run.stop.is_set)

        with open_database() as db:
            if config.swaps:
                swapping.begin(run, dump, meta, db, drafting.server)
            made: dict[str, Any] = dict(load.notes)
            known = {row.key for row in files.list_tables(meta, load.load_id)}
            known |= {TableName(schema, name) for schema, name in made.get("sequences", ())}
            recreated = existing.to_recreate(meta, config, plan)
            left_out = lacking_columns.left_out(load.notes)
            with naming_the_rest(open_database, drafting, plan):
                draft = drafting.draft(db, plan, known, swapping.round_tables(meta, config), recreated, left_out)
            swapping.refuse_sequences(config, draft)
            asked = programs.read(dump, drafting.server)
            needs = (
                *engine.privileges(run, plan, db),
                *swapping.needs(config, plan, db, swaps.former_tables(meta), triggers=drafting.server.can.programs),
                *programs.needs(db, drafting.server, config, asked),
            )
            with naming_the_rest(open_database, drafting, plan):
                warnings = drafting.check(db, plan, draft, needs)
            known_objects = programs.check(db, drafting.server, config, asked)
        held = existing.look(meta, config, plan, draft, load.load_id)
        guarding.hold_before_rows(run, dump, meta, load, held, by_hand=by_hand)
        warnings = (
            *plan.warnings,
            *schema_changes.in_words(draft),
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
        creator = SchemaCreator(open_database, drafting.sessions, transactions=drafting.transactions)
        ours = {f"{schema}.{table}" for schema, table in known}
        creator.create_databases(draft.databases)
        if config.swaps:
            with Database.open(run.target, session=drafting.session) as db:
                swapping.make_mark(meta, config, db)
        waiting = {table.planned.key: table.indexes for table in draft.tables}
        indexes.register_indexes(meta, load.load_id, waiting)
        there = {table.planned.key for table in draft.tables if table.exists}
        indexes.adopt_indexes(meta, load.load_id, there)
        ttl_off = {found.planned.key for found in draft.tables if found.ttl_off}
        notes: dict[str, Any] = dict(load.notes)
        ttl_off |= {TableName(schema, table) for schema, table in notes.get("ttl_off", ())}
        sequences = sorted({*map(tuple, notes.get("sequences", ())), *_missing_sequences(draft)})
        notes |= {"sequences": sequences} if sequences else {}
        notes.setdefault("objects_before", known_objects)  # the first look counts
        notes = schema_changes.noted(notes, draft) | dict(engine.remember(run, meta, load, plan))
        notes |= {"target_warnings": list(warnings)} | ({"ttl_off": sorted(ttl_off)} if ttl_off else {})
        loads.update_notes(meta, load.load_id, notes)
        meta.db.commit()  # written down before they are left out
        texts = {str(file.key) for file in plan.files if file.source.kind is not PARQUET}
        parsed = [(table.name, table.parsed) for table in draft.tables if table.parsed is not None]
        found = tool_losses(parsed, exact={name for name, _ in parsed} - texts)
        findings.keep(meta, load.load_id, "create_tables", found)
        meta.db.commit()
        with open_database() as db:
            existing.drop_tables(Meta(db, config.state.meta_schema), config, recreated)
            says_next = drafting.server.can.setval_says_next
            create_sequences(db, draft.sequences, says_next=says_next)
        try:
            new = {table.planned.key for table in draft.tables if not table.exists}
            with naming_the_rest(open_database, drafting, plan, new):
                at_once = max(config.work.pool_size, drafting.server.can.creates_at_once)
                prepared = creator.create_tables(draft.tables, at_once)
        except LoaderError:  # tables that are made by now are not made again, and nothing is said of them twice
            with suppress(LoaderError):
                _keep_warnings(meta, load.load_id, creator.summary, plan)
                meta.db.commit()
            raise
        load = existing.take_tables(meta, config, load, plan, draft)
        loads.lock(meta, load.load_id)
        schema_changes.keep_added(meta, load.load_id, notes, draft)
        _keep_warnings(meta, load.load_id, creator.summary, plan)
        warnings = (*warnings, *_told_lacking(creator.summary, plan))
        files.register_tables(meta, load.load_id, [TableRow(*table) for table in prepared])
        meta.db.commit()
        if not config.swaps:  # their tables may not be there yet
            later = programs.later_views(draft.views, asked)
            creator.create_views(tuple(view for view in draft.views if view not in later))
            waiting_views = [view.planned for view in draft.views if view in later]
            with open_database() as db:
                found = unreadable_views(db, [view for view in plan.views if view not in waiting_views])
                findings.keep(meta, load.load_id, "views", found)
            meta.db.commit()
    summary = creator.summary
    return {
        "created": summary.created,
        "existing": summary.existing,
        "views": summary.views,
        "not_empty": [name for name in summary.not_empty if name not in ours],
        "warnings": list(warnings),
        "not_loaded": plan.not_loaded,
    }


def _missing_sequences(draft: SchemaDraft) -> set[TableName]:
    return {one.planned.key for one in draft.sequences if not one.exists}


def _keep_warnings(meta: Meta, load_id: int, summary: CreationSummary, plan: LoadPlan) -> None:
    """What the server said of each CREATE TABLE is a finding."""
    names = _as_readers_know_them(plan)
    findings.add(
        meta,
        load_id,
        "each CREATE TABLE",  # kept where the phase is repeated, which makes no table twice
        (
            Finding(kind="create_warning", table=names.get(name, name), text=f"CREATE TABLE: {text}")
            for name, texts in sorted(summary.warned.items())
            for text in texts
        ),
    )


def _told_lacking(summary: CreationSummary, plan: LoadPlan) -> Iterator[str]:
    """What tables came out without, said before the first row; verify finds it too."""
    names = _as_readers_know_them(plan)
    for name, parts in sorted(summary.lacking.items()):
        warning = f"{names.get(name, name)}: lacks what the dump's CREATE TABLE has: {', '.join(parts)}"
        _log.warning("%s", warning)
        yield warning


def _as_readers_know_them(plan: LoadPlan) -> dict[str, str]:
    """The tables of a plan by the names that they have now -> by those that they will have in the end."""
    return {table.name: str(table.home) for table in plan.tables}


def build_indexes(run: LoadRun) -> dict[str, object]:
    """Build the indexes that tables were created without, where the import has not built them already.

    Returns:
        ``tables``: how many tables got theirs here.

    Raises:
        LoadInterruptedError: the run was stopped, and with it the sessions in the server.
        CheckpointError: a table that waits for its indexes has not all its rows yet.
    """
    return {"tables": engine_of(run.config).build_indexes(run)}
