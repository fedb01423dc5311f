"""Deciding between the readings of a file name by what else is in the dump.

The evidence, in this order: the names that ``metadata`` gives (mydumper 0.11 and later), the databases
that ``-schema-create`` files create, and the tables that ``-schema`` files create. Where two readings are
as good as each other, the dump is refused: rows would go into the wrong table.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from airflow_dm_loader.dump.data_formats import data_formats
from airflow_dm_loader.dump.filenames import DumpFileName, FileKind, parse, readings
from airflow_dm_loader.errors import DuplicateFileError
from airflow_dm_loader.identifiers import TableName

_TOOL_NUMBER = re.compile(r"\.\d{5,}\.(\w+)(?:\.\w+)?$", re.ASCII)

Table = tuple[str | None, str | None]  # (schema, table) as the files name them


def resolve_names(
    names: Iterable[str], file_tables: Collection[TableName] = (), *, escaped: bool = True
) -> dict[str, DumpFileName | None]:
    """What each file is; None for a name that no dump tool writes. The order of ``names`` does not matter.

    ``file_tables`` are the (schema, table) pairs that ``metadata`` says the files name; ``escaped`` says that
    dumpling wrote the names.

    Raises:
        DuplicateFileError: a name means two things, and nothing tells which.
    """
    names = sorted(names)
    likeliest = {name: parse(name, escaped=escaped) for name in names}
    schemas = {schema for schema, _ in file_tables} | {
        str(found.schema) for found in likeliest.values() if found and found.kind is FileKind.DATABASE_SCHEMA
    }
    possible = {name: readings(name, schemas, escaped=escaped) for name in names}
    evidence = _Evidence(possible, file_tables)
    return {name: evidence.decide(name, found) if found else None for name, found in possible.items()}


class _Evidence:
    def __init__(self, possible: Mapping[str, tuple[DumpFileName, ...]], file_tables: Collection[TableName]) -> None:
        self._declared: set[Table] = set(file_tables)  # tables that metadata names
        self._tables: set[Table] = set(file_tables)  # tables that are in the dump
        self._unsplit: set[Table] = set()  # tables that have a data file without a part number
        self._numbered: set[Table] = set()  # tables that have numbered data files, at first sight
        for found in possible.values():
            if not found:
                continue
            if found[0].kind is FileKind.TABLE_SCHEMA:
                self._tables |= {_table(reading) for reading in found if reading.kind is FileKind.TABLE_SCHEMA}
            elif found[0].kind.is_data:
                (self._numbered if found[0].part else self._unsplit).add(_table(found[0]))

    def decide(self, name: str, found: tuple[DumpFileName, ...]) -> DumpFileName:
        rows = [reading for reading in found if reading.kind.is_data]
        others = [reading for reading in found if not reading.kind.is_data]
        if not others:
            return self._decide_rows(name, rows)
        # A table whose name ends like a schema file's (t-schema) has a schema file of its own. Where its rows
        # are in numbered files, this one is not of them.
        rows = [
            reading for reading in rows if _table(reading) in self._tables and _table(reading) not in self._numbered
        ]
        if not rows or any(_table(reading) in self._declared for reading in others):
            return self._decide_schema(name, others)
        if any(self._is_supported(reading) for reading in others):
            raise _ambiguous(name, [*others[:1], *rows[:1]])
        return self._decide_rows(name, rows)

    def _is_supported(self, reading: DumpFileName) -> bool:
        """Whether the object of a schema file shows elsewhere: a table by its rows, others by their tables."""
        is_table = reading.kind is FileKind.TABLE_SCHEMA
        return _table(reading) in (self._numbered | self._unsplit if is_table else self._tables)

    def _decide_schema(self, name: str, found: list[DumpFileName]) -> DumpFileName:
        if len({_table(reading) for reading in found}) == 1:
            return found[0]
        supported = [reading for reading in found if self._is_supported(reading)]
        if len(supported) != 1:
            raise _ambiguous(name, found)
        return supported[0]

    def _decide_rows(self, name: str, found: list[DumpFileName]) -> DumpFileName:
        if len(found) == 1:
            return found[0]
        supported = [reading for reading in found if _table(reading) in self._tables]
        if len(supported) > 1:
            # No tool writes numbers of less than 5 digits, and a table is dumped into one file or into numbered ones.
            numbers_count = _has_number_of_a_tool(name)
            supported = [
                reading
                for reading in supported
                if not reading.part or (numbers_count and _table(reading) not in self._unsplit)
            ]
        if len(supported) == 1:
            return supported[0]
        if supported or len({reading.schema for reading in found}) > 1:
            raise _ambiguous(name, supported or found)
        return found[0]


def _table(reading: DumpFileName) -> Table:
    return reading.schema, reading.table


def _ambiguous(name: str, found: list[DumpFileName]) -> DuplicateFileError:
    meanings = " or ".join(
        f"{reading.kind} of {reading.schema!r}" + (f", {reading.table!r}" if reading.table else "") for reading in found
    )
    return DuplicateFileError(
        f"the file's name means two things: {meanings}",
        file=name,
        remedy="Dump these tables into folders of their own, or dump with dumpling or a newer mydumper, which "
        "write such names without ambiguity.",
    )


def _has_number_of_a_tool(name: str) -> bool:
    found = _TOOL_NUMBER.search(name)
    return found is not None and found[1] in {known.ending for known in data_formats()}
