"""DM's ``Update``: a load goes on with other routes, filters or chunk size, where what they touch is not loaded yet.

The load then gets a new ``load_id``. So an attempt that still works by the old plan finds its load gone, as after a
fresh start, and can put no row where the old plan wants it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_dm_loader.config import LoadConfig, OnExistingRows
from airflow_dm_loader.dump.inventory import DumpInventory
from airflow_dm_loader.errors import CheckpointError
from airflow_dm_loader.plan.load_plan import LoadPlan, PlannedFile, at_places
from airflow_dm_loader.plan.planner import make_plan
from airflow_dm_loader.report import some_of
from airflow_dm_loader.state import arrivals, chunks, files, loads, swaps
from airflow_dm_loader.state.batches import batches
from airflow_dm_loader.state.files import FileRow
from airflow_dm_loader.state.loads import Load
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.answers import as_number, read_stored

# What of the stored settings says where rows go.
_RULES = (
    "task_name", "source_id", "dump_uri", "routes", "block_allow_list", "case_sensitive", "csv", "data_character_set",
    "data_invalid_char_replace", "on_existing_rows", "ignore_columns", "mask", "files",
)  # fmt: skip
_SHOWN = 5
_REMEDY = (
    "Put routes, block_allow_list, case_sensitive, files, csv, ignore_columns, mask and import_mode back as they were "
    "to resume. To load by the new ones, use another task_name, or empty the tables and set remove_meta."
)


@dataclass(frozen=True, slots=True)
class Update:
    """What this run's settings change of a stored load."""

    touched: Mapping[int, str]  # file_id -> name: the rows of these go elsewhere, or they come or go
    chunk_bytes: int | None  # the new chunk size, where it may be changed and was

    def __str__(self) -> str:
        parts = [f"{len(self.touched)} data files go elsewhere, or come or go"] if self.touched else []
        parts += [f"chunk_bytes is now {self.chunk_bytes}"] if self.chunk_bytes is not None else []
        return "; ".join(parts)


def check_update(meta: Meta, config: LoadConfig, inventory: DumpInventory, plan: LoadPlan, stored: Load) -> Update:
    """Whether the stored load can go on by these settings.

    Raises:
        CheckpointError: a file whose rows would go elsewhere has some in the target already (34018).
    """
    rules = stored_rules(stored)
    places = {file.source.name: file.file_id for file in plan.files if file.file_id >= arrivals.FIRST_PLACE}
    old_plan = swaps.placed(meta, rules, at_places(make_plan(inventory, rules), places))
    touched = _touched(old_plan.files, plan.files)
    loaded = chunks.committed_files(meta, stored.load_id)
    _check_engine(stored, config, anything_loaded=bool(loaded), anything_touched=bool(touched))
    _check_untouched(touched, [file_id for file_id in touched if file_id in loaded])
    if stored.status == "finished" and (touched or _things(old_plan) != _things(plan)):
        raise CheckpointError(
            "routes, filters, masks or csv were changed, but the load is finished" + _named(touched.values()),
            remedy=_REMEDY,
        )
    cuts_chunks = config.what.import_mode.reads_files and not loaded and stored.status != "finished"
    changes_chunks = cuts_chunks and config.logical.chunk_bytes != stored.chunk_bytes
    return Update(touched, config.logical.chunk_bytes if changes_chunks else None)


def update_load(meta: Meta, config: LoadConfig, inventory: DumpInventory, plan: LoadPlan, stored: Load) -> str:
    """Take up the settings of this run, within the transaction that holds the load's row.

    Returns:
        What was changed, in words; "" where the rows go where they went.

    Raises:
        CheckpointError: see :func:`check_update`; nothing was changed.
    """
    update = check_update(meta, config, inventory, plan, stored)
    if update.touched:
        _move_files(meta, stored.load_id, update.touched, plan)
        if stored.status == "paused":  # what was found is not all that there is to find
            loads.set_status(meta, stored.load_id, "running")
    loads.update_settings(meta, stored.load_id, config, chunk_bytes=update.chunk_bytes or stored.chunk_bytes)
    if str(update):
        load_id = loads.renumber(meta, stored.load_id, uuid.uuid4().hex)
        _check_untouched(update.touched, _loaded_meanwhile(meta, load_id, update.touched))
    return str(update)


def check_streams(load: Load, config: LoadConfig) -> None:
    """Refuse to take the files of a load in another order than it has them."""
    if not config.streams and (not load.is_sealed or load.notes.get("streamed")):
        raise CheckpointError(
            "this load began while its dump was being made, and wait_for_dump is not stream any more",
            remedy="Set wait_for_dump back to stream. To load by the new setting, use another task_name, or empty the "
            "tables and set remove_meta.",
        )


def check_same_rules(load: Load, config: LoadConfig) -> None:
    """Refuse routes, filters and csv that the load was not prepared with: its rows would go elsewhere than it knows."""
    check_streams(load, config)
    stored = stored_rules(load)
    if (stored.where, stored.reading.csv_format) != (config.where, config.reading.csv_format):
        raise CheckpointError(
            "routes, block_allow_list, case_sensitive, files, ignore_columns, mask or csv were changed since this load "
            "was prepared",
            remedy="Clear prepare_checkpoint: it says whether the load can resume with them.",
        )


def stored_rules(stored: Load) -> LoadConfig:
    """The settings of which only what says where rows go is looked at."""
    before = read_stored(dict[str, Any], stored.config, "the settings of the load")
    rules = {name: before[name] for name in _RULES if name in before}
    if rules.get("on_existing_rows") != OnExistingRows.SWAP:
        rules.pop("on_existing_rows", None)  # rows go to the tables themselves; an engine may not know the word
    return LoadConfig(**rules)


def _touched(old: Sequence[PlannedFile], new: Sequence[PlannedFile]) -> dict[int, str]:
    """file_id -> name of the files whose rows would go elsewhere, or be others."""
    before = {file.file_id: file for file in old}
    after = {file.file_id: file for file in new}
    return {
        file_id: (before.get(file_id) or after[file_id]).source.name
        for file_id in sorted(before.keys() | after.keys())
        if before.get(file_id) != after.get(file_id)
    }


def _things(plan: LoadPlan) -> tuple[object, ...]:
    return (
        plan.databases,
        [table.key for table in plan.tables],
        plan.views,
    )


def _check_engine(stored: Load, config: LoadConfig, *, anything_loaded: bool, anything_touched: bool) -> None:
    """Engines keep no common record of what is in: a begun load stays with the one that began it."""
    engine = LoadConfig.engine_in(stored.config)
    if stored.status in {"init", "finished"}:
        return
    if engine is not config.what.import_mode and (anything_loaded or not engine.reads_files):
        raise CheckpointError(
            f"the load was begun with import_mode {engine.value}, and can't resume with "
            f"{config.what.import_mode.value}",
            remedy=_REMEDY,
        )
    if not engine.reads_files and anything_touched:
        raise CheckpointError(
            f"routes, filters, masks or csv were changed, but the import by {engine.value} has begun", remedy=_REMEDY
        )


def _loaded_meanwhile(meta: Meta, load_id: int, touched: Iterable[int]) -> list[int]:
    """Of these files, those with a chunk as of now: without a shared lock, one may have come since we looked."""
    found: list[int] = []
    for some in batches(sorted(touched)):
        places = ", ".join(["%s"] * len(some))
        found += [
            int(file_id)
            for (file_id,) in meta.db.query(
                f"SELECT file_id FROM {meta['chunk']} WHERE load_id = %s AND file_id IN ({places}) FOR UPDATE",
                (load_id, *some),
                shape=(as_number,),
            )
        ]
    return sorted(set(found))


def _check_untouched(touched: Mapping[int, str], loaded: Sequence[int]) -> None:
    if loaded:
        raise CheckpointError(
            f"routes, filters, masks or csv were changed for {len(loaded)} data files that have rows in the target "
            "already" + _named(touched[file_id] for file_id in loaded),
            file=touched[loaded[0]],
            remedy=_REMEDY,
        )


def _named(names: Iterable[str]) -> str:
    found = some_of([repr(name) for name in names], _SHOWN)
    return found and f": {found}"


def _move_files(meta: Meta, load_id: int, touched: Iterable[int], plan: LoadPlan) -> None:
    moved = set(touched)
    for some in batches(sorted(moved)):
        places = ", ".join(["%s"] * len(some))
        meta.db.execute(f"DELETE FROM {meta['file']} WHERE load_id = %s AND file_id IN ({places})", (load_id, *some))
    files.register_files(meta, load_id, file_rows(file for file in plan.files if file.file_id in moved))
    planned = {table.key for table in plan.tables}
    for row in files.list_tables(meta, load_id):
        if row.key not in planned:
            meta.db.execute(
                f"DELETE FROM {meta['table']} WHERE load_id = %s AND table_schema = %s AND table_name = %s",
                (load_id, row.schema, row.table),
            )


def file_rows(planned: Iterable[PlannedFile]) -> Iterable[FileRow]:
    """The rows of the state tables for planned files."""
    return (
        FileRow(file.file_id, file.source.name, file.schema, file.table, file.source.file_bytes) for file in planned
    )
