"""Rows that are in a table before the load: whose they are, and whether the load may add to them.

Rows that committed chunks of this load, or of another source of its load task, account for are its own. Whether there
are others is counted, and not guessed: a chunk's record commits with its rows, so one snapshot shows both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from airflow_dm_loader.config import LoadConfig, OnExistingRows
from airflow_dm_loader.errors import LoaderError, TargetError
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.plan.load_plan import LoadPlan, PlannedTable
from airflow_dm_loader.state import holds, loads
from airflow_dm_loader.state.holds import Account
from airflow_dm_loader.state.loads import Load
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target import hanging
from airflow_dm_loader.target import schema as target_schema
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.drafts import SchemaDraft
from airflow_dm_loader.target.named_lock import named_lock
from airflow_dm_loader.target.unique_keys import count_rows, tells_apart, unique_keys

_SHOWN = 3
_HAS_CHILDREN = frozenset({1217, 1451})
_DELETING = frozenset({OnExistingRows.TRUNCATE, OnExistingRows.RECREATE})
_NOTHING = Account(0, of_this_load=False)
_REMEDY = (
    "If they are an earlier load's, empty the table, then clear create_tables (or prepare_checkpoint, where that "
    "failed). If the load's rows shall come on top of them, set on_existing_rows=append; to have them "
    "deleted first, truncate; to have the table made anew as the dump has it, recreate."
)


@dataclass(frozen=True, slots=True)
class FilledTable:
    """A table that will get rows."""

    planned: PlannedTable
    keyless: bool  # no unique key tells its rows apart
    action: OnExistingRows  # never auto

    @property
    def key(self) -> TableName:
        return self.planned.key


@dataclass(frozen=True, slots=True)
class ExistingRows:
    """Rows that the load task has no record of."""

    table: FilledTable
    rows: int

    def __str__(self) -> str:
        planned = self.table.planned
        rows = planned.metadata.rows if planned.metadata is not None else None
        said = f"{rows:,}" if rows is not None else "those of the dump"
        setting = f"(on_existing_rows={self.table.action})"
        if self.table.action is OnExistingRows.TRUNCATE:
            return f"{planned.name} holds {self.rows:,} rows: the load would delete them, and bring {said} {setting}"
        if self.table.action is OnExistingRows.RECREATE:
            return f"{planned.name} holds {self.rows:,} rows: the load would drop the table, and bring {said} {setting}"
        key = "has no key that tells its rows apart" if self.table.keyless else "has a unique key"
        return f"{planned.name} holds {self.rows:,} rows and {key}: the load would add {said} {setting}"


def filled_tables(db: Database, config: LoadConfig, plan: LoadPlan, draft: SchemaDraft | None) -> list[FilledTable]:
    """The plan's tables that get rows, as they are at the target; those that are not there yet are left out.

    Args:
        draft: what the dump's CREATE statements say; None: they were not read, and the target's columns are the dump's.
    """
    parsed = {found.planned.key: found.parsed for found in draft.tables} if draft else {}
    tables = [table for table in plan.tables if table.has_data]
    found = []
    for schema in sorted({table.schema for table in tables}):
        keys = unique_keys(db, schema)
        kinds = target_schema.existing_tables(db, schema)
        there = target_schema.column_types(db, schema)
        for table in (table for table in tables if table.schema == schema and table.table in there):
            if kinds.get(table.table) == "SEQUENCE":  # it has one row, always
                continue
            dumped = parsed.get(table.key)
            columns = dumped.row_columns if dumped is not None else tuple(there[table.table])
            held = {*columns, *table.extracted_columns}
            keyless = not tells_apart(keys.get(table.table, ()), held)
            found.append(FilledTable(table, keyless, _action(config, keyless=keyless)))
    return found


def find_existing(
    meta: Meta, config: LoadConfig, tables: Iterable[FilledTable], load_id: int | None, *, without: int | None = None
) -> list[ExistingRows]:
    """The tables that hold rows which no chunk of the load task accounts for.

    Args:
        load_id: this load; None: it is not registered. ``without``: one that is about to be forgotten.
    """
    meta.db.rollback()
    stored = meta.exists()
    begun = holds.account(meta, config, load_id, without=without) if stored else {}
    asked = [table for table in tables if not begun.get(table.key, _NOTHING).of_this_load]
    with_rows = target_schema.tables_with_rows(meta.db, [table.key for table in asked])
    filled = [table for table in asked if table.key in with_rows]
    meta.db.rollback()  # rows and chunks are read in one snapshot from here on, or chunks after rows
    counted = [(table, count_rows(meta.db, *table.key)) for table in filled]
    accounts = holds.account(meta, config, load_id, without=without) if counted and stored else {}
    found = []
    for table, rows in counted:
        known = accounts.get(table.key, _NOTHING).rows
        if rows > known:  # rows of another source of the task are there: nothing may be deleted any more
            kept = table.action in _DELETING and known > 0
            found.append(ExistingRows(replace(table, action=OnExistingRows.ERROR) if kept else table, rows - known))
    return found


def refuse(existing: Sequence[ExistingRows]) -> None:
    """Raise TargetError for those that the load may not add to."""
    refused = [found for found in existing if found.table.action is OnExistingRows.ERROR]
    if refused:
        more = f", and {len(refused) - _SHOWN} tables more" if len(refused) > _SHOWN else ""
        raise TargetError(
            "; ".join(str(found) for found in refused[:_SHOWN]) + more,
            table=refused[0].table.planned.name,
            remedy=_REMEDY,
        )


def look(
    meta: Meta,
    config: LoadConfig,
    plan: LoadPlan,
    draft: SchemaDraft | None,
    load_id: int | None = None,
    *,
    without: int | None = None,
) -> tuple[ExistingRows, ...]:
    """Before anything is created: refuse rows that exist, or find what would be added to.

    Raises:
        TargetError: the load may not add to them.
    """
    tables = filled_tables(meta.db, config, plan, draft)
    existing = find_existing(meta, config, tables, load_id, without=without)
    refuse(existing)
    return tuple(existing)


def worth_a_warning(existing: Iterable[ExistingRows]) -> Iterator[str]:
    """Rows that nobody will be able to tell from those of the load."""
    return (str(found) for found in existing if found.table.keyless)


def to_recreate(meta: Meta, config: LoadConfig, plan: LoadPlan) -> list[TableName]:
    """The tables that are dropped before the dump's own are created, under ``on_existing_rows = recreate``.

    Raises:
        TargetError: nothing creates one of them anew, or what would be lost with it is more than its rows.
    """
    if config.tables.on_existing_rows is not OnExistingRows.RECREATE:
        return []
    schemas = {table.schema for table in plan.tables}
    kinds = {schema: target_schema.existing_tables(meta.db, schema) for schema in schemas}
    tables = [
        table
        for table in plan.tables
        if table.has_data and kinds[table.schema].get(table.table, "BASE TABLE") != "SEQUENCE"
    ]
    found = holds.to_recreate(meta, config, [table.key for table in tables])
    for table in tables:
        key = table.key
        if key in found and table.table in kinds[table.schema]:
            _check_droppable(meta.db, table, found)
    return found


def _check_droppable(db: Database, table: PlannedTable, dropped: Collection[TableName]) -> None:
    if table.schema_file is None:
        raise TargetError(
            "the dump has no CREATE TABLE of it (on_existing_rows=recreate)",
            table=table.name,
            remedy="Set on_existing_rows=truncate, which leaves the table as it is and deletes its rows.",
        )
    if triggers := [trigger.name for trigger in hanging.triggers_of(db, [table.key])]:
        raise TargetError(
            f"it has triggers, which would go with it (on_existing_rows=recreate): {', '.join(sorted(triggers))}",
            table=table.name,
            remedy="Drop them, and create them anew after the load; or set on_existing_rows=truncate.",
        )
    for key in hanging.foreign_keys_from_outside(db, [table.key], dropped):
        if not target_schema.is_empty(db, *key.table):
            raise TargetError(
                f"{key.table} refers to it, and its rows would lose theirs (on_existing_rows=recreate)",
                table=table.name,
                remedy="Empty that table, or drop its foreign key; then clear create_tables.",
            )


def drop_tables(meta: Meta, config: LoadConfig, tables: Sequence[TableName]) -> None:
    """Drop the tables that are to be recreated, once in a round of the load task, before any source sends a row."""
    if not tables:
        return
    holds.take(meta, config, tables)
    waiting = holds.intend_emptying(meta, config, tables, "recreate")
    meta.db.set_session(
        {"foreign_key_checks": 0}
    )  # the tables come back, and what refers to them goes too, or is empty
    for table in waiting:
        with named_lock(meta.db, *table):
            holds.drop_once(meta, config, table)


def take_tables(meta: Meta, config: LoadConfig, load: Load, plan: LoadPlan, draft: SchemaDraft) -> Load:
    """Once all tables exist: be the one who fills those without keys, and look at them again, since nobody else can.

    Tables that are to be truncated are emptied here, before any source of the task sends a row.

    Returns:
        The load, which has another number where an attempt of its own was fenced.

    Raises:
        TargetError: rows came in meanwhile, or can't be deleted.
    """
    if config.swaps:
        return load  # nobody else knows these tables: they were made for this round
    tables = filled_tables(meta.db, config, plan, draft)
    alone = [table for table in tables if table.action is not OnExistingRows.APPEND]
    before = holds.take(meta, config, [table.key for table in alone])
    try:
        _empty(meta, config, [table.key for table in tables if table.action is OnExistingRows.TRUNCATE])
        load = loads.get(meta, config)
        existing = find_existing(meta, config, tables, load.load_id)
        refuse([replace(found, table=replace(found.table, action=_strict(found.table.action))) for found in existing])
    except TargetError:
        holds.give_back(meta, before)
        raise
    rows = holds.rows_before(meta, load.load_id) | {found.table.key: found.rows for found in existing}
    holds.register_existing(
        meta,
        load.load_id,
        {
            table.key: (table.action.value, rows.get(table.key, 0))
            for table in tables
            if table.action is not OnExistingRows.APPEND or table.key in rows
        },
    )
    return load


def _strict(action: OnExistingRows) -> OnExistingRows:
    """What was to be deleted is gone by now; rows that came in since are nobody's."""
    return OnExistingRows.ERROR if action in _DELETING else action


def _empty(meta: Meta, config: LoadConfig, tables: Sequence[TableName]) -> None:
    """Delete all rows of the tables, children before their parents."""
    waiting = list(holds.intend_emptying(meta, config, tables))
    if waiting:
        meta.db.set_session({"foreign_key_checks": 1})  # else children would keep rows without a parent
    _refuse_children(meta.db, waiting)
    while waiting:
        later: list[tuple[TableName, str]] = []
        for table in waiting:
            try:
                while not holds.delete_some(meta, config, table):
                    pass
            except LoaderError as error:
                meta.db.rollback()
                if error.errno not in _HAS_CHILDREN:
                    raise error.at(table=str(table)) from error
                later.append((table, error.message))
        if len(later) == len(waiting):
            raise _with_children(str(later[0][0]), later[0][1])
        waiting = [table for table, _ in later]


def _refuse_children(db: Database, tables: Sequence[TableName]) -> None:
    """A foreign key of a table that stays would delete its rows too, or set them to NULL."""
    for key in hanging.foreign_keys_from_outside(db, tables):
        if key.changes_children and not target_schema.is_empty(db, *key.table):
            raise _with_children(str(key.parent), f"{key.table} refers to it (ON DELETE {key.on_delete})")


def _with_children(table: str, why: str) -> TargetError:
    return TargetError(
        f"its rows can't be deleted (on_existing_rows=truncate), since others refer to them: {why}",
        table=table,
        remedy="Empty the tables that refer to it first, then clear create_tables.",
    )


def _action(config: LoadConfig, *, keyless: bool) -> OnExistingRows:
    if config.swaps:
        return OnExistingRows.ERROR  # of a table that was made for this round
    if config.tables.on_existing_rows is not OnExistingRows.AUTO:
        return config.tables.on_existing_rows
    return OnExistingRows.ERROR if keyless else OnExistingRows.APPEND
