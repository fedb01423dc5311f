"""Compares every table of a load with what was sent and with what the dump says, over several connections."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass

from airflow_dm_loader.config import Level, TargetConfig
from airflow_dm_loader.dump.create_table import parse_create_table
from airflow_dm_loader.dump.schema_files import SchemaFile
from airflow_dm_loader.dump.secondary_indexes import SecondaryIndex
from airflow_dm_loader.identifiers import Names, TableName
from airflow_dm_loader.plan.load_plan import LoadPlan, PlannedTable
from airflow_dm_loader.progress.table_clock import TableClock
from airflow_dm_loader.report import Finding, TableReport, some_of
from airflow_dm_loader.rules.skips import Skips
from airflow_dm_loader.run import Dump, LoadRun
from airflow_dm_loader.state import chunks, conflicts, files, holds, import_jobs, indexes, lacking_columns, pace
from airflow_dm_loader.state.chunks import TableTotals
from airflow_dm_loader.state.conflicts import Kind
from airflow_dm_loader.state.files import TableRow
from airflow_dm_loader.state.loads import Load
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.state.pace import Step
from airflow_dm_loader.target.answers import as_number, as_text, maybe
from airflow_dm_loader.target.capabilities import Flavour
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.merging import read_source
from airflow_dm_loader.target.schema import waiting_marks
from airflow_dm_loader.target.server import Server
from airflow_dm_loader.target.session import kept_session
from airflow_dm_loader.verify.checksums import flavour_of_create, flavour_of_dump, holds_other_nulls, unstable
from airflow_dm_loader.verify.conclusion import Findings
from airflow_dm_loader.verify.counts import Counts
from airflow_dm_loader.verify.definitions import defined_otherwise
from airflow_dm_loader.verify.expected import table_readings
from airflow_dm_loader.verify.lost_files import lost_rows
from airflow_dm_loader.verify.parts import still_waiting, what_it_lacks
from airflow_dm_loader.verify.progress import ComparisonProgress
from airflow_dm_loader.verify.source import Source, SourceComparer, source_tables
from airflow_dm_loader.verify.tables import TableFacts, compare_table, report_table

_TICK_S = 0.5
_SHOWN = 5
_READ_FOR_FLAVOUR = 20  # schema files, for each table whose checksum differs


def compare_tables(run: LoadRun, dump: Dump, meta: Meta, load: Load, server: Server) -> Findings:
    """Compare, and count the rows that were set aside; ``checksum=off`` compares nothing."""
    config, plan = run.config, dump.plan
    totals = {total.key: total for total in chunks.totals_by_table(meta, load.load_id)}
    pairs = [(table, totals.get(table.key) or _nothing_sent(table)) for table in plan.tables]
    if config.verify.checksum is Level.OFF:
        tables = tuple(report_table(total, "off", "off") for _, total in pairs)
    else:
        others = files.other_sources(meta, config)
        before = {row.key: row for row in files.list_tables(meta, load.load_id)}
        source = (
            Source(run.compare_with, source_tables(plan), run.stop.is_set, _not_loaded(load, plan))
            if run.compare_with is not None
            else None
        )
        dumped_of = flavour_of_dump(dump.inventory.metadata.binlog_gtid)
        held = holds.rows_before(meta, load.load_id)
        counts = Counts.of(dump)
        schema_files = tuple(table.schema_file for table in plan.tables if table.schema_file is not None)
        comparer = _Comparer(
            dump.read_schema,
            server,
            run.target,
            kept_session(config),
            before,
            others,
            source,
            dumped_of,
            held,
            counts,
            schema_files[:_READ_FOR_FLAVOUR],
            indexes.skipped(indexes.waiting_indexes(meta, load.load_id), config.logical.skips),
            {schema: waiting_marks(meta.db, schema) for schema in sorted({table.schema for table in plan.tables})},
            run.stop.is_set,
        )
        readings = table_readings(
            plan,
            files.list_files(meta, load.load_id),
            before=before,
            others=others,
            rows={table: total.rows for table, total in totals.items()},
        )
        step = Step.COMPARISON if run.compare_with is None else Step.COMPARISON_WITH_SOURCE
        before_this = pace.last(meta, config, step, {table.home for table in plan.tables}, load_id=load.load_id)
        clock = TableClock(config.work.pool_size, before=before_this)
        progress = ComparisonProgress(load, readings, clock, run.on_progress, run.progress_interval_s)
        tables = comparer.compare(pairs, config.work.pool_size, progress)
        if progress.pace is not None:
            pace.keep(meta, config, step, progress.pace)
    kept = {str(table): number for table, number in conflicts.kept(meta, load.load_id).items()}
    tables = tuple(table.model_copy(update={"kept": kept.get(table.table, 0)}) for table in tables)
    tables = _with_jobs(tables, import_jobs.finished_jobs(meta, load.load_id))
    obstacle = server.can.load_data_obstacle if config.logical.load_data else None
    slower = obstacle is not None and server.can.load_data_is_faster
    return Findings(
        tables=tables,
        conflicts=conflicts.count(meta, load.load_id),
        refused=conflicts.count(meta, load.load_id, Kind.REFUSED),
        found=(
            *_definitions(tables),
            *_skipped(meta, load, config.logical.skips),
            *_without_definitions(plan),
            *lost_rows(plan, pairs),
        ),
        warnings=(f"rows were sent as statements, which is slower: {obstacle}",) if slower else (),
    )


def _not_loaded(load: Load, plan: LoadPlan) -> dict[TableName, dict[str, str]]:
    """Table -> its columns whose values are not the source's -> why."""
    found = {table: dict.fromkeys(names, "not loaded") for table, names in lacking_columns.left_out(load.notes).items()}
    for table in plan.tables:
        for source in table.sources:
            if source.columns:
                found.setdefault(table.key, {}).update(source.columns.columns)
    return found


def _definitions(tables: Iterable[TableReport]) -> Iterator[Finding]:
    """What of a table's definition is not the dump's."""
    for table in tables:
        if table.lacks:
            text = f"lacks what the dump's CREATE TABLE has: {', '.join(table.lacks)}"
            yield Finding(kind="missing_parts", table=table.table, text=text)
        if table.otherwise:
            text = f"is defined otherwise than in the dump: {'; '.join(table.otherwise)}"
            yield Finding(kind="other_definition", table=table.table, text=text)


def _skipped(meta: Meta, load: Load, skips: Skips) -> Iterator[Finding]:
    """What tables lack since settings say so; a load without it is never verified whole."""
    for table, found in indexes.skipped(indexes.waiting_indexes(meta, load.load_id), skips).items():
        parts = [part for index in found for part in index.parts()]
        names = [f"{'foreign key' if part.is_foreign_key else 'index'} {part.name}" for part in parts]
        text = (
            f"not made, and so not verified ({skips}): {', '.join(names)}; a run with only=indexes, and without these "
            "settings, adds them"
        )
        yield Finding(kind="skipped_indexes", table=str(table), text=text)


def _without_definitions(plan: LoadPlan) -> Iterator[Finding]:
    """Tables of which nobody can say whether their columns take each value as it is."""
    names = [".".join(table.home) for table in plan.tables if table.has_data and table.schema_file is None]
    if names:
        text = (
            f"the dump has no CREATE TABLE of {some_of(names, _SHOWN)}: whether the target's columns, keys and "
            "charsets are the source's was not compared"
        )
        yield Finding(kind="definition_not_compared", text=text)


def _with_jobs(tables: tuple[TableReport, ...], jobs: Mapping[TableName, int]) -> tuple[TableReport, ...]:
    names = {str(table): job for table, job in jobs.items()}
    return tuple(
        table.model_copy(update={"import_job": names[table.table]}) if table.table in names else table
        for table in tables
    )


@dataclass(frozen=True, slots=True)
class _Comparer:
    """Compares tables over several connections: counting and summing up is the server's work."""

    read: Callable[[str], SchemaFile]
    server: Server
    target: TargetConfig
    session: Mapping[str, str | int]
    before: Mapping[TableName, TableRow]
    others: Mapping[TableName, tuple[str, ...]]
    source: Source | None
    dumped_of: Flavour | None
    rows_before: Mapping[TableName, int]  # of tables that held rows before the load
    counts: Counts
    schema_files: tuple[str, ...]  # of the first tables
    skipped: Mapping[TableName, Sequence[SecondaryIndex]]
    marks: Mapping[str, Names[tuple[str, ...]]]  # of each schema's tables, what their comments say is left for later
    stop: Callable[[], bool]

    def compare(
        self, pairs: list[tuple[PlannedTable, TableTotals]], connections: int, progress: ComparisonProgress
    ) -> tuple[TableReport, ...]:
        slices = [pairs[start::connections] for start in range(min(connections, len(pairs)))]
        with ThreadPoolExecutor(max(1, len(slices)), thread_name_prefix="dm-loader-verify") as threads:
            comparing = [threads.submit(self._compare_slice, some, progress.clock) for some in slices]
            while wait(comparing, _TICK_S, FIRST_EXCEPTION).not_done:
                progress.tick()
            reports = [report for found in comparing for report in found.result()]
        place = {str(table.key): place for place, (table, _) in enumerate(pairs)}
        return tuple(sorted(reports, key=lambda report: place[report.table]))

    def _compare_slice(self, pairs: list[tuple[PlannedTable, TableTotals]], clock: TableClock) -> list[TableReport]:
        with Database.open(self.target, session=self.session, stop=self.stop) as db, ExitStack() as stack:
            source = None
            if self.source is not None:
                source = stack.enter_context(self.source.comparer(self.target, self.session))
            reports = []
            for table, totals in pairs:
                clock.begin(table.key)
                reports.append(self._compare(db, source, table, totals))
                clock.end(table.key)
            return reports

    def _compare(
        self, db: Database, source: SourceComparer | None, table: PlannedTable, totals: TableTotals
    ) -> TableReport:
        key = table.key
        name = key.quoted
        before = self.before.get(key)
        facts = TableFacts(
            totals=totals,
            metadata=self.counts.metadata(table),
            may_be_uncounted=self.counts.may_lack_rows(table),
            empty_before=before is not None and before.empty_before,
            same_columns=before is not None and _same_columns(db, name, table, self.read, created=before.created),
            other_sources=self.others.get(key, ()),
            not_as_dumped=_altered(table),
            merged=len(table.sources) > 1,
            rows_before=self.rows_before.get(key),
        )
        no_checksum = not self.server.can.checksum_table
        report = compare_table(
            facts,
            count_rows=lambda: _number(db, f"SELECT COUNT(*) FROM {name}", 0) or 0,
            checksum=lambda: None if no_checksum else _number(db, f"CHECKSUM TABLE {name}", 1),
            no_alarm=lambda: self._no_alarm(db, table),
            compare_with_source=None if source is None else lambda: source.compare(*key),
        )
        existed = before is not None and not before.created
        return report.model_copy(
            update={
                "lacks": what_it_lacks(db, name, table, self.read),
                "otherwise": (
                    *still_waiting(self.marks[key.schema].get(key.table, ()), self.skipped.get(key, ())),
                    *(defined_otherwise(db, name, table, self.read) if existed else ()),
                ),
            }
        )

    def _no_alarm(self, db: Database, table: PlannedTable) -> str:
        """Why another checksum says nothing of the table's rows; "": it says that they differ."""
        key = table.key
        if reason := unstable(db, self.server.can, *key):
            return reason
        dumped_of = self.dumped_of or self._flavour_by_create(table)
        if dumped_of is self.server.flavour or not holds_other_nulls(db, *key):
            return ""
        of = "of another kind of server" if dumped_of else "perhaps of another kind of server"
        return f"the dump is {of}, whose CHECKSUM TABLE sums up NULLs of fixed length differently"

    def _flavour_by_create(self, table: PlannedTable) -> Flavour | None:
        """By what its CREATE looks like, else by the dump's other tables'."""
        files = [table.schema_file, *self.schema_files]
        texts = (self.read(name).create.decode("utf-8", "surrogateescape") for name in files if name is not None)
        return next(filter(None, map(flavour_of_create, texts)), None)


def _altered(table: PlannedTable) -> tuple[str, ...]:
    said = dict.fromkeys(said for source in table.sources for said in source.columns.columns)
    return tuple(f"values of column {column} are {what}" for column, what in said)


def _number(db: Database, sql: str, column: int) -> int | None:
    row = db.one(sql, shape=(*(as_text,) * column, maybe(as_number)))
    return None if row is None or row[column] is None else int(row[column])


def _same_columns(
    db: Database, name: str, table: PlannedTable, read: Callable[[str], SchemaFile], *, created: bool
) -> bool:
    """Whether the target's table defines its columns as the dump does, all of its sources, in their order."""
    if table.extracted_columns:
        return False
    if created and len(table.sources) == 1:
        return True
    dumped = [read_source(source, read).parsed for source in table.sources]
    if created:
        there = dumped[0]
    else:
        row = (
            db.one(f"SHOW CREATE TABLE {name}", shape=(as_text, as_text, ...))
            if table.schema_file is not None
            else None
        )
        there = parse_create_table(str(row[1])) if row is not None else None
    return there is not None and all(parsed is not None and parsed.columns == there.columns for parsed in dumped)


def _nothing_sent(table: PlannedTable) -> TableTotals:
    return TableTotals(table.schema, table.table, 0, 0, 0, 0, 0, 0.0, "")
