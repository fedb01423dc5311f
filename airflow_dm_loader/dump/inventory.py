"""What a dump consists of: its schema files, data files and metadata, put in a fixed order.

The inventory is a pure function of the folder's listing and of ``metadata``: the same dump gives the same
inventory on every machine and at every try, so plans and checkpoints can be built on it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from types import MappingProxyType

from airflow_dm_loader.dump.data_formats import DataFormat
from airflow_dm_loader.dump.file_numbers import NumberGap, number_gaps
from airflow_dm_loader.dump.file_routing import natural_order
from airflow_dm_loader.dump.filenames import Compression, DumpFileName, FileKind, Kind, are_escaped, parse
from airflow_dm_loader.dump.metadata import METADATA_NAME, DumpMetadata, begins_itself, parse_metadata
from airflow_dm_loader.dump.metadata_elsewhere import no_metadata
from airflow_dm_loader.dump.metadata_types import HEADER_NAME
from airflow_dm_loader.dump.resolution import resolve_names
from airflow_dm_loader.dump.routed import Routed
from airflow_dm_loader.dump.row_counts import lone_counts
from airflow_dm_loader.dump.schema_objects import ObjectKind, SchemaObject
from airflow_dm_loader.dump.special_files import check_special_files
from airflow_dm_loader.dump.stand_ins import RealNames, Renaming, may_stand_in, read_real_names
from airflow_dm_loader.dump.storage import DumpStorage, StoredFile
from airflow_dm_loader.errors import DumpFormatError, DumpMetadataError, DumpNotFoundError, DuplicateFileError
from airflow_dm_loader.identifiers import OfTable, TableName

METADATA_LIMIT_BYTES = 256 << 20  # about a million tables
_METADATA_BYTES, _METADATA_BYTES_OF_A_FILE = 1 << 20, 4 << 10  # what it may have, and more for each file
_SHOWN_NAMES = 3

_TAB_SEPARATED = re.compile(r"\.tsv(?:\.[A-Za-z0-9]+)?$", re.IGNORECASE)

# What runs: a load leaves it out unless the setting objects says otherwise.
PROGRAMS = {FileKind.TRIGGER_SCHEMA: "triggers", FileKind.POST_SCHEMA: "routines and events"}
# What is found and reported, but loaded by no part of this version; sequences depend on the engine and the target.
_NOT_LOADED = {
    **PROGRAMS,
    FileKind.SEQUENCE_SCHEMA: "sequences",
    FileKind.PLACEMENT_POLICY: "placement policies",
    FileKind.TABLESPACE: "tablespaces",
    FileKind.QUERY_RESULT: "query results",
}


@dataclass(frozen=True, slots=True)
class Companion:
    """The file beside a .dat that holds its LOAD DATA statement, and one for each other .dat of the ``data_files``."""

    name: str
    compression: Compression
    data_files: int


@dataclass(frozen=True, slots=True)
class DataFile(OfTable):
    """Rows of one table."""

    name: str  # in the dump's folder
    schema: str
    table: str
    kind: DataFormat
    compression: Compression
    file_bytes: int  # as stored; 0 is possible
    part: tuple[int, ...] = ()
    companion: Companion | None = None  # of a .dat


@dataclass(frozen=True, slots=True)
class ProgramFile:
    """A file of triggers, or of routines and events. ``table``: the triggers'; None: of any table of the schema."""

    name: str
    what: str  # as in PROGRAMS
    schema: str
    table: str | None = None


@dataclass(frozen=True)
class DumpInventory:
    """A dump. Schemas and tables have their real names here, whatever the files are called."""

    database_schemas: Mapping[str, str]  # schema -> file that creates it
    table_schemas: Mapping[TableName, str]  # (schema, table) -> file; without the placeholders of views
    views: Mapping[TableName, str]  # (schema, view) -> file
    row_counts: Mapping[TableName, str]  # (schema, table) -> file of mydumper 0.10 to 0.13 that counts its rows
    data_files: tuple[DataFile, ...]  # by schema, table, part numbers, name
    not_loaded: Mapping[str, tuple[str, ...]]  # "triggers" -> files; kinds that this version leaves out
    metadata: DumpMetadata
    fingerprint: str  # SHA-256, hex, over the names and sizes of all_files and the bytes of metadata
    total_file_bytes: int  # of the data files
    all_files: tuple[str, ...]  # every file that is known to be of this dump, sorted
    warnings: tuple[str, ...]  # what else lies in the folder, and what looks wrong
    gaps: tuple[NumberGap, ...] = ()  # in the numbers of data files
    sequences: Mapping[TableName, str] = field(default_factory=dict)  # (schema, sequence) -> file
    programs: tuple[ProgramFile, ...] = ()  # by name, with numbers as such

    @property
    def tables(self) -> set[TableName]:
        """The tables, views and sequences of which there is a file that creates or fills them."""
        return {*self.table_schemas, *self.views, *self.sequences, *(file.key for file in self.data_files)}

    @cached_property
    def schema_objects(self) -> Mapping[str, SchemaObject]:
        """schema file -> what it is to create, and nothing else."""
        tables = (
            (ObjectKind.TABLE, self.table_schemas),
            (ObjectKind.VIEW, self.views),
            (ObjectKind.SEQUENCE, self.sequences),
        )
        objects = {name: SchemaObject(kind, *key) for kind, found in tables for key, name in found.items()}
        return objects | {
            name: SchemaObject(ObjectKind.DATABASE, schema) for schema, name in self.database_schemas.items()
        }


def read_inventory(
    storage: DumpStorage,
    *,
    require_finished: bool,
    max_metadata_bytes: int | None = None,
    routed: Routed | None = None,
    beside: Collection[str] = (),
) -> DumpInventory:
    """List a dump's folder, read its metadata and take its inventory.

    Args:
        storage: of ``routed``, where that is given: what the rules of ``files`` say of the folder.
        max_metadata_bytes: what the metadata may have; None: what a dump of so many files can need.
        beside: files in the folder that are known not to be of the dump.

    Raises:
        DumpNotFoundError: there is no such folder (34014).
        DumpMetadataError: there is no ``metadata``, or it is unfinished or malformed (11001).
        DuplicateFileError: two files claim to be the same thing (34015).
        DumpFormatError: what seems to be of the dump can't be read, or lies in a folder in it (34006).
    """
    not_of_it = {*beside, *(routed.ignored if routed is not None else ())}
    listing = [file for file in storage.list() if file.name not in not_of_it]
    names = {file.name for file in listing}
    if METADATA_NAME not in names:
        if routed is None or not routed.readings:
            raise no_metadata(storage, listing)
        metadata, raw = routed.metadata(require_finished=require_finished)
        inventory = take_inventory(listing, metadata, raw, routed=routed.readings)
        return replace(inventory, warnings=inventory.warnings + tuple(check_special_files(storage)))
    limit = max_metadata_bytes or min(METADATA_LIMIT_BYTES, _METADATA_BYTES + _METADATA_BYTES_OF_A_FILE * len(names))
    if (size := next(file.file_bytes for file in listing if file.name == METADATA_NAME)) > limit:
        raise DumpMetadataError(
            f"the metadata has {size} bytes, and that of {len(names)} files may have {limit} (max_metadata_bytes)",
            file=METADATA_NAME,
            remedy="If the file is sound, raise max_metadata_bytes.",
        )
    raw = storage.read(METADATA_NAME, limit)
    head = storage.read(HEADER_NAME, limit) if HEADER_NAME in names and not begins_itself(raw) else b""
    metadata = parse_metadata(head + raw, require_finished=require_finished)
    by_rule = routed.readings if routed is not None else {}
    named = names - by_rule.keys()
    real = read_real_names(storage, _resolve(named, metadata), metadata) if any(map(may_stand_in, named)) else None
    inventory = (
        take_inventory(listing, metadata, raw, real, by_rule)
        if by_rule
        else _take_again(tuple(listing), head, raw, require_finished, real)
    )
    others = tuple(check_special_files(storage))
    lone = lone_counts(storage, inventory.row_counts, inventory.metadata.tables.keys() | inventory.tables)
    if lone:
        metadata = replace(inventory.metadata, tables={**inventory.metadata.tables, **lone})
        inventory = replace(inventory, metadata=metadata)
    return replace(inventory, warnings=inventory.warnings + others)


@lru_cache(maxsize=1)  # the phases of one process ask for the same dump again and again
def _take_again(
    listing: tuple[StoredFile, ...], head: bytes, raw: bytes, require_finished: bool, real: RealNames | None
) -> DumpInventory:
    return take_inventory(listing, parse_metadata(head + raw, require_finished=require_finished), raw, real)


def _resolve(names: Collection[str], metadata: DumpMetadata) -> dict[str, DumpFileName | None]:
    names = [name for name in names if "/" not in name]  # no tool writes into a subfolder
    escaped = metadata.tool == "text" and are_escaped(names)
    return resolve_names(names, metadata.file_tables.keys(), escaped=escaped)


def take_inventory(
    listing: Iterable[StoredFile],
    metadata: DumpMetadata,
    metadata_bytes: bytes,
    real_names: RealNames | None = None,
    routed: Mapping[str, DumpFileName] = MappingProxyType({}),
) -> DumpInventory:
    """The inventory of a folder with these files; their order does not matter.

    ``real_names`` are those that the files give of what they call ``mydumper_N``; ``routed`` is what files are whose
    names do not say it.

    Raises:
        DumpMetadataError: a file stands for a table whose real name nothing gives.
        DuplicateFileError: two files claim to be the same thing.
    """
    names = Renaming(metadata, real_names or RealNames())
    stored = {file.name: file.file_bytes for file in listing}
    resolved = _resolve(stored.keys() - routed.keys(), metadata)
    found = _with_statements(
        {name: names.apply(name, reading) for name, reading in resolved.items() if reading is not None}
    ) | {name: reading for name, reading in routed.items() if name in stored}
    _refuse_duplicates(found)
    foreign = tuple(name for name in sorted(stored) if name not in found)
    _refuse_unread(foreign, dumped=len(found.keys() - {METADATA_NAME}))

    by_kind: dict[Kind, list[tuple[str, DumpFileName]]] = defaultdict(list)
    for name, reading in found.items():
        by_kind[reading.kind].append((name, reading))
    metadata = names.metadata
    views = _by_table(by_kind[FileKind.VIEW_SCHEMA])
    declared_views = {key for key, table in metadata.tables.items() if table.is_view}
    schemas = _by_table(by_kind[FileKind.TABLE_SCHEMA])
    data_files = _data_files(found, stored)
    # mydumper --views-as-tables writes a view's rows, behind the CREATE of a table that takes them.
    declared_views -= {file.key for file in data_files} & schemas.keys()
    all_files = tuple(sorted(found))
    return DumpInventory(
        database_schemas={str(reading.schema): name for name, reading in by_kind[FileKind.DATABASE_SCHEMA]},
        table_schemas={key: name for key, name in schemas.items() if key not in views and key not in declared_views},
        views=views,
        row_counts=_by_table(by_kind[FileKind.ROW_COUNT]),
        data_files=data_files,
        not_loaded={
            what: tuple(name for name, _ in by_kind[kind]) for kind, what in _NOT_LOADED.items() if by_kind[kind]
        },
        metadata=metadata,
        fingerprint=_fingerprint([(name, stored[name]) for name in all_files], metadata_bytes, routed),
        total_file_bytes=sum(file.file_bytes for file in data_files),
        all_files=all_files,
        warnings=(
            *_left_alone(foreign),
            *_incomplete(metadata, data_files, declared_views - views.keys()),
        ),
        gaps=number_gaps(data_files),
        sequences=_by_table(by_kind[FileKind.SEQUENCE_SCHEMA]),
        # Pieces of a script in its order: triggers of one event run in that in which they are made.
        programs=tuple(sorted(_programs(by_kind), key=lambda file: (natural_order(file.name), file.name))),
    )


def _programs(by_kind: Mapping[Kind, Sequence[tuple[str, DumpFileName]]]) -> Iterator[ProgramFile]:
    for kind, what in PROGRAMS.items():
        for name, reading in by_kind.get(kind, ()):
            table = reading.table if kind is FileKind.TRIGGER_SCHEMA else None
            yield ProgramFile(name, what, str(reading.schema), table)


def _refuse_unread(foreign: Sequence[str], *, dumped: int) -> None:
    """No file that seems to hold rows may be passed over, and no folder be empty to us."""
    for name in foreign:
        found = parse(name.lower())
        if _TAB_SEPARATED.search(name) or (found is not None and found.kind.is_data):
            raise DumpFormatError(
                "by its name the file holds rows, but no dump tool writes such a name",
                file=name,
                remedy="Write the end of its name in lower case, as .sql, .csv, .dat or .parquet; or take it out of "
                "the dump. Tab-separated files are read as .csv, with csv: {separator: a tab}.",
            )
    if foreign and not dumped:
        raise DumpNotFoundError(
            f"nothing to load: none of the {len(foreign)} files beside the metadata has a name that a dump tool gives, "
            f"such as {', '.join(map(repr, foreign[:_SHOWN_NAMES]))}",
            remedy="Name them as dump tools do: schema.table-schema.sql, schema.table.sql or schema.table.csv.",
        )


def _left_alone(foreign: Sequence[str]) -> Iterator[str]:
    if len(foreign) > _SHOWN_NAMES:
        shown = ", ".join(map(repr, foreign[:_SHOWN_NAMES]))
        yield f"{len(foreign)} files are not of a dump and were left alone, {shown} among them"
    else:
        yield from (f"{name!r} is not a file of a dump and was left alone" for name in foreign)


def _by_table(found: list[tuple[str, DumpFileName]]) -> dict[TableName, str]:
    return {TableName(str(reading.schema), str(reading.table)): name for name, reading in found}


def _with_statements(found: Mapping[str, DumpFileName]) -> dict[str, DumpFileName]:
    """The readings, where a file that only says how others read is told for that: a .dat's .sql, or that of all its
    numbered pieces.
    """
    statements = {
        (statement.named_like, reading.schema, reading.table, reading.part[:length]): statement
        for reading in found.values()
        if isinstance(reading.kind, DataFormat) and (statement := reading.kind.statement) is not None
        for length in range(len(reading.part) + 1)
    }
    told = dict(found)
    for name, reading in found.items():
        if isinstance(reading.kind, DataFormat):
            place = (reading.kind.ending, reading.schema, reading.table, reading.part)
            told[name] = replace(reading, kind=statements.get(place, reading.kind))
    return told


def _data_files(found: Mapping[str, DumpFileName], stored: Mapping[str, int]) -> tuple[DataFile, ...]:
    files = [
        DataFile(
            name,
            str(reading.schema),
            str(reading.table),
            reading.kind,
            reading.compression,
            stored[name],
            reading.part,
        )
        for name, reading in found.items()
        if isinstance(reading.kind, DataFormat)
    ]
    return tuple(sorted(_with_companions(files), key=lambda file: (file.schema, file.table, file.part, file.name)))


def _with_companions(files: Sequence[DataFile]) -> list[DataFile]:
    """Each .dat with the file of the same numbers that holds its statement, else with the nearest of fewer."""
    places = {(file.kind, file.schema, file.table, file.part): file for file in files if not file.kind.holds_rows}
    nearest = {
        file.name: next(
            (
                found.name
                for length in range(len(file.part), -1, -1)
                if (found := places.get((file.kind.statement, file.schema, file.table, file.part[:length]))) is not None
            ),
            None,
        )
        for file in files
        if file.kind.statement is not None
    }
    served = Counter(nearest.values())
    companions = {file.name: Companion(file.name, file.compression, served[file.name]) for file in places.values()}
    return [replace(file, companion=companions.get(nearest.get(file.name) or "")) for file in files]


def _refuse_duplicates(found: Mapping[str, DumpFileName]) -> None:
    """Refuse two files for one thing. Whether names that differ only by case are one, the target says."""
    things: dict[tuple[object, ...], str] = {}
    for name, reading in found.items():
        if reading.schema is None:
            continue
        # Rows in two formats are the same rows; only a .dat has a second file, its LOAD DATA statement.
        is_rows = isinstance(reading.kind, DataFormat) and reading.kind.holds_rows
        thing = (is_rows or reading.kind, reading.schema, reading.table, reading.part)
        if (other := things.setdefault(thing, name)) != name:
            raise DuplicateFileError(f"{other!r} and {name!r} are the same part of the dump twice", file=name)


def _incomplete(
    metadata: DumpMetadata, data_files: Sequence[DataFile], views_without_file: Iterable[TableName]
) -> list[str]:
    """What metadata counts and the folder lacks, and leftovers of an earlier dump."""
    parts: dict[TableName, set[bool]] = {}
    for file in data_files:
        parts.setdefault(file.key, set()).add(bool(file.part))
    warnings = [
        f"metadata counts {table.rows} rows of {schema}.{name}, but no data file of it is there"
        for (schema, name), table in sorted(metadata.tables.items())
        if table.rows and (schema, name) not in parts
    ]
    warnings += [
        f"{schema}.{name} is a view, but no file that creates it is there"
        for schema, name in sorted(views_without_file)
    ]
    warnings += [
        f"{schema}.{name} has a data file without a number beside numbered ones: is one of an earlier dump?"
        for (schema, name), numbered in sorted(parts.items())
        if len(numbered) > 1
    ]
    return warnings


def _fingerprint(
    files: list[tuple[str, int]], metadata_bytes: bytes, routed: Mapping[str, DumpFileName] = MappingProxyType({})
) -> str:
    digest = hashlib.sha256(json.dumps(files).encode())
    digest.update(b"\x00" + metadata_bytes)
    if routed:  # a name does not say where the rows go
        said = [
            [name, str(found.kind), found.schema, found.table, found.part] for name, found in sorted(routed.items())
        ]
        digest.update(b"\x00" + json.dumps(said).encode())
    return digest.hexdigest()
