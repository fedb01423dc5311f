"""Which files of a dump that is still being made are whole, and certain to be what their names say.

What only the whole dump tells is left to its end: names that can be read in two ways, names that ``metadata`` explains,
files that are read with another one (``.dat``), tables without a schema file of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from airflow_dm_loader.dump.data_formats import DataFormat
from airflow_dm_loader.dump.filenames import DumpFileName, FileKind, parse
from airflow_dm_loader.dump.inventory import DumpInventory, take_inventory
from airflow_dm_loader.dump.metadata_types import DumpMetadata
from airflow_dm_loader.dump.names import is_stand_in
from airflow_dm_loader.dump.storage import StoredFile

_IN_STREAM = re.compile(rb"-- (.++)", re.DOTALL)  # mydumper's line before each file that it streams
_SIZE = re.compile(rb" \d{1,20}+\Z")
_NUMBER_OF_A_TOOL = re.compile(r"\.\d{5,}+\.", re.ASCII)


def finished_names(raw: bytes) -> frozenset[str]:
    """The names in a list of finished files; its last line counts once it has its end.

    Args:
        raw: a name or a path a line, or what mydumper writes with ``--stream=NO_STREAM_AND_NO_DELETE``.
    """
    names = set()
    for line in raw.split(b"\n")[:-1]:
        line = line.strip()
        if (streamed := _IN_STREAM.fullmatch(line)) is not None:
            line = _SIZE.sub(b"", streamed[1])
        names.add(line.rpartition(b"/")[2].decode("utf-8", "surrogateescape"))
    return frozenset(names - {""})


def certain_files(
    listing: Sequence[StoredFile], whole: Collection[str] | None, is_certain: Callable[[str, FileKind], bool]
) -> tuple[StoredFile, ...]:
    """The data files that can be loaded now, with the schema files of their tables and databases.

    Args:
        listing: what is in the folder.
        whole: the names of files that are whole; None: all that are listed are, as in a bucket.
        is_certain: whether a whole schema file means the same whatever ``metadata`` will say; asked again and again.
    """
    there = {file.name: file for file in listing if whole is None or file.name in whole}
    readings = {name: found for name in there if (found := _plain(name)) is not None}
    schemas = {(found.kind, found.schema, found.table): name for name, found in readings.items()}
    by_statement = {
        (found.schema, found.table)
        for file in listing
        if (found := parse(file.name)) is not None and _is_read_with_another(found)
    }
    chosen: set[str] = set()

    def certain(name: str | None, kind: FileKind) -> bool:
        return name is not None and is_certain(name, kind)

    for name, found in readings.items():
        if not (isinstance(found.kind, DataFormat) and found.kind.holds_rows) or _is_read_with_another(found):
            continue
        database = schemas.get((FileKind.DATABASE_SCHEMA, found.schema, None))
        table = schemas.get((FileKind.TABLE_SCHEMA, found.schema, found.table))
        if (found.schema, found.table) in by_statement or not _has_a_tools_number(name, found):
            continue
        if certain(database, FileKind.DATABASE_SCHEMA) and certain(table, FileKind.TABLE_SCHEMA):
            chosen |= {name, str(database), str(table)}
    return tuple(there[name] for name in sorted(chosen))


def arrived_inventory(files: Sequence[StoredFile], fingerprint: str) -> DumpInventory:
    """The inventory of these files, as if they were a dump whose metadata says nothing.

    Args:
        files: of :func:`certain_files`.
        fingerprint: what stands for that of a dump which is not whole.
    """
    found = take_inventory(files, DumpMetadata("text"), b"")
    return replace(found, fingerprint=fingerprint, warnings=(), gaps=())


def _plain(name: str) -> DumpFileName | None:
    """What a name means, where it means that whoever wrote it and whatever else is in the dump."""
    if "%" in name or "/" in name or (found := parse(name)) is None or found.schema is None:
        return None
    names = [found.schema, *([] if found.table is None else [found.table])]
    unclear = any("." in part or "-schema" in part.lower() or is_stand_in(part) for part in names)
    return None if unclear else found


def _is_read_with_another(found: DumpFileName) -> bool:
    """Whether another file tells how to read it."""
    return isinstance(found.kind, DataFormat) and found.kind.statement is not None


def _has_a_tools_number(name: str, found: DumpFileName) -> bool:
    """A short number may be a part of the table's name."""
    return not found.part or _NUMBER_OF_A_TOOL.search(name) is not None
