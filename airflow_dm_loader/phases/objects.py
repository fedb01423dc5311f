"""The parts of phases that are about triggers, routines and events: read, looked for, made, compared, switched on.

An object that exists and is the dump's stays as it is: so a phase can be repeated whole, and whoever was killed between
two of them goes on behind the first. What this load made is told from what was there before by its notes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

from airflow_dm_loader.config import Mode
from airflow_dm_loader.engines.base import check_all_is_loaded
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.logs import visible_log
from airflow_dm_loader.objects import making
from airflow_dm_loader.objects.kinds import EVENT, TRIGGER, ObjectsPart, SchemaObject
from airflow_dm_loader.objects.making import Making
from airflow_dm_loader.phases import programs
from airflow_dm_loader.phases.drafting import Drafting
from airflow_dm_loader.report import Finding, some_of
from airflow_dm_loader.run import Dump, LoadRun
from airflow_dm_loader.state import files, findings, loads
from airflow_dm_loader.state.loads import Load
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.creation import SchemaCreator
from airflow_dm_loader.target.drafts import ViewDraft
from airflow_dm_loader.target.schema import existing_tables
from airflow_dm_loader.target.server import Server, ask_server
from airflow_dm_loader.target.unreadable_views import unreadable_views

_log = visible_log(__name__)
_SHOWN = 5


def create_objects(run: LoadRun) -> dict[str, object]:
    """Make the routines, the views that call them, the events (off) and, last, the triggers that the dump has.

    All rows and indexes must be in. What exists stays as it is.

    Returns:
        ``made``: names; ``views``: those that were made here.

    Raises:
        TargetError: the server refuses one; what was made stays, and a clear goes on behind it.
        CheckpointError: the import has not ended.
    """
    config = run.config
    if not config.tables.objects.loaded:
        return {"made": [], "views": []}
    dump = run.open_dump()
    with run.open_stored(dump) as (meta, load):
        check_all_is_loaded(meta, load)
        drafting = Drafting.at(meta.db, config, dump.read_schema)
        asked = programs.read(dump, drafting.server)
        ours = [[one.kind.word, one.schema, one.name] for one in asked.load]
        loads.update_notes(meta, load.load_id, {**load.notes, "objects_made": ours})
        meta.db.commit()
        made: list[str] = []
        with Database.open(run.target, session=drafting.session, stop=run.stop.is_set) as db:
            creator = SchemaCreator(
                lambda: Database.open(run.target, session=drafting.session, stop=run.stop.is_set),
                drafting.sessions,
                transactions=drafting.transactions,
            )
            how = programs.making_of(db, config)
            routines = [found for found in asked.load if found.kind.part is ObjectsPart.ROUTINES]
            warned: dict[str, list[str]] = {}
            _make(db, how, routines, made, warned)
            views = _missing_views(db, dump)
            creator.create_views(views)
            unreadable = tuple(unreadable_views(db, [view.planned for view in views]))
            _make(db, how, [found for found in asked.load if found not in routines], made, warned)
        said = [*unreadable]
        said += [
            Finding(kind="create_warning", text=f"CREATE of {some_of(names, _SHOWN)}: {text}")
            for text, names in warned.items()
        ]
        if config.what.mode is Mode.ALL and (off := [str(found) for found in asked.load if found.is_enabled]):
            text = f"events stay off, since replication follows (mode all): {some_of(off, _SHOWN)}"
            said.append(Finding(kind="events_off", text=text))
        findings.keep(meta, load.load_id, "create_objects", said)
        notes = {**load.notes, "objects_made": ours, "objects_whole": asked.whole}
        loads.update_notes(meta, load.load_id, notes)
        meta.db.commit()
    return {"made": made, "views": creator.summary.views}


def _make(
    db: Database, how: Making, objects: Collection[SchemaObject], made: list[str], warned: dict[str, list[str]]
) -> None:
    """Make those that are missing. ``warned``: what the server says -> of which."""
    known = set(map(str, making.there(db, objects)))
    for found in objects:
        if str(found) not in known:
            for text in how.make(db, found):
                warned.setdefault(text, []).append(str(found))
            made.append(str(found))
            _log.info("Made: %s", found)


def _missing_views(db: Database, dump: Dump) -> tuple[ViewDraft, ...]:
    there = {schema: existing_tables(db, schema) for schema in {view.schema for view in dump.plan.views}}
    return tuple(
        ViewDraft(view, dump.read_schema(view.schema_file))
        for view in dump.plan.views
        if view.view not in there[view.schema]
    )


def compare(run: LoadRun, dump: Dump, meta: Meta, server: Server) -> Iterator[Finding]:
    """What of the dump's objects the target lacks, or has otherwise; but for who defined them."""
    if not run.config.tables.objects.loaded:
        return
    asked = programs.read(dump, server)
    unseen: list[str] = []
    there = set(map(str, making.there(meta.db, asked.load)))
    for found in asked.load:
        if str(found) not in there:
            yield Finding(
                kind="missing_object", text=f"the {found} is not in the target", pauses=not _has_passed(found)
            )
        elif (made := making.shown(meta.db, found)) is None:
            unseen.append(str(found))
        else:
            for text in making.differences(found, made, run.config.tables.collation_map):
                yield Finding(kind="other_definition", text=f"the {found} says {text}")
    if unseen:
        yield Finding(
            kind="objects_not_compared",
            text="not compared with the dump, since the account may not see their text (SHOW_ROUTINE on MySQL, SELECT "
            f"on mysql.proc on MariaDB): {some_of(unseen, _SHOWN)}",
        )


def _has_passed(found: SchemaObject) -> bool:
    """Whether it is an event for one moment: servers drop it, and say so when it is made."""
    return found.kind is EVENT and found.sql.split(None, 3)[2:3] == ["AT"]


def switch_on(run: LoadRun, meta: Meta, load: Load) -> None:
    """Switch the load's own events on, once it is accepted; with mode all they stay off."""
    if ObjectsPart.EVENTS not in run.config.tables.objects.loaded or run.config.what.mode is Mode.ALL:
        return
    server = ask_server(meta.db)
    notes: dict[str, Any] = dict(load.notes)
    before = set(notes.get("objects_before", ()))
    ours = [
        found for found in programs.read(run.open_dump(), server).load if found.is_enabled and str(found) not in before
    ]
    if ours:
        with Database.open(run.target) as db:
            how = programs.making_of(db, run.config)
            for found in ours:
                how.switch_on(db, found)


def counts(load: Load) -> dict[str, int]:
    """kind -> how many objects the load made or found as the dump has them."""
    notes: dict[str, Any] = dict(load.notes)
    return dict(Counter(word.lower() for word, _, _ in notes.get("objects_made", ())))


def take_back_triggers(run: LoadRun) -> None:
    """Drop the triggers that this load made, where more rows are to come: they would run for each of these.

    They are made again once those are in.
    """
    if ObjectsPart.TRIGGERS not in run.config.tables.objects.loaded:
        return
    with run.open_stored() as (meta, load):
        notes: dict[str, Any] = dict(load.notes)
        before = set(notes.get("objects_before", ()))
        waiting = any(not row.done for row in files.list_files(meta, load.load_id))
        for word, schema, name in notes.get("objects_made", ()) if waiting else ():
            if word == TRIGGER.word and f"{TRIGGER} {schema}.{name}" not in before:
                meta.db.execute(f"DROP TRIGGER IF EXISTS {TableName(schema, name).quoted}")
