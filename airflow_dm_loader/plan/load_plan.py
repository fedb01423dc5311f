"""What goes where: the dump's databases, tables, views and data files with their targets."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from airflow_dm_loader.dump.file_numbers import NumberGap
from airflow_dm_loader.dump.inventory import DataFile, ProgramFile
from airflow_dm_loader.dump.metadata import TableMetadata
from airflow_dm_loader.identifiers import OfTable, TableName
from airflow_dm_loader.plan.column_rules import NO_RULES, ColumnRules
from airflow_dm_loader.plan.router import Extracted
from airflow_dm_loader.rules.csv_format import CsvFormat

LARGE_TABLE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class PlannedDatabase:
    """A database to create; without a schema file it gets the server's defaults."""

    schema: str
    schema_file: str | None


@dataclass(frozen=True, slots=True)
class SourceTable(OfTable):
    """A table of the dump, by its own name; its rows get ``extracted`` besides."""

    schema: str
    table: str
    schema_file: str | None
    metadata: TableMetadata | None = None
    file_bytes: int = 0  # stored bytes of its data files
    has_data: bool = False
    extracted: tuple[Extracted, ...] = ()
    columns: ColumnRules = NO_RULES  # what becomes of some of its columns

    @property
    def name(self) -> str:
        """``schema.table``, for people."""
        return str(self.key)


@dataclass(frozen=True, slots=True)
class PlannedTable(OfTable):
    """A target table; without a schema file the target must have it.

    ``metadata`` is what the dump says of all its sources together.
    """

    schema: str
    table: str
    schema_file: str | None
    has_data: bool
    metadata: TableMetadata | None
    file_bytes: int = 0  # stored bytes of its data files
    sources: tuple[SourceTable, ...] = ()  # sorted; several where routes merge them
    live: TableName | None = None  # the table that this one will replace, once it is filled and compared

    @property
    def home(self) -> TableName:
        """Schema and name under which readers find its rows in the end."""
        return self.live or self.key

    @property
    def is_large(self) -> bool:
        """Whether it is worth an ALTER of its own to build indexes after the rows."""
        return self.file_bytes >= LARGE_TABLE_BYTES

    @property
    def name(self) -> str:
        """``schema.table``, for people."""
        return str(self.key)

    @property
    def extracted_columns(self) -> tuple[str, ...]:
        """The columns that routes fill, of any of its sources."""
        return tuple(dict.fromkeys(found.column for source in self.sources for found in source.extracted))


@dataclass(frozen=True, slots=True)
class PlannedView:
    """A view to create once all tables are there."""

    schema: str
    view: str
    schema_file: str


@dataclass(frozen=True, slots=True)
class PlannedSequence:
    """A sequence to create before the tables."""

    key: TableName
    schema_file: str


@dataclass(frozen=True, slots=True)
class PlannedFile(OfTable):
    """A data file and the table that it goes to. ``file_id`` is its place among all data files of the dump.

    ``csv``: how it reads, where it is a CSV file. ``charset``: of a ``.dat`` whose LOAD DATA says none; None: unknown.
    """

    file_id: int
    source: DataFile
    schema: str
    table: str
    extracted: tuple[Extracted, ...] = ()
    csv: CsvFormat | None = None
    charset: str | None = None
    columns: ColumnRules = NO_RULES


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What of the dump is not loaded because of ``block_allow_list``, or because a route would move a view."""

    databases: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()  # "schema.table", by the source's names
    views: tuple[str, ...] = ()
    routed_views: tuple[str, ...] = ()
    routed_programs: tuple[str, ...] = ()  # files of programs, whose statements name the source's tables
    programs: tuple[str, ...] = ()
    data_files: tuple[str, ...] = ()
    file_bytes: int = 0

    def counts(self) -> dict[str, int]:
        """What -> how many, without zeros."""
        found = {
            "filtered databases": len(self.databases),
            "filtered tables": len(self.tables),
            "filtered views": len(self.views),
            "filtered data files": len(self.data_files),
            "views that routes would move": len(self.routed_views),
            "files of programs that routes would move": len(self.routed_programs),
            "filtered files of programs": len(self.programs),
        }
        return {what: number for what, number in found.items() if number}


@dataclass(frozen=True)
class LoadPlan:
    """Everything that a load does, in a deterministic order."""

    databases: tuple[PlannedDatabase, ...]
    tables: tuple[PlannedTable, ...]
    views: tuple[PlannedView, ...]
    files: tuple[PlannedFile, ...]
    left_out: LeftOut = LeftOut()
    warnings: tuple[str, ...] = ()
    gaps: tuple[NumberGap, ...] = ()  # in the numbers of data files, of tables that are loaded
    other_kinds: Mapping[str, int] = field(default_factory=dict)  # kinds of file that this load leaves out
    sequences: tuple[PlannedSequence, ...] = ()
    programs: tuple[ProgramFile, ...] = ()  # files of triggers, routines and events that filters and routes leave

    @property
    def not_loaded(self) -> dict[str, int]:
        """What -> how many, of all that the dump holds and the load leaves out; as the report has it."""
        return {**self.other_kinds, **self.left_out.counts()}

    @property
    def file_bytes(self) -> int:
        """Stored bytes of the data files that are loaded."""
        return sum(file.source.file_bytes for file in self.files)

    @cached_property
    def placement(self) -> str:
        """SHA-256, hex, over what goes where: two plans with the same send the same rows to the same tables."""
        where = [
            (file.source.name, file.schema, file.table, [(found.column, found.value) for found in file.extracted])
            for file in self.files
        ]
        return hashlib.sha256(json.dumps(where).encode()).hexdigest()


def at_places(plan: LoadPlan, places: Mapping[str, int]) -> LoadPlan:
    """The plan with other places for some of its files.

    Args:
        places: name -> ``file_id``.
    """
    if not places:
        return plan
    files = (replace(file, file_id=places.get(file.source.name, file.file_id)) for file in plan.files)
    return replace(plan, files=tuple(files))


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


def merged_metadata(sources: tuple[SourceTable, ...]) -> TableMetadata | None:
    """What the dump says of the sources together; a sum needs all of its parts.

    CHECKSUM TABLE sums up its rows' checksums in 32 bits, so that of merged tables is the sum of theirs.
    """
    found = [source.metadata for source in sources]
    if len(found) == 1:
        return found[0]
    known = [metadata for metadata in found if metadata is not None]
    if len(known) < len(found):
        return None
    rows = [metadata.rows for metadata in known if metadata.rows is not None]
    checksums = [int(metadata.data_checksum) for metadata in known if metadata.data_checksum is not None]
    return replace(
        known[0],
        rows=sum(rows) if len(rows) == len(known) else None,
        data_checksum=str(sum(checksums) % (1 << 32)) if len(checksums) == len(known) else None,
        schema_checksum=None,
        indexes_checksum=None,
        triggers_checksum=None,
    )
