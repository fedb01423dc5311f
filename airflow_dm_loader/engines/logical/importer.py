"""Imports one share of a load's data files: the body of an import task."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.dump.schema_files import SchemaFile
from airflow_dm_loader.engines.base import ShareReport
from airflow_dm_loader.engines.logical.column_rules import by_rules
from airflow_dm_loader.engines.logical.columns_left_out import leaving_out, leaving_out_generated
from airflow_dm_loader.engines.logical.file_work import FileWork
from airflow_dm_loader.engines.logical.index_builder import index_builder
from airflow_dm_loader.engines.logical.kept_rows import Room
from airflow_dm_loader.engines.logical.load_context import LoadContext
from airflow_dm_loader.engines.logical.mask_keys import mask_key_of
from airflow_dm_loader.engines.logical.outlook import Outlook
from airflow_dm_loader.engines.logical.pool import ImportPool
from airflow_dm_loader.engines.logical.throttle import Throttle
from airflow_dm_loader.engines.logical.watch import Watch, check_replicas, limits_of
from airflow_dm_loader.errors import CheckpointError
from airflow_dm_loader.formats.base import TableColumns
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.plan.load_plan import LoadPlan, SourceTable, shares
from airflow_dm_loader.progress.forecast import ComparisonForecast, RowPace
from airflow_dm_loader.progress.speed import SpeedWindow, eta_s, make_status
from airflow_dm_loader.report import LoadStatus
from airflow_dm_loader.run import Dump, LoadRun
from airflow_dm_loader.settings.choices import OnSchemaChange
from airflow_dm_loader.state import chunks, conflicts, error_rows, files, history, lacking_columns, pace
from airflow_dm_loader.state.chunks import CommittedFile
from airflow_dm_loader.state.files import TableRow
from airflow_dm_loader.state.loads import Load
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.state.pace import Step
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.conversions import shapes_of
from airflow_dm_loader.target.merging import read_source
from airflow_dm_loader.target.schema import TableFacts, table_facts
from airflow_dm_loader.target.server import Server, ask_server
from airflow_dm_loader.target.session import (
    base_session,
    target_zone,
    user_time_zone,
    zone_in_words,
)


def file_shares(meta: Meta, load: Load, count: int) -> tuple[tuple[int, ...], ...]:
    """The file ids of each import task; the same for every task that asks."""
    rows = files.list_files(meta, load.load_id)
    return shares({row.file_id: row.file_bytes for row in rows}, count)


def import_share(
    run: LoadRun, share: int, dump: Dump, meta: Meta, load: Load, forecast: ComparisonForecast | None = None
) -> ShareReport:
    """Send what is not committed yet of a share's files. See :class:`ImportPool` for errors and stopping.

    Args:
        forecast: foretells the comparison that will follow; None: none will.
    """
    started = time.monotonic()
    config = run.config
    dealt = file_shares(meta, load, config.work.import_tasks)
    mine = set(dealt[share]) if share < len(dealt) else set()
    work = _work(meta, load, dump.plan, mine)
    others = files.other_sources(meta, config)
    server = ask_server(meta.db)
    tables = _tables(meta, load, work, dump.plan, dump.read_schema, others, utf8_alone=server.can.utf8_alone)
    if config.tables.on_schema_change is OnSchemaChange.IGNORE_COLUMNS:
        tables = leaving_out(tables, work, dump.plan, dump.read_schema, lacking_columns.left_out(load.notes))
    tables = leaving_out_generated(tables, work, dump.plan, dump.read_schema, dump.pieces)
    tables = by_rules(tables, work, dump.plan, dump.read_schema, mask_key_of(run, load, dump.plan))
    context = _context(run, server, meta, load, tables)
    watch = Watch(run, load.load_id, context.throttle, check_replicas(run), context.open_database)
    known = {table.home for table in dump.plan.tables}
    index_pace = pace.last(meta, config, Step.INDEXES, known, load_id=load.load_id)
    builder = index_builder(run, load, context.session, index_pace)
    outlook = Outlook(work, builder, forecast, _row_pace(meta, load, config, dump.plan))
    pool = ImportPool(
        context,
        builder,
        dump.storage,
        work,
        chunk_bytes=load.chunk_bytes,
        stop=run.stop,
        attempts=run.attempts,
        watch=watch,
    )
    error_rows.begin(meta, load.load_id, config.logical.max_error_rows)
    meta.db.commit()
    meta.db.close()  # an import may take longer than the server keeps an idle connection
    counts = pool.run(_ticker(pool, outlook, load, context.throttle, run.on_progress, run.progress_interval_s))
    if (built := outlook.index_pace) is not None:
        with context.open_database() as db:
            pace.keep(Meta(db, config.state.meta_schema), config, Step.INDEXES, built)
            db.commit()
    return ShareReport(
        share=share,
        rows_sent=counts.rows_sent,
        chunks_sent=counts.chunks_sent,
        chunks_skipped=counts.chunks_skipped,
        files_done=counts.files_done,
        file_bytes=pool.total_bytes,
        seconds=round(time.monotonic() - started, 3),
    )


def _row_pace(meta: Meta, load: Load, config: LoadConfig, plan: LoadPlan) -> RowPace:
    """How fast the rows of the last load of these tables went."""
    names = {table.home: table.key for table in plan.tables}
    known = history.last(meta, config, names, load_id=load.load_id)
    rates = {names[table]: rate for table, one in known.items() if (rate := one.seconds_per_byte) is not None}
    return RowPace(rates, config.work.pool_size)


def _context(run: LoadRun, server: Server, meta: Meta, load: Load, tables: Mapping[int, TableColumns]) -> LoadContext:
    config = run.config
    session = base_session(config, server)
    return LoadContext(
        load_id=load.load_id,
        run_id=run.worker.run_id,
        config=config,
        tables=tables,
        not_by_load_data=set(),
        load_data=config.logical.load_data and server.can.load_data_obstacle is None,
        default_time_zone=(zone := target_zone(meta.db)),
        zone_in_words=user_time_zone(config) or zone_in_words(meta.db, zone),
        server=server,
        room=Room(config.logical.keep_duplicate_rows, conflicts.kept(meta, load.load_id)),
        met=set(),
        checked_in_place=set(),
        group_small_files=server.can.undoes_statements,
        session=session,
        open_database=lambda: Database.open(run.target, session=session, stop=run.stop.is_set),
        throttle=Throttle(limits_of(config, server), config.work.pool_size, run.clock),
    )


def _tables(
    meta: Meta,
    load: Load,
    work: Iterable[FileWork],
    plan: LoadPlan,
    read: Callable[[str], SchemaFile],
    others: Mapping[TableName, object],
    *,
    utf8_alone: bool,
) -> dict[int, TableColumns]:
    """By file_id. A table's sources may have the same columns in another order: each file has its own source's.

    Args:
        others: the tables that other sources of the load task load into.
        utf8_alone: see :class:`~airflow_dm_loader.formats.base.TableColumns`.
    """
    stored = {row.key: row for row in files.list_tables(meta, load.load_id)}
    schemas = {schema for schema, _ in stored}
    facts = {schema: table_facts(meta.db, schema) for schema in schemas}
    nothing = TableFacts({}, {}, set(), {})
    merged = {source.key: source for table in plan.tables if len(table.sources) > 1 for source in table.sources}
    shared = {table.key for table in plan.tables if len(table.sources) > 1} | others.keys()
    dumped = {source.key: source for table in plan.tables for source in table.sources}
    by_source: dict[TableName, TableColumns] = {}
    found = {}
    for item in work:
        row, source = stored.get(item.table), item.planned.source.key
        if row is None:
            continue
        if source not in by_source:
            parsed = read_source(merged[source], read).parsed if source in merged else None
            filled = {extracted.column.lower() for extracted in item.planned.extracted}
            columns = parsed.row_columns if parsed is not None else row.row_columns
            by_source[source] = TableColumns(
                tuple(column for column in columns if column.lower() not in filled),
                (there := facts[row.schema].get(row.table, nothing)).types,
                row.empty_before,
                item.planned.extracted,
                there.auto_increment,
                there.charsets,
                needed=frozenset(there.needed),
                definitions=there.definitions,
                alone=row.empty_before and item.table not in shared,
                utf8_alone=utf8_alone,
                dumped_charsets=_dumped_charsets(row, dumped.get(source), read, merged=source in merged),
            )
        found[item.row.file_id] = by_source[source]
    return found


def _dumped_charsets(
    row: TableRow, source: SourceTable | None, read: Callable[[str], SchemaFile], *, merged: bool
) -> dict[str, str] | None:
    """column -> its charset in the dump, where the target's may be another one."""
    if source is None or (row.created and not merged):
        return None
    parsed = read_source(source, read).parsed
    if parsed is None:
        return None
    return {shape.name: shape.charset for shape in shapes_of(parsed) if shape.charset is not None}


def _work(meta: Meta, load: Load, plan: LoadPlan, mine: set[int]) -> list[FileWork]:
    committed = chunks.committed_files(meta, load.load_id)
    nothing = CommittedFile({})
    planned_files = {file.file_id: file for file in plan.files}
    work = []
    for row in files.list_files(meta, load.load_id):
        if row.file_id not in mine:
            continue
        planned = planned_files.get(row.file_id)
        if planned is None or planned.source.name != row.name:
            raise CheckpointError(f"the plan has no file {row.name!r} at place {row.file_id} any more")
        already = committed.get(row.file_id, nothing)
        finished_bytes = min(already.file_bytes, row.file_bytes)
        work.append(FileWork(planned, row, already.spans, finished_bytes, already.rows, done=row.done))
    return work


def _ticker(
    pool: ImportPool,
    outlook: Outlook,
    load: Load,
    throttle: Throttle,
    on_progress: Callable[[LoadStatus], None] | None,
    interval_s: float,
) -> Callable[[], None]:
    """Says how far the import is: at its start, every few seconds, and once at its end."""
    window = SpeedWindow()
    spoken_at = 0.0
    said: LoadStatus | None = None

    def tick() -> None:
        nonlocal spoken_at, said
        now = time.monotonic()
        finished = pool.finished_bytes
        at_end = finished >= pool.total_bytes and not pool.indexes_waiting
        newly_at_end = at_end and said is not None and (said.finished_bytes < finished or said.indexes_waiting > 0)
        if now - spoken_at < interval_s and not newly_at_end:
            return
        spoken_at = now
        bps = window.bps(finished)
        look = outlook.look(eta_s(pool.total_bytes - finished, bps))
        said = make_status(
            finished,
            pool.total_bytes,
            bps,
            done=at_end,
            meta_binlog=load.meta_binlog,
            meta_binlog_gtid=load.binlog_gtid,
            tables=look.tables,
            indexes_waiting=pool.indexes_waiting,
            index_seconds=look.index_seconds,
            comparison_seconds=look.comparison.seconds,
            slowed="" if at_end else throttle.reasons,
            row_seconds=look.row_seconds,
        )
        if on_progress is not None:
            on_progress(said)

    return tick
