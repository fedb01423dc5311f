"""Which load task fills a table whose rows no key tells apart: one at a time, and the last one to come has it.

Who takes a table over fences the loads that had it: their numbers change, as in
:mod:`airflow_dm_loader.state.updating`, so nothing that they still send commits. A load that comes back looks for its
tables before it sends.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.errors import CheckpointError
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.state import loads
from airflow_dm_loader.state.batches import batches, insert_ignore
from airflow_dm_loader.state.loads import Load
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target import schema as target_schema
from airflow_dm_loader.target.answers import as_number, as_text, as_truth

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Account:
    """What the committed chunks of a load task say of one table."""

    rows: int  # that they brought, of all sources
    of_this_load: bool  # whether this load committed any of them


def account(
    meta: Meta, config: LoadConfig, load_id: int | None, *, without: int | None = None
) -> dict[TableName, Account]:
    """table -> what the load task has committed into it.

    Args:
        load_id: this load; None: it is not registered yet.
        without: a load that is about to be forgotten.
    """
    return {
        TableName(str(schema), str(table)): Account(int(rows), bool(mine))
        for schema, table, rows, mine in meta.db.query(
            "SELECT f.table_schema, f.table_name, SUM(c.row_count), MAX(l.load_id = %s) "
            f"FROM {meta['load']} l JOIN {meta['file']} f ON f.load_id = l.load_id "
            f"JOIN {meta['chunk']} c ON c.load_id = f.load_id AND c.file_id = f.file_id AND c.end_offset IS NOT NULL "
            "WHERE l.task_name = %s AND l.load_id <> %s GROUP BY f.table_schema, f.table_name",
            (load_id or 0, config.what.task_name, without or 0),
            shape=(as_text, as_text, as_number, as_truth),
        )
    }


def take(meta: Meta, config: LoadConfig, tables: Sequence[TableName]) -> dict[TableName, str]:
    """Be the load task that fills these tables, in one transaction, which it commits.

    Returns:
        table -> the task that had it, where that was another one.
    """
    wanted = sorted({table.folded(meta.db.folds_names) for table in tables})
    meta.db.rollback()
    for some in batches(wanted):
        meta.db.execute(
            f"INSERT IGNORE INTO {meta['hold']} (table_schema, table_name, task_name, updated_at) VALUES "
            + ", ".join(["(%s, %s, %s, UTC_TIMESTAMP(6))"] * len(some)),
            [value for table in some for value in (*table, config.what.task_name)],
        )
    before = {table: task for table, task in _holders(meta, wanted, lock=True).items() if task != config.what.task_name}
    for load_id in _at_work(meta, before):
        loads.renumber(meta, load_id, uuid.uuid4().hex)
    _hand_over(meta, dict.fromkeys(before, config.what.task_name))
    meta.db.commit()
    return before


def give_back(meta: Meta, before: Mapping[TableName, str]) -> None:
    """Undo :func:`take`, but for the fence; it commits."""
    meta.db.rollback()
    _hand_over(meta, before)
    meta.db.commit()


def check_held(meta: Meta, config: LoadConfig, load: Load) -> None:
    """Raise CheckpointError where another load task fills a table of this load by now."""
    name = "LOWER({})" if meta.db.folds_names else "{}"
    meta.db.rollback()  # what is read from here on is of now
    of_load = (
        f"FROM {meta['hold']} h JOIN {meta['existing']} e "
        f"ON {name.format('e.table_schema')} = h.table_schema AND {name.format('e.table_name')} = h.table_name "
        "WHERE e.load_id = %s AND e.action <> 'append'"
    )
    emptying = meta.db.one(
        f"SELECT h.table_schema, h.table_name {of_load} AND h.state = 'intent'",
        (load.load_id,),
        shape=(as_text, as_text),
    )
    if emptying is not None:
        raise CheckpointError(
            "the rows that the table held are not all deleted yet",
            table=".".join(map(str, emptying)),
            remedy="Clear create_tables: it resumes deleting them.",
        )
    taken = meta.db.query(
        f"SELECT h.table_schema, h.table_name, h.task_name {of_load} AND h.task_name <> %s ORDER BY 1, 2",
        (load.load_id, config.what.task_name),
        shape=(as_text, as_text, as_text),
    )
    if taken:
        names = ", ".join(f"{schema}.{table} by {task!r}" for schema, table, task in taken[:_SHOWN])
        raise CheckpointError(
            f"another load task fills tables of this load, and no key of theirs tells rows apart: {names}",
            table=f"{taken[0][0]}.{taken[0][1]}",
            remedy="Let one of them be. To have this one resume, empty the table, set remove_meta and trigger again.",
        )


def intend_emptying(
    meta: Meta, config: LoadConfig, tables: Sequence[TableName], action: str = "truncate"
) -> list[TableName]:
    """Store that rows which the load task did not bring will be deleted, in one transaction, which it commits.

    ``action``: ``truncate``, or ``recreate``, where the tables will be dropped.

    The tables are held by the task. One that was emptied in this round of the task, or that a committed chunk of the
    task has filled, is left as it is. Of the others, whoever may send rows to them is fenced first, this load too.

    Returns:
        The tables to empty, also those that an earlier attempt did not finish.
    """
    meta.db.rollback()
    candidates = [table for table in tables if not _is_emptied(meta, table) and not _has_chunk(meta, config, table)]
    if not candidates:
        return []
    meta.db.rollback()
    compared = [table.folded(meta.db.folds_names) for table in candidates]
    _holders(meta, sorted(compared), lock=True)
    for load_id in _all_at_work(meta, candidates):
        loads.renumber(meta, load_id, uuid.uuid4().hex)
    wanted = [table for table in candidates if not _has_chunk(meta, config, table, lock=True)]
    for table in wanted:
        meta.db.execute(
            f"UPDATE {meta['hold']} SET action = %s, state = 'intent', updated_at = UTC_TIMESTAMP(6) "
            "WHERE table_schema = %s AND table_name = %s AND state <> 'done'",
            (action, *table.folded(meta.db.folds_names)),
        )
    meta.db.commit()
    return wanted


def delete_some(meta: Meta, config: LoadConfig, table: TableName, limit: int = 20_000) -> bool:
    """Delete rows of a table that is to be emptied, in one transaction with the record of it; whether that is done.

    Whoever wakes up late finds the table emptied, or another task's, and deletes nothing.
    """
    meta.db.rollback()
    row = meta.db.one(
        f"SELECT task_name, state FROM {meta['hold']} WHERE table_schema = %s AND table_name = %s FOR UPDATE",
        table.folded(meta.db.folds_names),
        shape=(as_text, as_text),
    )
    if row is None or row != (config.what.task_name, "intent"):
        meta.db.rollback()
        return True
    deleted = meta.db.execute(f"DELETE FROM {table.quoted} LIMIT {limit}").affected
    if deleted < limit:
        meta.db.execute(
            f"UPDATE {meta['hold']} SET state = 'done', updated_at = UTC_TIMESTAMP(6) "
            "WHERE table_schema = %s AND table_name = %s",
            table.folded(meta.db.folds_names),
        )
    meta.db.commit()
    return deleted < limit


def drop_once(meta: Meta, config: LoadConfig, table: TableName) -> None:
    """Drop a table that is to be recreated, and store that it is done; the lock of that name must be this session's.

    DROP is no part of a transaction, so the lock is what stops a session that wakes up late: it has the lock no more,
    or its connection is gone with it; and who gets the lock later looks here first, and drops nothing.
    """
    meta.db.rollback()
    row = meta.db.one(
        f"SELECT task_name, state FROM {meta['hold']} WHERE table_schema = %s AND table_name = %s",
        table.folded(meta.db.folds_names),
        shape=(as_text, as_text),
    )
    meta.db.rollback()
    if row != (config.what.task_name, "intent") or _has_chunk(meta, config, table):
        meta.db.rollback()
        return
    target_schema.drop_table(meta.db, *table)
    meta.db.execute(
        f"UPDATE {meta['hold']} SET state = 'done', updated_at = UTC_TIMESTAMP(6) "
        "WHERE table_schema = %s AND table_name = %s AND task_name = %s AND state = 'intent'",
        (*table.folded(meta.db.folds_names), config.what.task_name),
    )
    meta.db.commit()


def to_recreate(meta: Meta, config: LoadConfig, tables: Sequence[TableName]) -> list[TableName]:
    """Those that were not dropped yet in this round of the load task, and that no committed chunk of it has filled."""
    if not meta.exists():
        return list(tables)
    meta.db.rollback()
    found = [table for table in tables if not _is_done_by(meta, config, table) and not _has_chunk(meta, config, table)]
    meta.db.rollback()
    return found


def _is_done_by(meta: Meta, config: LoadConfig, table: TableName) -> bool:
    row = meta.db.one(
        f"SELECT task_name, state FROM {meta['hold']} WHERE table_schema = %s AND table_name = %s",
        table.folded(meta.db.folds_names),
        shape=(as_text, as_text),
    )
    return row == (config.what.task_name, "done")


def _is_emptied(meta: Meta, table: TableName) -> bool:
    return bool(
        meta.db.query(
            f"SELECT 1 FROM {meta['hold']} WHERE table_schema = %s AND table_name = %s AND state = 'done'",
            table.folded(meta.db.folds_names),
            shape=(as_number,),
        )
    )


def _has_chunk(meta: Meta, config: LoadConfig, table: TableName, *, lock: bool = False) -> bool:
    """Whether the load task has committed anything into the table; ``lock``: as of now, not of the snapshot."""
    return bool(
        meta.db.query(
            f"SELECT 1 FROM {meta['load']} l JOIN {meta['file']} f ON f.load_id = l.load_id "
            f"JOIN {meta['chunk']} c ON c.load_id = f.load_id AND c.file_id = f.file_id "
            "WHERE l.task_name = %s AND f.table_schema = %s AND f.table_name = %s AND c.end_offset IS NOT NULL LIMIT 1"
            + (" FOR UPDATE" if lock else ""),
            (config.what.task_name, *table),
            shape=(as_number,),
        )
    )


def _all_at_work(meta: Meta, tables: Sequence[TableName]) -> list[int]:
    """The loads of any task that may be sending rows to these tables; their rows are locked by this."""
    found: set[int] = set()
    for some in batches(sorted(tables)):
        places = ", ".join(["(%s, %s)"] * len(some))
        found |= {
            int(load_id)
            for (load_id,) in meta.db.query(
                f"SELECT DISTINCT load_id FROM {meta['file']} WHERE (table_schema, table_name) IN ({places})",
                [name for table in some for name in table],
                shape=(as_number,),
            )
        }
    return [load_id for load_id in sorted(found) if _is_at_work(meta, load_id)]


def forget_actions(meta: Meta, config: LoadConfig, tables: Iterable[TableName]) -> None:
    """What was done to these tables was done for an earlier round of the load task."""
    for some in batches(sorted(table.folded(meta.db.folds_names) for table in tables)):
        places = ", ".join(["(%s, %s)"] * len(some))
        meta.db.execute(
            f"UPDATE {meta['hold']} SET action = '', state = '' WHERE task_name = %s "
            f"AND (table_schema, table_name) IN ({places})",
            (config.what.task_name, *(name for table in some for name in table)),
        )


def _holders(meta: Meta, tables: Sequence[TableName], *, lock: bool = False) -> dict[TableName, str]:
    found: dict[TableName, str] = {}
    for some in batches(tables):
        places = ", ".join(["(%s, %s)"] * len(some))
        found |= {
            TableName(str(schema), str(table)): str(task)
            for schema, table, task in meta.db.query(
                f"SELECT table_schema, table_name, task_name FROM {meta['hold']} "
                f"WHERE (table_schema, table_name) IN ({places})" + (" FOR UPDATE" if lock else ""),
                [name for table in some for name in table],
                shape=(as_text, as_text, as_text),
            )
        }
    return found


def _at_work(meta: Meta, tables: Mapping[TableName, str]) -> list[int]:
    """The loads of other tasks that may be sending rows to these tables; their rows are locked by this."""
    found: set[int] = set()
    for some in batches(sorted(tables)):
        places = ", ".join(["(%s, %s)"] * len(some))
        tasks = sorted({tables[table] for table in some})
        of_tasks = ", ".join(["%s"] * len(tasks))
        found |= {
            int(load_id)
            for (load_id,) in meta.db.query(
                f"SELECT DISTINCT l.load_id FROM {meta['load']} l JOIN {meta['file']} f ON f.load_id = l.load_id "
                f"WHERE l.task_name IN ({of_tasks}) AND (f.table_schema, f.table_name) IN ({places})",
                (*tasks, *(name for table in some for name in table)),
                shape=(as_number,),
            )
        }
    return [load_id for load_id in sorted(found) if _is_at_work(meta, load_id)]


def _is_at_work(meta: Meta, load_id: int) -> bool:
    row = meta.db.one(f"SELECT status FROM {meta['load']} WHERE load_id = %s FOR UPDATE", (load_id,), shape=(as_text,))
    return row is not None and row[0] in {"running", "stopped", "paused"}


def _hand_over(meta: Meta, tasks: Mapping[TableName, str]) -> None:
    for table, task in tasks.items():
        meta.db.execute(
            f"UPDATE {meta['hold']} SET task_name = %s, action = '', state = '', updated_at = UTC_TIMESTAMP(6) "
            "WHERE table_schema = %s AND table_name = %s",
            (task, *table),
        )


def register_existing(meta: Meta, load_id: int, tables: Mapping[TableName, tuple[str, int]]) -> None:
    """Say what is done about the rows that tables held, and how many there were; the last word counts."""
    meta.db.execute(f"DELETE FROM {meta['existing']} WHERE load_id = %s", (load_id,))
    insert_ignore(
        meta.db,
        f"{meta['existing']} (load_id, table_schema, table_name, action, rows_before)",
        [(load_id, *table, *found) for table, found in tables.items()],
    )


def rows_before(meta: Meta, load_id: int) -> dict[TableName, int]:
    """table -> the rows that it held, where the load adds to them."""
    return {
        TableName(str(schema), str(table)): int(number)
        for schema, table, number in meta.db.query(
            f"SELECT table_schema, table_name, rows_before FROM {meta['existing']} "
            "WHERE load_id = %s AND action = 'append' AND rows_before > 0",
            (load_id,),
            shape=(as_text, as_text, as_number),
        )
    }
