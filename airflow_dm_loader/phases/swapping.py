"""Tables that are filled beside the live ones and swapped in: the parts of the phases that do it.

``prepare_checkpoint`` joins the round, ``create_tables`` looks at the live tables and makes room, the checksum step
looks at them again, and the ``finish`` of the last source renames all of the round's tables by one statement.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.dump.inventory import DumpInventory
from airflow_dm_loader.errors import TargetError
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.logs import visible_log
from airflow_dm_loader.phases import rebuilding
from airflow_dm_loader.phases.live import look
from airflow_dm_loader.phases.swap_in import check_sources, drop_shadows, settle
from airflow_dm_loader.plan.load_plan import LoadPlan, PlannedTable
from airflow_dm_loader.plan.shadows import Shadows, grant_pattern
from airflow_dm_loader.run import Dump, LoadRun
from airflow_dm_loader.state import chunks, loads, rebuilds, swaps
from airflow_dm_loader.state.events import Worker
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.state.registration import starts_afresh
from airflow_dm_loader.state.swaps import Round
from airflow_dm_loader.target import live_tables, swap
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.drafts import SchemaDraft
from airflow_dm_loader.target.hanging import foreign_keys_from_outside
from airflow_dm_loader.target.needed_privileges import Need, check_privileges, has_foreign_key
from airflow_dm_loader.target.privileges import ask_privileges
from airflow_dm_loader.target.server import Server

_log = visible_log(__name__)
_TRIAL = "00000000"  # a round that does not begin, for what is looked at before one does


def trial(config: LoadConfig, dump: Dump, server: Server) -> Dump:
    """The dump with names like those that a round will have: for checks before there is one."""
    if not config.swaps:
        return dump
    return Dump(dump.config, dump.storage, dump.inventory, Shadows(_TRIAL, beside=not server.can.swaps_across_schemas))


def join_round(
    meta: Meta, config: LoadConfig, inventory: DumpInventory, worker: Worker, server: Server
) -> Round | None:
    """The round of a load that is just being registered, in that transaction; None: it does not swap."""
    if not config.swaps:
        return None
    stored = loads.find(meta, config, for_update=True)
    resumes = stored is not None and not starts_afresh(meta, config, inventory, stored, worker)
    return swaps.join(
        meta,
        config.what.task_name,
        config.what.source_id,
        resumes=resumes,
        had_rows=stored is not None and bool(chunks.committed_files(meta, stored.load_id)),
        may_abandon=config.state.remove_meta,
        beside=not server.can.swaps_across_schemas,
    )


def needs(
    config: LoadConfig,
    plan: LoadPlan,
    db: Database | None = None,
    former: Collection[TableName] = (),
    *,
    triggers: bool,
) -> Iterator[Need]:
    """The privileges to fill tables beside the live ones, to swap them in, and to drop the former ones.

    Args:
        db: a connection to ask for foreign keys that would be rebuilt; None: they are not looked at yet.
        former: tables that earlier swaps replaced.
        triggers: the server has them.
    """
    if not config.swaps:
        return
    for table in plan.tables:
        schema, name = table.home
        pattern = grant_pattern(schema)
        if table.schema != schema:
            for right in ("CREATE", "SELECT", "INSERT", "ALTER", "DROP"):
                yield Need(right, table.schema, granted_on=pattern)
        for right in ("ALTER", "DROP", "CREATE", "INSERT", "SELECT"):
            yield Need(right, schema, name)
        if config.tables.swap_rebuild and triggers:
            yield Need("TRIGGER", schema, name)
            yield Need("TRIGGER", table.schema, granted_on=pattern)
    if config.tables.swap_rebuild and db is not None:
        yield from rebuilding.needs(foreign_keys_from_outside(db, [table.home for table in plan.tables], former))


def round_tables(meta: Meta, config: LoadConfig) -> dict[TableName, TableName]:
    """live -> shadow, of all sources of the load's round; none where it does not swap."""
    if not config.swaps:
        return {}
    found = swaps.current(meta, config.what.task_name, config.what.source_id)
    return {table.live: table.shadow for table in swaps.tables(meta, found.token)}


def check_can_swap(
    db: Database,
    server: Server,
    plan: LoadPlan,
    live: Mapping[TableName, object],
    former: Collection[TableName] = (),
    *,
    rebuild: bool = False,
) -> None:
    """Refuse, by name, what can't be swapped in.

    Args:
        live: the live tables of the whole round.
        former: tables that earlier swaps replaced.
        rebuild: the setting ``swap_rebuild``.

    Raises:
        TargetError: the server, a table of the dump, or what hangs on a live table.
    """
    if (obstacle := server.can.swap_obstacle) is not None:
        raise TargetError(
            f"on_existing_rows=swap can't be used at {server}: {obstacle}",
            remedy="Use a newer server, or on_existing_rows=truncate.",
        )
    for table in plan.tables:
        if table.schema_file is None:
            raise TargetError(
                "on_existing_rows=swap makes a new table by the dump's CREATE TABLE, and the dump has none of it",
                table=str(table.home),
                remedy="Dump the schema too, or use on_existing_rows=truncate.",
            )
    swap.check_replaceable(db, live.keys() | {table.home for table in plan.tables}, former, rebuild=rebuild)


def refuse_sequences(config: LoadConfig, draft: SchemaDraft) -> None:
    """A sequence is named in the defaults of tables that may not be of this load."""
    for table in draft.tables if config.swaps else ():
        if table.parsed is not None and table.parsed.is_sequence:
            raise TargetError(
                "on_existing_rows=swap can't replace it: it is a sequence",
                table=str(table.planned.home),
                remedy="Leave it out with block_allow_list, and create it by hand.",
            )


def in_words(db: Database, config: LoadConfig, plan: LoadPlan, former: Collection[TableName] = ()) -> str:
    """What the swap will do and the space that it needs, in one line."""
    from humanize import naturalsize

    live = [table.home for table in plan.tables]
    there = [table for table in live if swap.is_there(db, table)]
    taken = live_tables.space_bytes(db, there)
    kept = config.tables.keep_previous
    places = sorted({table.schema for table in plan.tables})
    rebuilt = rebuilding.in_words(db, there, former) if config.tables.swap_rebuild else ""
    return (
        f"on_existing_rows=swap: {len(live)} tables are filled in {', '.join(places[:3])}"
        f"{' and others' if len(places) > 3 else ''}, compared there, and put in place by one RENAME TABLE, "
        f"{len(there)} of them for tables that exist; beside those, which take {naturalsize(taken, binary=True)}, the "
        f"new ones need room for {naturalsize(plan.file_bytes, binary=True)} of data files and their indexes, and "
        f"{kept} generation{'' if kept == 1 else 's'} of former tables stay{'s' if kept == 1 else ''} (keep_previous)"
        + (f"; {rebuilt}" if rebuilt else "")
    )


def live_names(db: Database, plan: LoadPlan) -> set[str]:
    """The live tables of a plan that exist, as ``schema.table``."""
    return {str(table.home) for table in plan.tables if swap.is_there(db, table.home)}


def begin(run: LoadRun, dump: Dump, meta: Meta, db: Database, server: Server) -> None:
    """Before shadows are made: refuse what can't be, give up what earlier rounds left, look at the live tables.

    Args:
        db: a connection for DDL.
    """
    _check_references(dump, db, server)
    what = run.config.what
    found = swaps.current(meta, what.task_name, what.source_id)
    with run.coordination(meta) as coordination:
        check_sources(meta, coordination, found)
    tables = swaps.tables(meta, found.token)
    live = {table.live: table.shadow for table in tables}
    rebuild = run.config.tables.swap_rebuild
    check_can_swap(db, server, dump.plan, live, swaps.former_tables(meta), rebuild=rebuild)
    clear_abandoned(meta, db, task_name=what.task_name, keep=run.config.tables.keep_previous)
    mine = swaps.tables(meta, found.token, source_id=what.source_id)
    known = {table for source, table in swaps.looks(meta, found.token, "seen") if source == what.source_id}
    looks = {table.live: look(db, server, table.live) for table in mine if table.live not in known}
    swaps.keep_looks(
        meta, found.token, what.source_id, "seen", {table: found.to_json() for table, found in looks.items()}
    )
    meta.db.commit()
    for table in tables:
        if table.shadow[0] != table.live[0]:
            swap.make_schema(db, table.shadow[0], like=table.live[0])
    if found.marks[0][0] != found.mark_schema:
        swap.make_schema(db, found.marks[0][0], like=found.mark_schema)
    _log.info("%s", in_words(db, run.config, dump.plan, swaps.former_tables(meta)))


def _check_references(dump: Dump, db: Database, server: Server) -> None:
    """The privilege that only schema files tell of; they are read for it where the account lacks it.

    Raises:
        TargetError: it lacks it where a table has a foreign key.
    """
    privileges = ask_privileges(db, server)
    if privileges is None:
        return
    lacking = [table for table in dump.plan.tables if not privileges.allows("REFERENCES", table.schema)]
    referring = (table for table in lacking if table.schema_file and has_foreign_key(_create(dump, table)))
    needs = (Need("REFERENCES", table.schema, granted_on=grant_pattern(table.home[0])) for table in referring)
    check_privileges(privileges, needs)


def _create(dump: Dump, table: PlannedTable) -> str:
    assert table.schema_file is not None
    return dump.read_schema(table.schema_file).create.decode("utf-8", "surrogateescape")


def make_mark(meta: Meta, config: LoadConfig, db: Database) -> None:
    """Once the schemas are there: from now on the round can be swapped in, by who has compared and accepted it."""
    found = swaps.current(meta, config.what.task_name, config.what.source_id)
    swap.make_mark(db, found.marks[0])


def clear_abandoned(meta: Meta, db: Database, *, task_name: str, keep: int) -> None:
    """Drop what rounds that were given up have left: the mark first, so that no attempt of theirs can swap any more."""
    mine = {
        table.live
        for found in swaps.rounds(meta, task_name=task_name, states=[swaps.OPEN])
        for table in swaps.tables(meta, found.token)
    }
    _end_restoring(meta, db)
    for found in swaps.rounds(meta, states=[swaps.RESTORED]):  # what was put back is being replaced anew
        if not mine.isdisjoint(table.live for table in swaps.tables(meta, found.token)):
            drop_shadows(meta, db, found)
            swaps.set_state(meta, found.token, swaps.GONE)
            meta.db.commit()
    for found in swaps.rounds(meta, task_name=task_name, states=[swaps.ABANDONED]):
        if found.mark_schema and swap.has_happened(db, found.marks):
            rebuilding.make_again(meta, db, found)
            settle(
                meta, db, found, keep=keep
            )  # a frozen attempt woke up before the mark was dropped: what it had was accepted
            continue
        rebuilding.make_again(meta, db, found)
        drop_shadows(meta, db, found)
        swaps.set_state(meta, found.token, swaps.GONE)
        meta.db.commit()


def _end_restoring(meta: Meta, db: Database) -> None:
    """Make again what a ``restore_previous`` has taken away that died, and that nobody has repeated."""
    waiting = rebuilds.tokens(meta)
    for found in swaps.rounds(meta, states=[swaps.SWAPPED, swaps.RESTORED]) if waiting else ():
        if found.token in waiting:
            rebuilding.make_again(meta, db, found)


def is_over(meta: Meta, config: LoadConfig) -> bool:
    """Whether the load's tables are swapped in: readers may have changed them since, so there is no more to compare."""
    if not config.swaps:
        return False
    found = swaps.current(meta, config.what.task_name, config.what.source_id)
    return found.state != swaps.OPEN or bool(swap.has_happened(meta.db, found.marks))


def places_now(meta: Meta, config: LoadConfig) -> dict[TableName, TableName]:
    """shadow -> live, once the round is swapped in."""
    return {shadow: live for live, shadow in round_tables(meta, config).items()} if is_over(meta, config) else {}
