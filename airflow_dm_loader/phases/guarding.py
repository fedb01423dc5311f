"""The guard against the last load: before a swap by what came in, before rows are deleted by the dump's own counts."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from airflow_dm_loader.config import LoadConfig, OnConflict
from airflow_dm_loader.errors import ConfigError, UnlikeLastLoadError
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.logs import visible_log
from airflow_dm_loader.phases.existing import ExistingRows
from airflow_dm_loader.report import Finding, some_of
from airflow_dm_loader.rules.guard import Guard
from airflow_dm_loader.run import Dump, LoadRun
from airflow_dm_loader.state import events, files, findings, history, swaps
from airflow_dm_loader.state.events import EventKind
from airflow_dm_loader.state.history import Brought
from airflow_dm_loader.state.loads import Load
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.state.swaps import Round
from airflow_dm_loader.target.live_tables import LiveLook
from airflow_dm_loader.verify.conclusion import Findings
from airflow_dm_loader.verify.counts import Counts
from airflow_dm_loader.verify.guard import Before, judge

_log = visible_log(__name__)
_SHOWN = 3
_WITH_HISTORY = 7  # the version of the meta schema that has it


def with_guard(run: LoadRun, dump: Dump, meta: Meta, load: Load, found: Findings) -> Findings:
    """Before a swap: what came in, beside what the last load brought; tables go by the names that readers know."""
    config, plan = run.config, dump.plan
    guard = config.guard_rules
    if guard is None or dump.shadows is None:
        return found
    round_ = swaps.current(meta, config.what.task_name, config.what.source_id)
    homes = {str(table.home): table.home for table in plan.tables}
    now = {homes[table.table]: table.rows for table in found.tables if table.table in homes}
    carried = {table.live for table in swaps.tables(meta, round_.token)}
    judged = _judge(meta, config, guard, now, _live_rows(meta, round_), carried, load.load_id, round_.token)
    return replace(found, found=(*found.found, *judged))


def hold_before_rows(
    run: LoadRun, dump: Dump, meta: Meta, load: Load, held: Iterable[ExistingRows], *, by_hand: bool
) -> None:
    """Before a row is deleted: what the dump says that it brings, beside what the last load brought.

    Args:
        held: tables with rows that no load of this task brought.
        by_hand: a person cleared the task, and so accepts what an earlier try of this run has shown.

    Raises:
        UnlikeLastLoadError: nobody has accepted it yet; nothing was created or deleted.
        ConfigError: the dump does not count its rows.
    """
    config = run.config
    guard = config.guard_rules
    if guard is None or config.swaps or load.status != "init":
        return
    now = counted(guard, config, dump)
    carried = {*(table.home for table in dump.plan.tables), *files.other_sources(meta, config)}
    judged = _judge(meta, config, guard, now, _held_rows(held), carried, load.load_id)
    findings.keep(meta, load.load_id, "guard", (one.model_copy(update={"pauses": False}) for one in judged))
    pausing = [one for one in judged if one.pauses]
    if pausing:
        _need_a_word(run, meta, load, pausing, by_hand=by_hand)
    meta.db.commit()


def foretell(
    meta: Meta, config: LoadConfig, dump: Dump, live: Mapping[TableName, int], load_id: int | None
) -> tuple[str, ...]:
    """For a dry run: what the guard knows of each table, and what would pause the load, a sentence each.

    Args:
        live: table -> rows that it holds, where that is known.

    Raises:
        ConfigError: the dump does not count its rows, and the guard would have to know them before the first one.
    """
    guard = config.guard_rules
    if guard is None:
        return ()
    now = _counts(dump) if config.swaps else counted(guard, config, dump)
    tables = [table.home for table in dump.plan.tables]
    known = history.last(meta, config, tables, load_id=load_id) if keeps_history(meta) else {}
    lines = [
        f"guard: {table}: {_told(known[table])} {known[table].rows:,} rows"
        if table in known
        else f"guard: {table}: no former load of it is known"
        + (f", and it holds {live[table]:,} rows" if live.get(table) else "")
        for table in tables
    ]
    judged = _judge(meta, config, guard, now, live, tables, load_id) if keeps_history(meta) else []
    return (*lines, *(f"guard: would pause the load: {one}" for one in judged if one.pauses))


def counted(guard: Guard, config: LoadConfig, dump: Dump) -> dict[TableName, int]:
    """table -> the rows that the dump says it brings.

    Raises:
        ConfigError: it does not say it of each table.
    """
    found = _counts(dump)
    unknown = [table.name for table in dump.plan.tables if table.home not in found]
    if unknown and (guard.rows_drop is not None or guard.empty != "off"):
        raise ConfigError(
            f"guard: on_existing_rows={config.tables.on_existing_rows} deletes rows before the first one comes, and "
            f"the dump does not say how many it brings: {some_of(unknown, _SHOWN)}",
            remedy="Use on_existing_rows=swap, where rows are counted before readers see them; or leave guard out; or "
            "set its rows_drop and empty to off.",
        )
    return found


def _counts(dump: Dump) -> dict[TableName, int]:
    """Of tables whose rows the dump's tool has counted, or that have no data file."""
    counts = Counts.of(dump)
    found = {}
    for table in dump.plan.tables:
        metadata = counts.metadata(table)
        rows = metadata.rows if metadata is not None else None
        if not table.has_data:
            found[table.home] = 0
        elif rows is not None and (rows > 0 or not counts.may_lack_rows(table)):
            found[table.home] = rows
    return found


def _judge(
    meta: Meta,
    config: LoadConfig,
    guard: Guard,
    now: Mapping[TableName, int],
    live: Mapping[TableName, int],
    carried: Collection[TableName],
    load_id: int | None,
    token: str = "",
) -> list[Finding]:
    """Args: live: rows that tables hold, for those that no load is known of; carried: all tables of the load task."""
    known = history.last(meta, config, carried, load_id=load_id, token=token)
    before = {table: Before(rows, "the table held") for table, rows in live.items()}
    before |= {table: Before(one.rows, _told(one)) for table, one in known.items()}
    gone = history.beside(meta, known, carried, load_id=load_id, token=token)
    return list(judge(guard, now, before, {table: Before(one.rows, _told(one)) for table, one in gone.items()}))


def _need_a_word(run: LoadRun, meta: Meta, load: Load, pausing: Sequence[Finding], *, by_hand: bool) -> None:
    """Go on only where somebody has accepted these very findings."""
    shown_id = str(uuid.uuid5(uuid.NAMESPACE_OID, "\n".join(map(str, pausing))))
    if events.happened(meta, load.load_id, EventKind.ACCEPTED, shown_id):
        return
    on_conflict, worker = run.config.verify.on_conflict, run.worker
    seen = events.shown_before(meta, load.load_id, shown_id, worker)
    clears = on_conflict in {OnConflict.PAUSE, OnConflict.ASK}
    if on_conflict is OnConflict.ACCEPT or (clears and by_hand and seen):
        by = "on_conflict=accept" if on_conflict is OnConflict.ACCEPT else "clear"
        events.record(meta, load.load_id, EventKind.ACCEPTED, worker, outcome_id=shown_id, detail=by)
        return
    events.record(meta, load.load_id, EventKind.SHOWN, worker, outcome_id=shown_id)
    meta.db.commit()
    remedy = (
        "Look at the dump. Clearing create_tables (or on_conflict=accept) accepts it, and the load continues; nothing "
        "was deleted yet."
        if clears
        else "Look at the dump, and load a whole one: on_conflict=fail accepts nothing. Nothing was deleted yet."
    )
    raise UnlikeLastLoadError(
        f"the dump is not like what was there: {some_of([str(one) for one in pausing], _SHOWN)}", remedy=remedy
    )


def _told(one: Brought) -> str:
    return f"the last load (task {one.task_name!r}, finished {one.finished_at} UTC) brought"


def _live_rows(meta: Meta, round_: Round) -> dict[TableName, int]:
    looks = swaps.looks(meta, round_.token, "seen")
    return {table: LiveLook.from_json(text).rows for (_, table), text in looks.items()}


def _held_rows(held: Iterable[ExistingRows]) -> dict[TableName, int]:
    return {found.table.key: found.rows for found in held}


def keeps_history(meta: Meta) -> bool:
    """Whether the meta schema is of a version that has it."""
    version = meta.version
    return version is not None and version >= _WITH_HISTORY
