"""Puts back what the last swap of a load task replaced, by one statement."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.errors import CheckpointError, ConfigError
from airflow_dm_loader.phases import rebuilding
from airflow_dm_loader.phases.swap_in import own_schemas
from airflow_dm_loader.state import swaps
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.state.migrations import VERSION
from airflow_dm_loader.state.swaps import Round, SwapTable
from airflow_dm_loader.target import swap
from airflow_dm_loader.target.answers import as_text
from airflow_dm_loader.target.connection import Database


def restore_previous(
    target: TargetConfig, task_name: str, *, meta_schema: str = "dm_meta", swap_rebuild: bool | None = None
) -> tuple[str, ...]:
    """Put the former tables of a load task's last swap back in place, all of them by one RENAME TABLE.

    The tables that they replace go back to where they were filled, and stay there until the next load that swaps these
    tables. Tables that did not exist before the swap are gone then. Safe to repeat after a kill.

    Args:
        swap_rebuild: drop what hangs on the live tables before, and make it again after, as the setting of that name;
            None: as the load has it that swapped.

    Returns:
        The tables that were put back, as ``schema.table``.

    Raises:
        CheckpointError: the task has swapped nothing, another load has swapped a table since, a former table is not
            kept any more, or lacks parents of rows outside; nothing was changed.
        TargetError: triggers or foreign keys hang on the live tables, or could not be made again.
        RetriableError: readers hold the tables; nothing was renamed.
    """
    with Database.open(target) as state_db, Database.open(target) as db:
        meta = Meta(state_db, meta_schema)
        if (meta.version or VERSION) < VERSION:
            meta.create()
        found = _last(meta, task_name)
        tables = swaps.tables(meta, found.token)
        before, after = found.marks
        if not swap.has_happened(db, (after, before)):
            _check(meta, found, tables)
            rebuild = _has_rebuilt(meta, task_name) if swap_rebuild is None else swap_rebuild
            _put_back(meta, db, target, found, tables, rebuild=rebuild)
        rebuilding.make_again(meta, db, found)
        swaps.set_state(meta, found.token, swaps.RESTORED)
        state_db.commit()
        swap.drop(db, (), own_schemas(found, tables, "old"))
    return tuple(table.name for table in tables if table.former_state == swaps.KEPT)


def _put_back(
    meta: Meta, db: Database, target: TargetConfig, found: Round, tables: Sequence[SwapTable], *, rebuild: bool
) -> None:
    before, after = found.marks
    kept = {table.live: table.former for table in tables if table.former_state == swaps.KEPT}
    former = swaps.former_tables(meta)
    swap.check_replaceable(db, kept, former, rebuild=rebuild)
    swap.check_replaceable(db, [table.live for table in tables if table.live not in kept], former)  # nothing comes
    for table in tables:
        if table.shadow[0] != table.live[0]:
            swap.make_schema(db, table.shadow[0], like=table.live[0])
    if before[0] != found.mark_schema:
        swap.make_schema(db, before[0], like=found.mark_schema)
    if rebuild:
        rebuilding.prepare(meta, db, found, kept, former)
    renames = [(table.live, table.shadow) for table in tables] + [(there, live) for live, there in kept.items()]
    rebuilding.swap_between(meta, db, target, found, (after, before), renames)


def _has_rebuilt(meta: Meta, task_name: str) -> bool:
    """Whether the task's load was allowed to, by its settings that are stored."""
    texts = meta.db.query(f"SELECT config FROM {meta['load']} WHERE task_name = %s", (task_name,), shape=(as_text,))
    found = False
    for (text,) in texts:
        with suppress(ConfigError, ValueError):  # of another version: it has to be said, then
            found = found or LoadConfig.from_json(str(text)).tables.swap_rebuild
    return found


def _last(meta: Meta, task_name: str) -> Round:
    if not meta.exists():
        raise CheckpointError(f"no loader has worked here: there is no state in {meta.schema}", remedy=_LOOK)
    found = swaps.rounds(meta, task_name=task_name, states=[swaps.SWAPPED, swaps.RESTORED])
    if not found:
        raise CheckpointError(f"the load task {task_name!r} has swapped no tables in", remedy=_LOOK)
    if found[0].state == swaps.RESTORED:
        raise CheckpointError(f"what the last swap of {task_name!r} replaced was put back already", remedy=_LOOK)
    return found[0]


def _check(meta: Meta, found: Round, tables: tuple[SwapTable, ...]) -> None:
    if dropped := [table.name for table in tables if table.former_state == swaps.DROPPED]:
        raise CheckpointError(
            f"former tables are not kept any more: {', '.join(dropped[:5])}",
            remedy="Load an older dump instead, and set keep_previous higher from now on.",
        )
    if not any(table.former_state == swaps.KEPT for table in tables):
        raise CheckpointError("the swap replaced no table, so there is none to put back", remedy=_LOOK)
    for live, known in swaps.of_tables(meta, [table.live for table in tables]).items():
        if known and known[0][0].token != found.token:
            raise CheckpointError(
                f"the load task {known[0][0].task_name!r} has swapped the table since",
                table=str(live),
                remedy=f"Put back what {known[0][0].task_name!r} replaced first.",
            )


_LOOK = "Look at dm_loader_swap in the meta schema: it names the load tasks and what they have swapped."
