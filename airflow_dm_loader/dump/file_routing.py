"""What the files of a folder are by the rules of ``files``: paths in, readings out; pure.

The first rule that matches a file says what it is. Files that no rule matches are read by their names, as those of
dump tools are; one that seems to hold rows all the same is refused, so that none is passed over without a word.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from airflow_dm_loader.dump.data_formats import CSV, PARQUET, SQL
from airflow_dm_loader.dump.filenames import Compression, DumpFileName, FileKind, Kind, compression_by_ending, parse
from airflow_dm_loader.dump.metadata_types import METADATA_NAME
from airflow_dm_loader.errors import ConfigError, DumpFormatError, DuplicateFileError
from airflow_dm_loader.rules import file_rules
from airflow_dm_loader.rules.file_rules import FileRule

_KINDS: Mapping[str, Kind] = {
    file_rules.SCHEMA_OF_DATABASE: FileKind.DATABASE_SCHEMA,
    file_rules.SCHEMA_OF_TABLE: FileKind.TABLE_SCHEMA,
    file_rules.SCHEMA_OF_VIEW: FileKind.VIEW_SCHEMA,
    "sql": SQL,
    "csv": CSV,
    "parquet": PARQUET,
}
_SEEMS_DATA = re.compile(r"\.(?:sql|csv|tsv|dat|parquet)(?:\.\w{1,8})?\Z", re.IGNORECASE)
_DIGITS = re.compile(r"(\d+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class ScriptFile:
    """A script: ``schema`` is in use where it begins; None: none is."""

    name: str
    schema: str | None
    compression: Compression


@dataclass(frozen=True, slots=True)
class Routing:
    """What rules say of the files of a folder; files that are in none of the three fall under no rule."""

    readings: Mapping[str, DumpFileName]
    scripts: tuple[ScriptFile, ...]
    ignored: frozenset[str]


def route_files(names: Iterable[str], rules: Sequence[FileRule]) -> Routing:
    """Hold each file against the rules.

    Raises:
        ConfigError: a rule makes no type or no name of a path.
        DuplicateFileError: a rule with a ``key`` makes two files the same piece of a table (34015).
        DumpFormatError: a file that no rule matches seems to hold rows, and no dump tool writes such a name.
    """
    found: dict[str, tuple[DumpFileName, str]] = {}
    listed = set(names)
    scripts, ignored = [], {name for name in listed if _is_checksum(name, listed)}
    for name in sorted(listed - ignored):
        for rule in rules:
            matches, match = rule.match(name)
            if not matches:
                continue
            kind = rule.expand(rule.type, match).lower()
            if kind == file_rules.IGNORE:
                ignored.add(name)
            elif kind == file_rules.SCRIPT:
                schema = rule.expand(rule.schema_, match)
                scripts.append(ScriptFile(name, schema or None, _compression(rule, match, name)))
            else:
                found[name] = _reading(rule, match, kind, name), rule.expand(rule.key, match)
            break
        else:
            _check_unmatched(name)
    return Routing(_numbered(found), tuple(scripts), frozenset(ignored))


def _reading(rule: FileRule, match: object, kind: str, name: str) -> DumpFileName:
    if kind not in _KINDS:
        raise _wrong(rule, f"it makes the type {kind!r} of the path, and types are {', '.join(file_rules.TYPES)}", name)
    schema, table = rule.expand(rule.schema_, match), rule.expand(rule.table, match)
    if kind == file_rules.SCHEMA_OF_DATABASE:
        table = ""
    for what, value, needed in (("schema", schema, True), ("table", table, kind != file_rules.SCHEMA_OF_DATABASE)):
        if needed and not value:
            raise _wrong(rule, f"it makes no {what} of the path: its group is empty there", name)
    return DumpFileName(_KINDS[kind], schema, table or None, (), _compression(rule, match, name))


def _compression(rule: FileRule, match: object, name: str) -> Compression:
    said = rule.expand(rule.compression, match).lower()
    if said == "auto":
        return compression_by_ending(name)
    if said in {"", "none"}:
        return Compression.NONE
    if said not in file_rules.COMPRESSIONS:
        raise _wrong(rule, f"it makes the compression {said!r} of the path, which is none that is known", name)
    return compression_by_ending(f".{said}")


def _numbered(found: Mapping[str, tuple[DumpFileName, str]]) -> dict[str, DumpFileName]:
    """Each table's files in the order of their keys, else of their paths; numbers in these count as numbers."""
    tables: dict[tuple[str | None, str | None], list[tuple[str, str]]] = defaultdict(list)
    for name, (reading, key) in found.items():
        if not isinstance(reading.kind, FileKind):
            tables[reading.schema, reading.table].append((key, name))
    numbered = {name: reading for name, (reading, _) in found.items()}
    for (schema, table), files in tables.items():
        by_key: dict[str, str] = {}
        for number, (key, name) in enumerate(
            sorted(files, key=lambda file: (natural_order(file[0]), natural_order(file[1])))
        ):
            if key and (other := by_key.setdefault(key, name)) != name:
                raise DuplicateFileError(
                    f"by the rules of files, {other!r} and {name!r} are both the piece {key!r} of {schema}.{table}",
                    file=name,
                    remedy="Let the key of that rule tell them apart, or leave it out; or ignore one of the two.",
                )
            numbered[name] = replace(numbered[name], part=(number,))
    return numbered


@lru_cache(maxsize=4096)
def natural_order(text: str) -> tuple[tuple[int, str], ...]:
    """Sorts texts so that numbers in them count as such."""
    return tuple(
        (len(part.lstrip("0")), part.lstrip("0")) if at % 2 else (0, part)
        for at, part in enumerate(_DIGITS.split(text))
    )


def _is_checksum(name: str, listed: Collection[str]) -> bool:
    """Hadoop, and so Spark, puts ``.part-0.parquet.crc`` beside ``part-0.parquet`` in a folder of a file system."""
    folder, slash, base = name.rpartition("/")
    return base.startswith(".") and base.endswith(".crc") and f"{folder}{slash}{base[1:-4]}" in listed


def _check_unmatched(name: str) -> None:
    folder, _, base = name.rpartition("/")
    if not folder and (name == METADATA_NAME or parse(name) is not None):
        return
    if _SEEMS_DATA.search(base) or (folder and parse(base) is not None):
        raise DumpFormatError(
            "by its name it is a file of a dump or holds rows, but no rule of files matches it",
            file=name,
            remedy="Add a rule for it to files; {pattern: ..., type: ignore} leaves it out.",
        )


def _wrong(rule: FileRule, problem: str, name: str) -> ConfigError:
    return ConfigError(f"files: the rule {rule} can't be used for {name!r}: {problem}")
