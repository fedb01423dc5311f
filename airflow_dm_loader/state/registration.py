"""How a load begins: registered, taken up again, or started afresh."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.dump.data_formats import DataFormat
from airflow_dm_loader.dump.filenames import parse
from airflow_dm_loader.dump.inventory import DumpInventory
from airflow_dm_loader.dump.secondary_indexes import SecondaryIndex
from airflow_dm_loader.errors import CheckpointError
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.plan.load_plan import LoadPlan, at_places
from airflow_dm_loader.plan.planner import make_plan
from airflow_dm_loader.state import arrivals, events, files, holds, indexes, loads
from airflow_dm_loader.state.events import EventKind, Worker
from airflow_dm_loader.state.loads import Load
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.state.updating import check_streams, file_rows, stored_rules, update_load

_Place = tuple[str | None, str | None, str | None]  # the ending of a data file's name, schema and table


@dataclass(frozen=True, slots=True)
class Registration:
    """The load's row, and whether it was written just now."""

    load: Load
    afresh: bool


def register_load(
    meta: Meta, config: LoadConfig, inventory: DumpInventory, plan: LoadPlan, worker: Worker
) -> Registration:
    """Register the load or find it, in one transaction; the caller commits.

    - nothing stored: registered.
    - the same dump, or what a cleaning left of a finished one: taken up where it is, by the settings of this run;
      see :func:`~airflow_dm_loader.state.updating.update_load` for those that can't change any more.
    - finished, and another dump: started afresh.
    - nothing sent yet, and another dump: started afresh.
    - running or paused, and another dump: refused, 34018.
    - begun while the dump was being made: sealed, now that it is whole; refused, 34018, where rows of it are in that
      it does not have so.
    - ``remove_meta``: forgotten and started afresh, once a run; clearing the task does not forget again.
    """
    waiting: Mapping[TableName, tuple[SecondaryIndex, ...]] = {}
    stored = loads.find(meta, config, for_update=True)
    if stored is not None and starts_afresh(meta, config, inventory, stored, worker):
        waiting = indexes.waiting_indexes(meta, stored.load_id)  # their tables are there already, without them
        meta.forget(stored.load_id)
        stored = None
    afresh = stored is None
    if stored is None:
        _write(meta, config, inventory, plan)
        stored = loads.get(meta, config)
        files.register_files(meta, stored.load_id, file_rows(plan.files))
        holds.forget_actions(meta, config, {file.key for file in plan.files})
        indexes.register_indexes(meta, stored.load_id, waiting)
    else:
        check_streams(stored, config)
        if not stored.is_sealed:
            stored = _seal(meta, config, inventory, stored)
    if not afresh and stored.fingerprint == inventory.fingerprint:
        changes = update_load(meta, config, inventory, plan, stored)
        stored = loads.get(meta, config)
        if changes:
            loads.update_notes(meta, stored.load_id, {**stored.notes, **_notes(inventory, plan)})
            events.record(meta, stored.load_id, EventKind.UPDATED, worker, detail=changes)
    events.record(meta, stored.load_id, EventKind.STARTED, worker)
    return Registration(stored, afresh)


def check_same_dump(load: Load, inventory: DumpInventory) -> None:
    """Refuse a dump that is not the one that the load was registered with."""
    if load.fingerprint != inventory.fingerprint:
        problem = (
            "the dump was changed since this load was registered: its files, their sizes, its metadata, or what the "
            "setting files makes of them, differ"
        )
        if load.status == "init":
            raise CheckpointError(
                problem,
                remedy="Clear prepare_checkpoint: no row is loaded yet, so the load takes the dump as it is now.",
            )
        raise CheckpointError(
            problem,
            remedy="To resume, put the dump back as it was; a file may be fixed in place if it keeps its size. "
            "To load the new one, use another task_name, or empty "
            "the tables and set remove_meta.",
        )


def starts_afresh(meta: Meta, config: LoadConfig, inventory: DumpInventory, stored: Load, worker: Worker) -> bool:
    """Whether this run forgets what is stored; CheckpointError where it may not."""
    if config.state.remove_meta and events.seconds_since_start(meta, stored.load_id, worker) is None:
        return True
    if not stored.is_sealed or is_this_dump(meta, inventory, stored):
        return False
    if stored.status in {"init", "finished"}:
        return True
    check_same_dump(stored, inventory)
    return False


def is_this_dump(meta: Meta, inventory: DumpInventory, stored: Load) -> bool:
    """Whether this is the load's dump, or what a cleaning, whole or cut short, left of a finished one's."""
    if stored.fingerprint == inventory.fingerprint:
        return True
    if stored.status != "finished" or stored.notes.get("dumped_at") != _dumped_at(inventory):
        return False
    loaded = {(file.name, file.file_bytes) for file in files.list_files(meta, stored.load_id)}
    beside = {place for name, _ in loaded if (place := _statement_place(name)) is not None}
    return all(
        (file.name, file.file_bytes) in loaded or not file.kind.holds_rows or _place(file.name) in beside
        for file in inventory.data_files
    )


def _statement_place(name: str) -> _Place | None:
    """Of a .dat file: what the statement looks like that is left when it is gone."""
    found = parse(name)
    if found is None or not isinstance(found.kind, DataFormat) or found.kind.statement is None:
        return None
    return found.kind.statement.named_like, found.schema, found.table


def _place(name: str) -> _Place | None:
    """Of a data file, as its name has it."""
    found = parse(name)
    if found is None or not isinstance(found.kind, DataFormat):
        return None
    return found.kind.ending, found.schema, found.table


def _dumped_at(inventory: DumpInventory) -> list[str | None]:
    return [inventory.metadata.started_at, inventory.metadata.finished_at]


def _notes(inventory: DumpInventory, plan: LoadPlan) -> dict[str, object]:
    return {
        "dumped_at": _dumped_at(inventory),
        "warnings": [*inventory.metadata.warnings, *inventory.warnings, *plan.warnings],
        "not_loaded": plan.not_loaded,
        **({"streamed": True} if any(file.file_id >= arrivals.FIRST_PLACE for file in plan.files) else {}),
    }


def _seal(meta: Meta, config: LoadConfig, inventory: DumpInventory, stored: Load) -> Load:
    """The dump is whole: hold what came of it against it, and write down what only now is known.

    Raises:
        CheckpointError: a file that rows are in of is not the dump's, or goes elsewhere (34018).
    """
    arrived = arrivals.list_arrived(meta, stored.load_id)
    whole = at_places(make_plan(inventory, stored_rules(stored)), {file.name: file.file_id for file in arrived})
    sizes = {file.name: arrivals.Found(file.file_bytes) for file in inventory.data_files}
    if others := arrivals.unlike(arrived, sizes):
        raise arrivals.changed(others[0].name)
    arrivals.check_as_planned(arrived, {file.file_id: file for file in whole.files})
    metadata = inventory.metadata
    loads.seal(
        meta,
        stored.load_id,
        fingerprint=inventory.fingerprint,
        binlog_name=metadata.binlog_name,
        binlog_pos=metadata.binlog_pos,
        binlog_gtid=metadata.binlog_gtid,
        notes={**stored.notes, **_notes(inventory, whole)},
    )
    files.register_files(meta, stored.load_id, file_rows(whole.files))
    return loads.get(meta, config)


def _write(meta: Meta, config: LoadConfig, inventory: DumpInventory, plan: LoadPlan) -> None:
    metadata = inventory.metadata
    loads.register(
        meta,
        config,
        fingerprint=inventory.fingerprint,
        binlog_name=metadata.binlog_name,
        binlog_pos=metadata.binlog_pos,
        binlog_gtid=metadata.binlog_gtid,
        notes=_notes(inventory, plan),
    )
