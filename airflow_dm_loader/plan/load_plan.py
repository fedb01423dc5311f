"""What goes where: the dump's databases, tables, views and data files with their targets."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from airflow_dm_loader.dump.filenames import Compression, FileKind
from airflow_dm_loader.dump.inventory import DataFile, DumpInventory
from airflow_dm_loader.dump.metadata import TableMetadata
from airflow_dm_loader.errors import DumpFormatError

LARGE_TABLE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class PlannedDatabase:
    """A database to create; without a schema file it gets the server's defaults."""

    schema: str
    schema_file: str | None


@dataclass(frozen=True, slots=True)
class PlannedTable:
    """A target table; without a schema file the target must have it."""

    schema: str
    table: str
    schema_file: str | None
    has_data: bool
    metadata: TableMetadata | None
    file_bytes: int = 0  # stored bytes of its data files

    @property
    def is_large(self) -> bool:
        """Whether it is worth an ALTER of its own to build indexes after the rows."""
        return self.file_bytes >= LARGE_TABLE_BYTES


@dataclass(frozen=True, slots=True)
class PlannedView:
    """A view to create once all tables are there."""

    schema: str
    view: str
    schema_file: str


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A data file and the table that it goes to. ``file_id`` is its place in the plan."""

    file_id: int
    source: DataFile
    schema: str
    table: str


@dataclass(frozen=True)
class LoadPlan:
    """Everything that a load does, in a deterministic order."""

    databases: tuple[PlannedDatabase, ...]
    tables: tuple[PlannedTable, ...]
    views: tuple[PlannedView, ...]
    files: tuple[PlannedFile, ...]


def make_plan(inventory: DumpInventory) -> LoadPlan:
    """Plan the load of a dump; a data file in a form that can't be loaded is refused by name."""
    for file in inventory.data_files:
        _check_loadable(file)
    files = tuple(
        PlannedFile(file_id, file, file.schema, file.table) for file_id, file in enumerate(inventory.data_files)
    )
    data_bytes: dict[tuple[str, str], int] = defaultdict(int)
    for planned in files:
        data_bytes[planned.schema, planned.table] += planned.source.file_bytes
    tables = tuple(
        PlannedTable(
            schema=schema,
            table=table,
            schema_file=inventory.table_schemas.get((schema, table)),
            has_data=(schema, table) in data_bytes,
            metadata=inventory.metadata.tables.get((schema, table)),
            file_bytes=data_bytes.get((schema, table), 0),
        )
        for schema, table in sorted({*inventory.table_schemas, *data_bytes})
    )
    views = tuple(PlannedView(schema, view, name) for (schema, view), name in sorted(inventory.views.items()))
    schemas = {*inventory.database_schemas, *(table.schema for table in tables), *(view.schema for view in views)}
    databases = tuple(PlannedDatabase(schema, inventory.database_schemas.get(schema)) for schema in sorted(schemas))
    return LoadPlan(databases, tables, views, files)


def shares(file_bytes: dict[int, int], count: int) -> tuple[tuple[int, ...], ...]:
    """Deal files out to ``count`` import tasks: the largest first, each to the task that has least.

    Args:
        file_bytes: file_id -> stored bytes.
        count: how many tasks are wanted; fewer come back where there are fewer files, but at least one.
    """
    count = max(1, min(count, len(file_bytes)))
    dealt: dict[int, list[int]] = defaultdict(list)
    load = [0] * count
    for file_id, size in sorted(file_bytes.items(), key=lambda item: (-item[1], item[0])):
        least = load.index(min(load))
        dealt[least].append(file_id)
        load[least] += max(size, 1)
    return tuple(tuple(dealt[share]) for share in range(count))


def _check_loadable(file: DataFile) -> None:
    if file.kind is not FileKind.DATA_SQL:
        raise DumpFormatError(
            f"data files of this kind ({file.kind}) can't be loaded yet",
            file=file.name,
            remedy="Dump as SQL: dumpling --filetype sql; mydumper without --csv, --load-data and --format.",
        )
    if file.compression not in {Compression.NONE, Compression.GZIP, Compression.ZSTD}:
        raise DumpFormatError(
            f"data files compressed with {file.compression} can't be loaded yet",
            file=file.name,
            remedy="Compress with gzip or zstd, or not at all.",
        )
