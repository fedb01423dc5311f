r"""The data files of each table as a job of IMPORT INTO takes them: one URI, with ``*`` in the file name at most.

TiDB matches by Go's filepath.Match: ``*`` stands for any characters, ``[`` begins a class, ``\`` escapes. A pattern is
taken only where it is known to match the table's files and nothing else of the dump's folder.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from airflow_dm_loader.dump.data_formats import DataFormat
from airflow_dm_loader.engines.tidb_files import check_file
from airflow_dm_loader.errors import ConfigError, DumpFormatError
from airflow_dm_loader.identifiers import OfTable, TableName
from airflow_dm_loader.plan.load_plan import PlannedFile
from airflow_dm_loader.plan.router import ROUTER_CODE
from airflow_dm_loader.run import Dump

READER = "IMPORT INTO"
SHARDING_CODE = 20068  # DM's number: import-into does not merge shards
_SPECIAL = re.compile(r"[*?\[\]\\]")
_LOGICAL = "Load it with import_mode=logical"


@dataclass(frozen=True, slots=True)
class TableSource(OfTable):
    """What one job reads."""

    schema: str
    table: str
    pattern: str  # a file's name, or a glob that matches the table's files alone
    format: DataFormat
    files: tuple[PlannedFile, ...]

    @property
    def name(self) -> str:
        return str(self.key)

    @property
    def file_bytes(self) -> int:
        """Stored bytes of the files; more than 0."""
        return sum(file.source.file_bytes for file in self.files)


def sources_of(dump: Dump) -> tuple[TableSource, ...]:
    """The files of each table of a dump. Raises DumpFormatError for what IMPORT INTO can't read."""
    return table_sources(dump.plan.files, [file.name for file in dump.storage.list()])


def table_sources(files: Iterable[PlannedFile], folder: Collection[str]) -> tuple[TableSource, ...]:
    """The tables that have data, in the plan's order. Tables without a byte get no job: the server would refuse it.

    Args:
        folder: the names of all files in the dump's folder, the dump's own or not.

    Raises:
        ConfigError: several source tables go to one (20068).
        DumpFormatError: a file that IMPORT INTO can't read, or that no pattern can tell from others.
    """
    by_table: dict[TableName, list[PlannedFile]] = defaultdict(list)
    for file in files:
        by_table[file.key].append(file)
    return tuple(
        _source(schema, table, tuple(found), folder)
        for (schema, table), found in by_table.items()
        if any(file.source.file_bytes for file in found)
    )


def _source(schema: str, table: str, files: tuple[PlannedFile, ...], folder: Collection[str]) -> TableSource:
    name = f"{schema}.{table}"
    if len(sources := sorted({file.source.key for file in files})) > 1:
        shown = ", ".join(str(source) for source in sources)
        raise ConfigError(
            f"import_mode: IMPORT INTO fills a table from one source table, and {name} would get rows of {shown}",
            code=SHARDING_CODE,
            remedy=f"{_LOGICAL} or physical, or route each table to one of its own.",
        )
    if columns := sorted({found.column for file in files for found in file.extracted}):
        raise ConfigError(
            f"routes: IMPORT INTO fills no columns from the source's names, and {name} would get {', '.join(columns)}",
            code=ROUTER_CODE,
            remedy=f"{_LOGICAL}, or take the extractors out of routes.",
        )
    formats = {_format(file) for file in files}
    if len(formats) > 1:
        raise DumpFormatError(
            f"the table's files are of several formats: {', '.join(sorted(str(found.tidb_name) for found in formats))}",
            table=name,
            file=files[0].source.name,
            remedy="Dump the table in one format.",
        )
    pattern = _pattern(name, [file.source.name for file in files], folder)
    return TableSource(schema, table, pattern, formats.pop(), files)


def _format(file: PlannedFile) -> DataFormat:
    check_file(file.source, READER)
    return file.source.kind


def _pattern(table: str, names: list[str], folder: Collection[str]) -> str:
    if special := next((name for name in names if _SPECIAL.search(name)), None):
        raise DumpFormatError(
            "IMPORT INTO would read a character of the file's name (one of * ? [ ] \\) as a wildcard",
            table=table,
            file=special,
            remedy=f"{_LOGICAL}, or dump with dumpling, which escapes most of them.",
        )
    if len(names) == 1:
        return names[0]
    prefix = _common_start(names)
    suffix = _common_start([name[len(prefix) :][::-1] for name in names])[::-1]
    found = re.compile(re.escape(prefix) + r"[^/]*" + re.escape(suffix), re.DOTALL)
    if others := sorted(name for name in folder if found.fullmatch(name) and name not in set(names)):
        raise DumpFormatError(
            f"no pattern of IMPORT INTO tells this table's files from {others[0]!r}: {prefix}*{suffix} matches both",
            table=table,
            file=names[0],
            remedy=f"{_LOGICAL}, or dump these tables into folders of their own.",
        )
    return f"{prefix}*{suffix}"


def _common_start(texts: Sequence[str]) -> str:
    first, last = min(texts), max(texts)
    length = next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))
    return first[:length]
