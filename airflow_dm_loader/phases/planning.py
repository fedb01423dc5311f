"""The dry run: what a load would do, found out without changing anything."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.dump.inventory import DumpInventory
from airflow_dm_loader.engines.registry import engine_of
from airflow_dm_loader.errors import ConfigError, LoaderError, RetriableError
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.phases import existing, foretelling, guarding, programs, schema_changes, swapping
from airflow_dm_loader.phases.drafting import Drafting
from airflow_dm_loader.phases.foreign import what_the_target_has_not
from airflow_dm_loader.phases.foretelling import Duration
from airflow_dm_loader.plan.load_plan import LoadPlan
from airflow_dm_loader.report import DumpPlan, TablePlan
from airflow_dm_loader.run import Dump, LoadRun
from airflow_dm_loader.state import arrivals, files, lacking_columns, loads, swaps
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.state.migrating import check_whole
from airflow_dm_loader.state.migrations import VERSION
from airflow_dm_loader.state.registration import check_same_dump, is_this_dump
from airflow_dm_loader.state.updating import check_update
from airflow_dm_loader.target import swap as swap_target
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.drafts import SchemaDraft
from airflow_dm_loader.target.server import Server
from airflow_dm_loader.target.session import fitting_chunks
from airflow_dm_loader.target.unique_keys import count_rows


def plan_load(run: LoadRun) -> DumpPlan:
    """What :func:`~airflow_dm_loader.loader.plan_dump` returns."""
    config, dump = run.config, run.open_dump()
    inventory, plan = dump.inventory, dump.plan
    engine = engine_of(config)
    problems: list[str] = []
    warnings = [*inventory.metadata.warnings, *inventory.warnings, *plan.warnings, *map(str, plan.gaps)]
    draft, swap, live = None, "", None
    held: tuple[existing.ExistingRows, ...] = ()
    guard: tuple[str, ...] = ()
    with run.open_meta() as meta:
        drafting = Drafting.at(meta.db, config, dump.read_schema)
        placed = _placed(meta, config, dump, drafting.server)
        stored = _stored(meta, fitting_chunks(config, drafting.server), inventory, placed, problems)
        with Database.open(run.target, session=drafting.session, stop=run.stop.is_set) as db:
            try:
                warnings += engine.check_server(drafting.server)
                engine.check_dump(run, dump)
                ids = _stored_loads(meta, config, inventory)
                going_on = ids["load_id"]
                rows = files.list_tables(meta, going_on) if going_on is not None else ()
                places = {table.home: table.key for table in placed.tables} if config.swaps else {}
                former = swaps.former_tables(meta) if config.swaps and meta.version == VERSION else set()
                if config.swaps:
                    swapping.check_can_swap(
                        db, drafting.server, placed, places, former, rebuild=config.tables.swap_rebuild
                    )
                    swap, live = swapping.in_words(db, config, placed, former), swapping.live_names(db, placed)
                recreated = existing.to_recreate(meta, config, placed)
                ours = {row.key for row in rows}
                if foreign := what_the_target_has_not(db, drafting, placed):
                    warnings.append(f"of the dump, {foreign}")
                draft = drafting.draft(db, placed, ours, places, recreated, _left_out(meta, config, going_on))
                swapping.refuse_sequences(config, draft)
                asked = programs.read(dump, drafting.server)
                needs = (
                    *engine.privileges(run, placed, db),
                    *swapping.needs(config, placed, db, former, triggers=drafting.server.can.programs),
                    *programs.needs(db, drafting.server, config, asked),
                )
                warnings += drafting.check(db, placed, draft, needs)
                programs.check(db, drafting.server, config, asked)
                warnings += map(str, programs.told(config, asked))
                if not engine.makes_tables and not config.swaps:
                    held = existing.look(meta, config, plan, draft, **ids)
                    warnings += existing.worth_a_warning(held)
                rows_held = {found.table.key: found.rows for found in held}
                if config.swaps and config.guard_rules is not None:
                    there = [table.home for table in placed.tables if swap_target.is_there(db, table.home)]
                    rows_held = {table: count_rows(db, *table) for table in there}
                guard = guarding.foretell(meta, config, dump, rows_held, going_on)
            except RetriableError:
                raise
            except LoaderError as error:
                problems.append(str(error))
        report = _report(run, dump, draft, stored, problems, warnings)
        if live is not None:  # what exists is what readers know, not what would be made for the swap
            tables = (table.model_copy(update={"exists": table.table in live}) for table in report.tables)
            report = report.model_copy(update={"tables": tuple(tables)})
        takes = _takes(meta, config, plan, report)
    return report.model_copy(
        update={
            "existing_rows": tuple(map(str, held)),
            "schema_changes": tuple(schema_changes.in_words(draft)) if draft is not None else (),
            "swap": swap,
            "guard": guard,
            "duration": str(takes or ""),
            "duration_s": takes.seconds if takes is not None else None,
        }
    )


def _left_out(meta: Meta, config: LoadConfig, load_id: int | None) -> dict[TableName, tuple[str, ...]]:
    stored = loads.find(meta, config) if load_id is not None else None
    return lacking_columns.left_out(stored.notes) if stored is not None else {}


def _takes(meta: Meta, config: LoadConfig, plan: LoadPlan, report: DumpPlan) -> Duration | None:
    """None: it can't be known, or what is stored can't be read, which is told elsewhere."""
    try:
        if not guarding.keeps_history(meta):
            return None
        stored = loads.find(meta, config)
        tables = dict(zip((table.key for table in plan.tables), report.tables, strict=True))
        return foretelling.foretell(meta, config, tables, stored.load_id if stored is not None else None)
    except RetriableError:
        raise
    except LoaderError:
        return None


def _placed(meta: Meta, config: LoadConfig, dump: Dump, server: Server) -> LoadPlan:
    """The plan, with the tables that rows go to at first, where the load swaps."""
    if config.swaps:
        with suppress(LoaderError):  # of state that can't be read; that is told where it is looked at
            version = meta.version
            found = swaps.find(meta, config.what.task_name, config.what.source_id) if version == VERSION else None
            if found is not None and found.state == swaps.OPEN:
                return found.shadows.place(dump.plan)
    return swapping.trial(config, dump, server).plan


def refuse_dry_run(config: LoadConfig) -> None:
    """For phases that change something: a dry run ends before them."""
    if config.what.dry_run:
        raise ConfigError(
            "dry_run: this run may change nothing, so it ends here",
            remedy="Trigger the load without dry_run. In Python, plan_dump() is the dry run.",
        )


def _stored(meta: Meta, config: LoadConfig, inventory: DumpInventory, plan: LoadPlan, problems: list[str]) -> str:
    """What the state tables know of the load; a reason to refuse it goes into ``problems``."""
    try:
        version = meta.version
        if version is not None:
            check_whole(meta.db, meta.schema, version)
    except LoaderError as error:
        problems.append(str(error))
        return "what is stored can't be read, and the load would be refused"
    if version is not None and version < VERSION:
        return f"{meta.schema} is of version {version}: the load would first bring it to {VERSION}, and then look at it"
    stored = loads.find(meta, config) if version is not None else None
    if stored is None:
        return "nothing is stored: the load would start"
    if config.state.remove_meta:
        return f"stored as {stored.status}, and would be forgotten: remove_meta is set"
    if not stored.is_sealed:
        begun = sum(file.begun for file in arrivals.list_arrived(meta, stored.load_id))
        return f"stored as {stored.status}, begun while the dump was being made: {begun} data files have rows in"
    try:
        if not is_this_dump(meta, inventory, stored):
            if stored.status not in {"init", "finished"}:
                check_same_dump(stored, inventory)
            return f"another dump is stored as {stored.status}: the load would start afresh"
        update = check_update(meta, config, inventory, plan, stored) if _is_whole(stored, inventory) else None
    except LoaderError as error:
        problems.append(str(error))
        return f"stored as {stored.status}, and the load would be refused"
    done = sum(row.done for row in files.list_files(meta, stored.load_id))
    if stored.status == "finished":
        return "stored as finished: nothing would be sent"
    return f"stored as {stored.status}: the load would go on, {done} data files are in" + (
        f"; {update}" if update is not None and str(update) else ""
    )


def _stored_loads(meta: Meta, config: LoadConfig, inventory: DumpInventory) -> dict[str, int | None]:
    """The load that would go on, or the one that would be forgotten; as :func:`existing.look` takes them."""
    stored = loads.find(meta, config) if meta.exists() else None
    if stored is None:
        return {"load_id": None}
    if config.state.remove_meta or not is_this_dump(meta, inventory, stored):
        return {"load_id": None, "without": stored.load_id}
    return {"load_id": stored.load_id}


def _is_whole(stored: loads.Load, inventory: DumpInventory) -> bool:
    return stored.fingerprint == inventory.fingerprint


def _report(
    run: LoadRun,
    dump: Dump,
    draft: SchemaDraft | None,
    stored: str,
    problems: list[str],
    warnings: list[str],
) -> DumpPlan:
    plan, left_out, metadata = dump.plan, dump.plan.left_out, dump.inventory.metadata
    drafts = {found.planned.home: found for found in draft.tables} if draft else {}
    counts = Counter(file.key for file in plan.files)
    tables = []
    for table in plan.tables:
        drafted = drafts.get(table.key)
        tables.append(
            TablePlan(
                table=table.name,
                sources=tuple(source.name for source in table.sources),
                files=counts[table.key],
                file_bytes=table.file_bytes,
                rows=table.metadata.rows if table.metadata is not None else None,
                exists=drafted.exists if drafted is not None else None,
                filled=table.extracted_columns,
                indexes_after_rows=len(drafted.indexes) if drafted is not None else 0,
            )
        )
    return DumpPlan(
        task_name=run.config.what.task_name,
        source_id=run.config.what.source_id,
        target=run.target.address,
        stored=stored,
        databases=tuple(found.schema for found in draft.databases) if draft else (),
        tables=tuple(tables),
        views=tuple(f"{found.planned.schema}.{found.planned.view}" for found in draft.views) if draft else (),
        files=len(plan.files),
        file_bytes=plan.file_bytes,
        filtered=(*(f"{schema}.*" for schema in left_out.databases), *left_out.tables, *left_out.views),
        filtered_files=len(left_out.data_files),
        filtered_bytes=left_out.file_bytes,
        not_loaded=plan.not_loaded,
        problems=tuple(problems),
        warnings=tuple(warnings),
        binlog_name=metadata.binlog_name,
        binlog_pos=metadata.binlog_pos,
        binlog_gtid=metadata.binlog_gtid,
    )
