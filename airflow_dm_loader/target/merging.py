"""Source tables and the target table that routes put them into: what must be alike, and what they take along."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from airflow_dm_loader.dump.create_table import Column, CreateTable, parse_create_table
from airflow_dm_loader.dump.ddl_tokens import identifier, tokenize
from airflow_dm_loader.dump.schema_files import SchemaFile
from airflow_dm_loader.dump.secondary_indexes import references
from airflow_dm_loader.errors import NotCreateStatementError, TargetError
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.plan.load_plan import LoadPlan, PlannedTable, SourceTable
from airflow_dm_loader.target.column_shapes import ColumnShape
from airflow_dm_loader.target.conversions import shapes_of

_AUTO_INCREMENT = re.compile(r"\bAUTO_INCREMENT=\d+\s*")
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class SourceDraft:
    """A source table with its CREATE TABLE, where the dump has one."""

    source: SourceTable
    file: SchemaFile | None
    parsed: CreateTable | None


class _Draft(Protocol):
    """What :func:`check_foreign_keys` looks at: a table as it is to be created."""

    @property
    def planned(self) -> PlannedTable: ...
    @property
    def file(self) -> SchemaFile | None: ...
    @property
    def body(self) -> str: ...
    @property
    def exists(self) -> bool: ...
    @property
    def sources(self) -> tuple[SourceDraft, ...]: ...


def ansi_quotes(file: SchemaFile) -> bool:
    """Whether the file's double quotes are for names."""
    return "ANSI_QUOTES" in file.settings.get("sql_mode", "").upper()


def read_source(source: SourceTable, read: Callable[[str], SchemaFile]) -> SourceDraft:
    """Read and parse a source table's schema file; NotCreateStatementError where it creates no table."""
    if source.schema_file is None:
        return SourceDraft(source, None, None)
    file = read(source.schema_file)
    parsed = parse_create_table(file.create.decode("utf-8", "surrogateescape"), ansi_quotes=ansi_quotes(file))
    if parsed is None:
        raise NotCreateStatementError(
            "not a CREATE TABLE with its columns", file=file.name, offset=file.offset, statement=file.create
        )
    return SourceDraft(source, file, parsed)


def check_alike(name: str, sources: Sequence[SourceDraft]) -> None:
    """The sources of a table that the load creates must have the same columns; their order may differ."""
    known = [(source, source.parsed) for source in sources if source.parsed is not None]
    for source, parsed in known[1:]:
        first, first_parsed = known[0]
        differing = _differences(first_parsed.columns, parsed.columns) or _other_charsets(first_parsed, parsed)
        if differing:
            raise TargetError(
                f"{first.source.name} and {source.source.name} go into one table, but their columns differ: "
                + "; ".join(differing[:_SHOWN]),
                table=name,
                file=source.file.name if source.file is not None else None,
                remedy=f"Create {name} in the target, with columns that hold the values of all of them, and clear. "
                "Or route them into tables of their own.",
            )


def unlike_keys(name: str, sources: Sequence[SourceDraft]) -> Iterator[str]:
    """A warning where the sources have the same columns, but other keys or options."""
    bodies: dict[str, list[str]] = {}
    for source in sources:
        if source.file is not None and source.parsed is not None:
            text = source.file.create.decode("utf-8", "surrogateescape")[source.parsed.body_at :]
            bodies.setdefault(_AUTO_INCREMENT.sub("", text), []).append(source.source.name)
    if len(bodies) > 1:
        first, second, *_ = bodies.values()
        yield f"{name} gets the keys and options of {first[0]}; {second[0]} is defined in another way"


def check_extracted(name: str, sources: Iterable[SourceDraft], *, exists: bool) -> None:
    """The columns that routes fill must be there, and the rows must have no value for them.

    For a table that ``exists``, :func:`~airflow_dm_loader.target.preflight` asks the target for them.
    """
    for source in sources:
        for extracted in source.source.extracted if source.parsed is not None else ():
            assert source.parsed is not None
            columns = {column.name.lower(): column for column in source.parsed.columns}
            column = columns.get(extracted.column.lower())
            if extracted.column.lower() in {found.lower() for found in source.parsed.row_columns}:
                raise TargetError(
                    f"routes fill column {extracted.column!r}, but the rows of {source.source.name} hold it already",
                    table=name,
                    remedy="Give the extractor another target-column.",
                )
            if not exists and (column is None or column.generated):
                raise TargetError(
                    f"routes fill column {extracted.column!r}, which the dump's CREATE TABLE of "
                    f"{source.source.name} does not have",
                    table=name,
                    remedy=f"Create {name} in the target, with the dump's columns and this one; then clear.",
                )


def check_foreign_keys(plan: LoadPlan, drafts: Iterable[_Draft]) -> None:
    """Refuse to create a foreign key to a table that routes put elsewhere: it would point at nothing."""
    places = {source.key: table.home for table in plan.tables for source in table.sources}
    for draft in drafts:
        if draft.exists or draft.file is None:
            continue
        schema = next(source.source.schema for source in draft.sources if source.file is draft.file)
        for found in references(draft.body, ansi_quotes=ansi_quotes(draft.file)):
            goes_to = places.get(TableName(found.schema or schema, found.table))
            if goes_to is not None and goes_to != (found.schema or draft.planned.home[0], found.table):
                raise TargetError(
                    f"a foreign key refers to {found.schema or schema}.{found.table}, which routes put into {goes_to}",
                    table=str(draft.planned.home),
                    file=draft.file.name,
                    remedy="Create this table in the target as it shall be, and clear.",
                )


def unsure_views(plan: LoadPlan, views: Iterable[tuple[str, SchemaFile]]) -> Iterator[str]:
    """A warning for each view whose statement names a table that filters leave out or routes move.

    Whether it reads from that table only the server can tell: the word may be the name of a column.

    Args:
        views: ``schema.view`` of those that would be created, with their files.
    """
    away = {name.split(".", 1)[1]: name for name in (*plan.left_out.tables, *plan.left_out.views)}
    away |= {source.table: source.name for table in plan.tables for source in table.sources if source.key != table.key}
    kept = {table.table for table in plan.tables}
    for view, file in views if away else ():
        tokens = list(tokenize(file.create.decode("utf-8", "surrogateescape")))
        named = {identifier(tokens, at, ansi_quotes(file)) for at in range(len(tokens))}
        if found := sorted(away[name] for name in named & away.keys() - kept if name is not None):
            yield f"creating the view {view} fails if it reads from what is not loaded: {', '.join(found[:_SHOWN])}"


def _other_charsets(first: CreateTable, second: CreateTable) -> list[str]:
    """Columns of one definition whose tables give them other charsets."""
    return [
        f"{ours.name} is {ours.shown} in the first and {theirs.shown} in the second: other charsets"
        for ours, theirs in zip(shapes_of(first), _in_order(first, shapes_of(second)), strict=True)
        if ours.charset != theirs.charset
    ]


def _in_order(first: CreateTable, shapes: Sequence[ColumnShape]) -> list[ColumnShape]:
    by_name = {shape.name.lower(): shape for shape in shapes}
    return [by_name[column.name.lower()] for column in first.columns]


def _differences(first: Sequence[Column], second: Sequence[Column]) -> list[str]:
    ours = {column.name.lower(): column for column in first}
    theirs = {column.name.lower(): column for column in second}
    differing = [f"{ours[name].name} is only in the first" for name in ours.keys() - theirs.keys()]
    differing += [f"{theirs[name].name} is only in the second" for name in theirs.keys() - ours.keys()]
    differing += [
        f"{ours[name].name} is {ours[name].definition} in the first and {theirs[name].definition} in the second"
        for name in ours.keys() & theirs.keys()
        if ours[name].definition.lower() != theirs[name].definition.lower()
    ]
    return sorted(differing)
