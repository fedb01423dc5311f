"""Rules for columns held against the tables, before the first row: ``ignore_columns`` and ``mask``.

A rule that means no column is a slip, and what it was to hide would come in as it is. A rule that the table can't take
is refused here, and not at its first row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.dump.column_texts import column_texts
from airflow_dm_loader.dump.create_table import CreateTable, parse_create_table
from airflow_dm_loader.dump.keyed_columns import foreign_keys, unique_columns
from airflow_dm_loader.errors import ConfigError, TargetError
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.plan.column_rules import ColumnRuler, ColumnRules, MaskedColumn, columns_of
from airflow_dm_loader.plan.load_plan import PlannedTable, SourceTable
from airflow_dm_loader.rules.columns import MaskKind
from airflow_dm_loader.target.answers import as_text
from airflow_dm_loader.target.column_shapes import ColumnShape
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.conversions import shapes_of
from airflow_dm_loader.target.drafts import SchemaDraft, TableDraft
from airflow_dm_loader.target.merging import ansi_quotes

_HASH_CHARACTERS = 64
_ANY_LENGTH = frozenset({"text", "mediumtext", "longtext", "blob", "mediumblob", "longblob", "tinytext", "tinyblob"})
_WITH_LENGTH = frozenset({"char", "varchar", "varbinary"})
_REMEDY = "Correct the rule of ignore_columns or mask, or the table; then clear."


@dataclass(frozen=True, slots=True)
class _Table:
    """The target's table as it is, or will be created."""

    statement: str
    parsed: CreateTable
    ansi: bool

    @property
    def shapes(self) -> Mapping[str, ColumnShape]:
        return {shape.name.lower(): shape for shape in shapes_of(self.parsed)}

    @property
    def unique(self) -> frozenset[str]:
        return unique_columns(self.statement, ansi_quotes=self.ansi)

    @property
    def needed(self) -> frozenset[str]:
        """Columns that a row must have a value for."""
        columns = column_texts(self.statement, self.parsed.body_at, ansi_quotes=self.ansi)
        return frozenset(
            column.name.lower() for column in columns if column.needs_value and "AUTO_INCREMENT" not in column.demands
        )


def columns_apart(table: PlannedTable) -> frozenset[str]:
    """Columns, in lower case, whose values of the dump do not go to the table: their types need not fit."""
    rules = [source.columns for source in table.sources]
    return frozenset(
        name.lower() for found in rules for name in (*found.ignored, *(mask.column for mask in found.masked))
    )


def check_column_rules(db: Database, config: LoadConfig, draft: SchemaDraft) -> None:
    """Hold all rules against all tables.

    Raises:
        ConfigError: a rule means no table that is loaded, or no column of any.
        TargetError: a table can't take what a rule says.
    """
    if not (config.where.ignore_columns or config.where.mask):
        return
    tables = {found.planned.key: _table_of(db, found) for found in draft.tables}
    _check_each_means_something(config, draft, tables)
    for found in draft.tables:
        for source in found.planned.sources:
            if source.columns:
                _check_source(found, source, tables[found.planned.key])
    _check_foreign_keys(draft, tables)


def _table_of(db: Database, draft: TableDraft) -> _Table | None:
    """None: nobody can say what it is like."""
    has_rules = any(source.columns for source in draft.planned.sources)
    if draft.exists and (has_rules or draft.file is None):
        row = db.one(f"SHOW CREATE TABLE {draft.planned.key.quoted}", shape=(as_text, as_text, ...))
        statement, ansi = str(row[1]) if row is not None else "", False
    else:
        statement, ansi = _text(draft), draft.file is not None and ansi_quotes(draft.file)
    parsed = parse_create_table(statement, ansi_quotes=ansi)
    return _Table(statement, parsed, ansi) if parsed is not None else None


def _text(draft: TableDraft) -> str:
    return draft.file.create.decode("utf-8", "surrogateescape") if draft.file is not None else ""


def _check_each_means_something(
    config: LoadConfig, draft: SchemaDraft, tables: Mapping[TableName, _Table | None]
) -> None:
    sources = [(found, source) for found in draft.tables for source in found.planned.sources]
    for rule, means in ColumnRuler(config):
        meant = [(found, source) for found, source in sources if means(*source.key)]
        if not meant:
            raise ConfigError(f"{rule}: no table that is loaded is meant", remedy=_REMEDY)
        known = {name for found, source in meant for name in _row_columns(found, source, tables[found.planned.key])}
        if unknown := [name for name in columns_of(rule) if name.lower() not in known]:
            raise ConfigError(
                f"{rule}: rows of the tables that are meant hold no column {', '.join(unknown)}", remedy=_REMEDY
            )


def _row_columns(draft: TableDraft, source: SourceTable, table: _Table | None) -> set[str]:
    """The columns that rows of a source hold, in lower case; by the target's table, where the dump does not say."""
    dumped = next((found.parsed for found in draft.sources if found.source.key == source.key), None)
    parsed = dumped or (table.parsed if table is not None else None)
    return {name.lower() for name in parsed.row_columns} if parsed is not None else set()


def _check_source(draft: TableDraft, source: SourceTable, table: _Table | None) -> None:
    if table is None:
        return
    held = _row_columns(draft, source, table)
    for problem in _problems(source.columns, held, table):
        raise TargetError(problem, table=draft.name, remedy=_REMEDY)
    filled = {found.column.lower() for found in source.extracted}
    if both := sorted(filled & {name.lower() for name, _ in source.columns.columns}):
        raise ConfigError(f"routes fill column {both[0]} of {draft.name}, of which ignore_columns or mask speaks, too")


def _problems(rules: ColumnRules, held: set[str], table: _Table) -> Iterator[str]:
    shapes, unique, needed = table.shapes, table.unique, table.needed
    for name in rules.ignored:
        column, shape = name.lower(), shapes.get(name.lower())
        if column not in held or shape is None:
            continue
        if column in needed:
            yield f"ignore_columns: column {name} is NOT NULL without a default, so each row needs a value of it"
        if column in unique and not shape.automatic:
            yield f"ignore_columns: column {name} is part of a unique key, and each row would have the same value"
    for masked in rules.masked:
        shape = shapes.get(masked.column.lower())
        if masked.column.lower() in held and shape is not None:
            yield from _mask_problems(masked, shape, is_unique=masked.column.lower() in unique)


def _mask_problems(masked: MaskedColumn, shape: ColumnShape, *, is_unique: bool) -> Iterator[str]:
    what = f"mask: column {masked.column}"
    if shape.generated:
        yield f"{what} is computed by the server"
    if masked.kind is not MaskKind.SHA2 and is_unique:
        yield (
            f"{what} is part of a unique key, and each row would have the same value ({masked.kind}); sha2 keeps "
            "values apart"
        )
    if masked.kind is MaskKind.NULL and (not shape.nullable or shape.automatic):
        yield f"{what} is NOT NULL, and can't become null"
    if masked.kind is MaskKind.SHA2 and not _takes_hash(shape):
        yield (
            f"{what} is {shape.shown}, and a hash (sha2) has {_HASH_CHARACTERS} characters: it goes into CHAR, VARCHAR "
            f"and VARBINARY of {_HASH_CHARACTERS} or more, and into TEXT and BLOB"
        )


def _takes_hash(shape: ColumnShape) -> bool:
    if shape.kind in _ANY_LENGTH:
        return True
    if shape.kind == "binary":
        return shape.number(0, 1) == _HASH_CHARACTERS
    return shape.kind in _WITH_LENGTH and shape.number(0, 1) >= _HASH_CHARACTERS


def _check_foreign_keys(draft: SchemaDraft, tables: Mapping[TableName, _Table | None]) -> None:
    """A row must still find the one that it refers to: hashed on both sides, or on neither."""
    kinds = {found.planned.home: _kinds(found.planned) for found in draft.tables}
    for found in draft.tables:
        table = tables[found.planned.key]
        own = kinds[found.planned.home]
        for key in foreign_keys(table.statement, ansi_quotes=table.ansi) if table is not None else ():
            there = kinds.get(TableName(key.schema or found.planned.home.schema, key.table), {})
            for column, referenced in zip(key.columns, key.referenced, strict=False):
                ours, theirs = own.get(column), there.get(referenced)
                if ours is MaskKind.NULL or ours is theirs:
                    continue
                raise TargetError(
                    f"mask: a foreign key leads from column {column} to {key.table}.{referenced}: the masks "
                    f"({ours or 'none'} and {theirs or 'none'}) would leave rows that refer to nothing",
                    table=found.name,
                    remedy="Mask both by sha2, which keeps equal values equal, or this one by null; then clear.",
                )


def _kinds(table: PlannedTable) -> dict[str, MaskKind]:
    return {mask.column.lower(): mask.kind for source in table.sources for mask in source.columns.masked}
