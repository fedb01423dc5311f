"""Makes the plan of a load: filters, then routes, over everything that the dump has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.dump.data_formats import DECODED, Compression
from airflow_dm_loader.dump.inventory import PROGRAMS, DataFile, DumpInventory, ProgramFile
from airflow_dm_loader.dump.optional_codecs import EXTRAS
from airflow_dm_loader.errors import ConfigError, DumpFormatError, SchemaMissingError, visible
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.plan.column_rules import ColumnRuler
from airflow_dm_loader.plan.filters import TableFilter, owner_of
from airflow_dm_loader.plan.load_plan import (
    LeftOut,
    LoadPlan,
    PlannedDatabase,
    PlannedFile,
    PlannedSequence,
    PlannedTable,
    PlannedView,
    SourceTable,
    merged_metadata,
)
from airflow_dm_loader.plan.router import ROUTER_CODE, Placement, Router
from airflow_dm_loader.report import some_of
from airflow_dm_loader.rules.csv_format import CsvFormat


def make_plan(inventory: DumpInventory, config: LoadConfig) -> LoadPlan:
    """Plan the load of a dump: ``block_allow_list`` by the source's names, then ``routes``.

    Raises:
        ConfigError: routes contradict each other, or put two things in one place (20045).
        DumpFormatError: a data file that is to be loaded has a form that can't be.
    """
    return _Planner(inventory, config).plan()


class _Planner:
    def __init__(self, inventory: DumpInventory, config: LoadConfig) -> None:
        self._inventory = inventory
        self._csv = config.reading.csv_format
        self._charset = config.reading.data_character_set
        self._reads_files = config.what.import_mode.reads_files  # else TiDB or Lightning does, and checks are its own
        self._filter = TableFilter(config.where.block_allow_list, case_sensitive=config.where.case_sensitive)
        self._router = Router(config)
        self._columns = ColumnRuler(config)
        self._meta_schema = config.state.meta_schema
        self._loaded_programs = config.tables.objects.loaded
        self._protected: dict[str, str] = {}  # schema -> whose it is: what was left out for that
        sources = sorted({*inventory.table_schemas, *(file.key for file in inventory.data_files)})
        self._tables = self._placed(sources)
        self._views = self._placed(sorted(inventory.views))
        self._makes_sequences = config.what.import_mode.makes_sequences
        self._sequences = self._placed(sorted(inventory.sequences))
        self._filtered_tables = tuple(str(key) for key in sources if key not in self._tables)

    def plan(self) -> LoadPlan:
        files = tuple(
            PlannedFile(
                file_id,
                file,
                to.schema,
                to.table,
                to.extracted,
                self._csv_of(file),
                self._charset,
                self._columns.of(*file.key),
            )
            for file_id, file in enumerate(self._inventory.data_files)
            if (to := self._tables.get(file.key)) is not None and self._holds_rows(file)
        )
        if self._reads_files:
            for file in files:
                _check_loadable(file.source)
            self._check_statements_are_used()
        self._check_nothing_is_missing()
        tables = self._plan_tables(files)
        views = tuple(
            PlannedView(*key, self._inventory.views[key]) for key, to in self._views.items() if _stays(key, to)
        )
        sequences = tuple(
            PlannedSequence(key, self._inventory.sequences[key])
            for key, to in self._sequences.items()
            if self._makes_sequences and _stays(key, to)
        )
        databases = self._plan_databases(tables, views, {sequence.key.schema for sequence in sequences})
        _check_places(databases, tables, views)
        programs = self._plan_programs()
        left_out = self._left_out(databases, programs)
        warnings = tuple(map(visible, self._warnings(left_out)))
        kinds = {
            kind: len(names) for kind, names in self._inventory.not_loaded.items() if not self._loads_programs(kind)
        }
        if left := kinds.pop(_SEQUENCES, 0) - len(sequences):
            kinds[_SEQUENCES] = left
        gaps = tuple(gap for gap in self._inventory.gaps if gap.key in self._tables)
        return LoadPlan(databases, tables, views, files, left_out, warnings, gaps, kinds, sequences, programs)

    def _placed(self, keys: Sequence[TableName]) -> dict[TableName, Placement]:
        """What passes the filter, with its place; nothing goes into a schema that is not a user's."""
        places = {}
        for key in keys:
            if self._filter.passes(*key):
                place = self._router.place(*key)
                if not self._is_protected(key[0], place.schema):
                    places[key] = place
        return places

    def _is_protected(self, schema: str, target: str) -> bool:
        """Whether the target is no user's schema: as the dump has it, that is left out; routes may not say it.

        Raises:
            ConfigError: a route leads there (20045).
        """
        owner = owner_of(target, self._meta_schema)
        if owner is None:
            return False
        if schema != target:
            raise ConfigError(
                f"routes put {schema} into the schema {target}, which is {owner}",
                code=ROUTER_CODE,
                remedy="Route it into a schema of your own.",
            )
        self._protected[schema] = owner
        return True

    def _holds_rows(self, file: DataFile) -> bool:
        """A LOAD DATA statement is read with the file that it is for."""
        return not (self._reads_files and not file.kind.holds_rows)

    def _check_nothing_is_missing(self) -> None:
        """A table with rows that metadata names must be in the folder with one file at least."""
        there = self._inventory.tables
        for key, found in sorted(self._inventory.metadata.tables.items()):
            protected = owner_of(key[0], self._meta_schema) is not None
            if found.rows and not found.is_view and key not in there and self._filter.passes(*key) and not protected:
                raise SchemaMissingError(
                    f"metadata counts {found.rows} rows of {key}, and no file of it is in the dump",
                    table=str(key),
                    remedy="Put its files back, or dump again. To load without it, leave it out by ignore-tables of "
                    "block_allow_list.",
                )

    def _check_statements_are_used(self) -> None:
        """Each file of LOAD DATA statements must be that of a .dat, else what it reads would be left out."""
        files = [file for file in self._inventory.data_files if file.key in self._tables]
        used = {file.companion.name for file in files if file.companion is not None}
        for file in files:
            if not file.kind.holds_rows and file.name not in used:
                raise DumpFormatError(
                    "each .dat file of this table has a LOAD DATA statement in another file, so what is this one for?",
                    file=file.name,
                    remedy="Take it out of the dump if it is a leftover; if a .dat file is missing, put it back.",
                )

    def _csv_of(self, file: DataFile) -> CsvFormat | None:
        return self._csv if file.kind.by_csv else None

    def _plan_tables(self, files: tuple[PlannedFile, ...]) -> tuple[PlannedTable, ...]:
        file_bytes: dict[TableName, int] = defaultdict(int)
        for file in files:
            file_bytes[file.source.key] += file.source.file_bytes
        sources: dict[TableName, list[SourceTable]] = defaultdict(list)
        for key, to in self._tables.items():
            sources[to.key].append(
                SourceTable(
                    *key,
                    schema_file=self._inventory.table_schemas.get(key),
                    metadata=self._inventory.metadata.tables.get(key),
                    file_bytes=file_bytes.get(key, 0),
                    has_data=key in file_bytes,
                    extracted=to.extracted,
                    columns=self._columns.of(*key),
                )
            )
        return tuple(
            PlannedTable(
                schema,
                table,
                schema_file=next((source.schema_file for source in found if source.schema_file is not None), None),
                has_data=any(source.has_data for source in found),
                metadata=merged_metadata(tuple(found)),
                file_bytes=sum(source.file_bytes for source in found),
                sources=tuple(found),
            )
            for (schema, table), found in sorted(sources.items())
        )

    def _plan_databases(
        self, tables: tuple[PlannedTable, ...], views: tuple[PlannedView, ...], of_sequences: set[str]
    ) -> tuple[PlannedDatabase, ...]:
        """The databases that tables and views need, each by the first of its sources that the dump creates.

        A database of the dump from which everything is routed away is not created; one that has nothing is.
        """
        created = self._inventory.database_schemas
        needed = {*(table.schema for table in tables), *(view.schema for view in views), *of_sequences}
        files: dict[str, list[str]] = {schema: [] for schema in sorted(needed)}
        for schema in sorted(files.keys() & created.keys()):
            files[schema].append(created[schema])
        for (schema, _), to in sorted(self._tables.items()):
            if schema in created:
                files[to.schema].append(created[schema])
        occupied = {schema for schema, _ in (*self._inventory.table_schemas, *self._inventory.views)}
        occupied |= {file.schema for file in self._inventory.data_files}
        for schema in sorted(created.keys() - occupied):
            if self._filter.passes_schema(schema):
                target = self._router.place_schema(schema)
                if not self._is_protected(schema, target):
                    files.setdefault(target, []).append(created[schema])
        return tuple(PlannedDatabase(schema, found[0] if found else None) for schema, found in sorted(files.items()))

    def _loads_programs(self, kind: str) -> bool:
        """Whether all that files of this kind hold is loaded."""
        return kind in PROGRAMS.values() and self._loaded_programs.issuperset(kind.split(" and "))

    def _plan_programs(self) -> tuple[ProgramFile, ...]:
        """The files of programs that pass the filter and stay where they are: their statements name tables."""
        return tuple(file for file in self._inventory.programs if self._has_programs(file) and self._keeps_place(file))

    def _has_programs(self, file: ProgramFile) -> bool:
        if owner_of(file.schema, self._meta_schema) is not None or not self._filter.passes_schema(file.schema):
            return False
        return file.table is None or (file.schema, file.table) in self._tables

    def _keeps_place(self, file: ProgramFile) -> bool:
        if file.table is not None:
            key = TableName(file.schema, file.table)
            return _stays(key, self._tables[key])
        return self._router.place_schema(file.schema) == file.schema and all(
            _stays(key, to) for key, to in self._tables.items() if key[0] == file.schema
        )

    def _left_out(self, databases: tuple[PlannedDatabase, ...], programs: Collection[ProgramFile]) -> LeftOut:
        inventory = self._inventory
        files = [file for file in inventory.data_files if file.key not in self._tables]
        schemas = {*inventory.database_schemas, *(schema for schema, _ in (*inventory.table_schemas, *inventory.views))}
        schemas |= {file.schema for file in inventory.data_files}
        kept = {schema for schema, _ in (*self._tables, *self._views)} | {database.schema for database in databases}
        return LeftOut(
            databases=tuple(sorted(schema for schema in schemas - kept if not self._filter.passes_schema(schema))),
            tables=self._filtered_tables,
            views=tuple(str(key) for key in sorted(inventory.views) if key not in self._views),
            routed_views=tuple(str(key) for key, to in self._views.items() if not _stays(key, to)),
            routed_programs=tuple(
                file.name for file in inventory.programs if self._has_programs(file) and file not in programs
            )
            if self._loaded_programs
            else (),
            programs=tuple(file.name for file in inventory.programs if not self._has_programs(file))
            if self._loaded_programs
            else (),
            data_files=tuple(file.name for file in files),
            file_bytes=sum(file.file_bytes for file in files),
        )

    def _warnings(self, left_out: LeftOut) -> Iterator[str]:
        for schema, owner in sorted(self._protected.items()):
            yield f"the schema {schema} of the dump is left out: it is {owner}"
        for name in left_out.routed_views:
            yield (
                f"the view {name} is not created: routes would move it, and its statement names the source's tables. "
                "Create it by hand, or leave it out with ignore-tables"
            )
        yield from self._left_to_people()
        for route in self._router.unused():
            yield f"no table of the dump matches the route {route}"
        unmatched: dict[tuple[str, str], int] = defaultdict(int)
        for to in self._tables.values():
            for found in to.extracted:
                if found.unmatched is not None:
                    unmatched[found.column, found.unmatched] += 1
        for (column, reason), tables in unmatched.items():
            yield f"column {column!r} is empty in all rows of {tables} source table(s), as in DM: {reason}"

    def _left_to_people(self) -> Iterator[str]:
        """What tables may need, and this load does not create."""
        for key, to in self._sequences.items():
            if self._makes_sequences and not _stays(key, to):
                yield (
                    f"the sequence {key} is not created: routes would move it, and defaults of tables name "
                    "it where it was. Create it by hand"
                )
        for what, remedy in _BY_HAND.items():
            files = self._inventory.not_loaded.get(what, ())
            if files and not (what == _SEQUENCES and self._makes_sequences):
                yield f"the dump's {what} are not loaded: {remedy} ({some_of(files, _SHOWN)})"


_SHOWN = 3
_SEQUENCES = "sequences"
# What tables may need, and a load does not create.
_BY_HAND = {
    _SEQUENCES: "run their files in the target, before rows that take numbers from them",
    "placement policies": 'run their files in the target first, or set session = {"tidb_placement_mode": "IGNORE"}',
}


def _stays(key: TableName, to: Placement) -> bool:
    return key == to.key


def _check_places(
    databases: tuple[PlannedDatabase, ...], tables: tuple[PlannedTable, ...], views: tuple[PlannedView, ...]
) -> None:
    """Refuse what routes put in one place; tables that they merge are one already."""
    places: set[tuple[str, ...]] = {(database.schema,) for database in databases}
    for name in [table.key for table in tables] + [(view.schema, view.view) for view in views]:
        if name in places:
            raise ConfigError(
                f"routes put a table where the dump has the view {'.'.join(name)}",
                code=ROUTER_CODE,
                remedy="Give them different names in routes.",
            )
        places.add(name)


def _check_loadable(file: DataFile) -> None:
    """Raises DumpFormatError; and ConfigError where a package is missing that reads it."""
    if file.kind.reader is None:
        raise DumpFormatError(
            f"data files of this kind ({file.kind}) can't be loaded yet",
            file=file.name,
            remedy="Dump as SQL or CSV: dumpling --filetype sql, or csv.",
        )
    if file.kind.statement is not None and file.companion is None:
        raise DumpFormatError(
            "the .sql file beside it is missing, which says how it reads: mydumper puts its LOAD DATA statement there",
            file=file.name,
            remedy="Put the file back, or dump again.",
        )
    if file.kind.codec_first and file.compression is not Compression.NONE:
        raise DumpFormatError(
            f"the file is compressed as a whole, with {file.compression}, and {file.kind} must not be",
            file=file.name,
            remedy="Decompress it; Parquet compresses inside of the file.",
        )
    if file.kind.extra is not None:
        file.kind.extra.check(f"reading {file.kind}", file.name)
    if file.compression not in DECODED:
        raise DumpFormatError(
            f"data files compressed with {file.compression} can't be loaded yet",
            file=file.name,
            remedy="Compress with gzip or zstd, or not at all.",
        )
    if (extra := EXTRAS.get(file.compression)) is not None:
        extra.check(f"reading {file.compression} files", file.name)
