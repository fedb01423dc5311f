"""The end of a load that swaps: its last source renames all tables of the round by one statement, and tidies up."""

from __future__ import annotations

from airflow_dm_loader.coordination.base import BarrierState, Coordination
from airflow_dm_loader.errors import CheckpointError
from airflow_dm_loader.logs import visible_log
from airflow_dm_loader.phases import rebuilding
from airflow_dm_loader.phases.drafting import Drafting
from airflow_dm_loader.phases.live import look
from airflow_dm_loader.plan.load_plan import LoadPlan
from airflow_dm_loader.report import some_of
from airflow_dm_loader.run import LoadRun
from airflow_dm_loader.state import swaps
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.state.swaps import Round, SwapTable
from airflow_dm_loader.target import swap
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.creation import SchemaCreator
from airflow_dm_loader.target.live_tables import LiveLook
from airflow_dm_loader.target.server import Server
from airflow_dm_loader.target.unreadable_views import unreadable_views

_log = visible_log(__name__)


def finish(run: LoadRun, meta: Meta, coordination: Coordination) -> str:
    """Swap the round's tables in, if all its sources have come so far; what was done, in words.

    Raises:
        TargetError: something hangs on a live table by now that the swap would take away.
        CheckpointError: a live table was changed since it was looked at, or a source is waited for that takes no part;
            nothing was renamed.
        RetriableError: readers hold the tables; nothing was renamed.
    """
    config, source = run.config, run.config.what.source_id
    if not config.swaps:
        return ""
    found = swaps.current(meta, config.what.task_name, source)
    if found.state == swaps.OPEN:
        ready = swaps.set_ready(meta, found.token, source, ready=True)
        meta.db.commit()
        waits_for = [other for other in coordination.expected(coordination.states()) if other not in ready]
        if waits_for:
            check_sources(meta, coordination, found)
            return "the tables are filled and compared, and go live with the last source: " + ", ".join(waits_for)
        _swap_in(run, meta, found)
    else:  # an attempt that was killed may have left this
        _drop_if_empty(meta, meta.db, found)
    return _told(meta, found)


def check_sources(meta: Meta, coordination: Coordination, found: Round) -> None:
    """Refuse a swap that would never happen, since a source that is waited for takes no part in it.

    Raises:
        CheckpointError: one has come so far without: by other settings, from another meta schema, or as DM's own.
    """
    said = coordination.states()
    missing = coordination.missing_in(said, BarrierState.READY)
    inside = {*swaps.sources(meta, found.token), *missing}
    given_up = {swaps.ABANDONED, swaps.GONE}  # it has to begin anew, and is told so itself
    apart = [
        source
        for source in coordination.expected(said)
        if source not in inside
        and ((last := swaps.find(meta, found.task_name, source)) is None or last.state not in given_up)
    ]
    if apart:
        raise CheckpointError(
            f"the tables would never be swapped in: sources of the load task {found.task_name!r} that are waited for "
            f"do not fill them beside the live ones: {some_of(apart, 5)}",
            remedy="Load every source of the task with on_existing_rows=swap and the same meta_schema, none of them by "
            "DM; then clear the failed task.",
        )


def _swap_in(run: LoadRun, meta: Meta, found: Round) -> None:
    tables = swaps.tables(meta, found.token)
    dump = run.open_dump()  # of its views
    drafting = Drafting.at(meta.db, run.config, dump.read_schema)
    with Database.open(run.target, session=drafting.session) as db:
        if not swap.has_happened(db, found.marks):
            _rename(run, meta, db, drafting.server, found, tables)
        rebuilding.make_again(meta, db, found)
        views = drafting.draft(db, LoadPlan(dump.plan.databases, (), dump.plan.views, ())).views
        creator = SchemaCreator(
            lambda: Database.open(run.target, session=drafting.session), drafting.sessions, transactions=False
        )
        creator.create_views(views)
        for finding in unreadable_views(db, dump.plan.views):
            _log.warning("%s", finding)
        settle(meta, db, found, keep=run.config.tables.keep_previous)


def _rename(
    run: LoadRun, meta: Meta, db: Database, server: Server, found: Round, tables: tuple[SwapTable, ...]
) -> None:
    """Nothing else is between the last look at the live tables and the statement."""
    if swap.has_happened(db, found.marks) is None:
        raise CheckpointError(
            "the tables that were filled can't be swapped in: their mark is gone",
            remedy="Set remove_meta, and trigger again: they are filled anew.",
        )
    rebuild = run.config.tables.swap_rebuild
    former = swaps.former_tables(meta)
    swap.check_replaceable(db, [table.live for table in tables], former, rebuild=rebuild)
    if rebuild:
        rebuilding.prepare(meta, db, found, {table.live: table.shadow for table in tables}, former)
    for schema in sorted({table.former[0] for table in tables} | {found.marks[1][0]}):
        if schema not in {table.live[0] for table in tables}:
            swap.make_schema(db, schema, like=schema)
    for (_, live), text in sorted(swaps.looks(meta, found.token, "compared").items()):
        if changes := list(LiveLook.from_json(text).changes(look(db, server, live))):
            raise CheckpointError(
                f"others changed the table since it was looked at: {'; '.join(changes)}",
                table=str(live),
                remedy="Clear checksum: it looks again, and asks whether the change may be lost with the swap.",
            )
    there = [table for table in tables if swap.is_there(db, table.live)]
    renames = [(table.live, table.former) for table in there] + [(table.shadow, table.live) for table in tables]
    rebuilding.swap_between(meta, db, run.target, found, found.marks, renames)


def settle(meta: Meta, db: Database, found: Round, *, keep: int) -> None:
    """Once the swap has happened, whoever did it: tidy up, and write that down last, so that a retry does it again.

    Args:
        keep: how many former tables of each table stay.
    """
    tables = swaps.tables(meta, found.token)
    former = {table.live: swaps.KEPT if swap.is_there(db, table.former) else swaps.NONE for table in tables}
    swaps.set_former(meta, found.token, former)
    meta.db.commit()
    swap.drop(db, (), own_schemas(found, tables, "new"))
    _drop_older(meta, db, found, tables, keep)
    swaps.set_state(meta, found.token, swaps.SWAPPED)
    meta.db.commit()
    _drop_if_empty(meta, db, found)


def _drop_older(meta: Meta, db: Database, newest: Round, tables: tuple[SwapTable, ...], keep: int) -> None:
    """Drop former tables beyond ``keep`` of each table, and the marks and schemas of rounds that have none left."""
    touched: dict[str, Round] = {}
    for live, known in swaps.of_tables(meta, [table.live for table in tables], newest.token).items():
        kept = [(found, table) for found, table in known if table.former_state == swaps.KEPT]
        for found, table in kept[keep:]:
            swap.drop(db, [table.former])
            swaps.set_former(meta, found.token, {live: swaps.DROPPED})
            meta.db.commit()
            touched[found.token] = found
    for found in touched.values():
        if found.token != newest.token:  # whose mark is needed until it is written down as swapped in
            _drop_if_empty(meta, db, found)


def _drop_if_empty(meta: Meta, db: Database, found: Round) -> None:
    """Drop the mark and the schemas of a round that was swapped in, and has no former table."""
    tables = swaps.tables(meta, found.token)
    if not any(table.former_state == swaps.KEPT for table in tables):
        swap.drop(db, [found.marks[1]], own_schemas(found, tables, "old"))


def drop_shadows(meta: Meta, db: Database, found: Round) -> None:
    """Drop the mark and the tables that a round filled."""
    tables = swaps.tables(meta, found.token)
    mark = [found.marks[0]] if found.mark_schema else []
    swap.drop(db, [*mark, *(table.shadow for table in tables)], own_schemas(found, tables, "new"))


def _told(meta: Meta, found: Round) -> str:
    tables = swaps.tables(meta, found.token)
    kept = [str(table.former) for table in tables if table.former_state == swaps.KEPT]
    former = f"; former ones: {some_of(kept, 3)}" if kept else ""
    return f"{len(tables)} tables were swapped in by one statement{former}"


def own_schemas(found: Round, tables: tuple[SwapTable, ...], which: str) -> list[str]:
    """The schemas that the round has made for itself."""
    if found.beside:
        return []
    live = {table.live[0] for table in tables} | ({found.mark_schema} if found.mark_schema else set())
    return sorted(found.shadows.schema(schema, which) for schema in live)
