"""Finds the columns of the dump that tables which exist lack, and what becomes of them.

Only columns that are missing whole are ever added; a type that differs is refused, as without this setting.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from airflow_dm_loader.dump.column_texts import ColumnText, column_texts
from airflow_dm_loader.dump.create_table import CreateTable
from airflow_dm_loader.dump.ddl_changes import with_implied_collations
from airflow_dm_loader.errors import CheckpointError, TargetError
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.settings.choices import OnExistingRows, OnSchemaChange
from airflow_dm_loader.target import schema as target_schema
from airflow_dm_loader.target.column_shapes import ColumnShape
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.conversions import missing_columns
from airflow_dm_loader.target.drafts import SchemaDraft, TableDraft
from airflow_dm_loader.target.merging import SourceDraft, ansi_quotes
from airflow_dm_loader.target.schema_change import BY_HAND, UNCHANGED, SchemaChange


@dataclass(frozen=True, slots=True)
class Changer:
    """Finds what tables lack, and what becomes of it.

    Args:
        how: the setting.
        existing: what becomes of rows that tables hold.
        left_out: table -> the columns that this load has left out before: they stay so, also once they are there.
        implied: see :class:`~airflow_dm_loader.target.drafts.Drafter`.
        one_by_one: see :class:`~airflow_dm_loader.target.schema_change.SchemaChange`.
    """

    how: OnSchemaChange
    existing: OnExistingRows
    left_out: Mapping[TableName, Sequence[str]]
    implied: Mapping[str, str]
    one_by_one: bool = False

    def changed(self, db: Database, draft: SchemaDraft) -> SchemaDraft:
        """The draft, with what becomes of the columns that its tables lack. Raises as :meth:`change`."""
        if self.how is OnSchemaChange.REFUSE and not self.left_out:
            return draft
        existing = [table for table in draft.tables if _may_change(table)]
        shapes = {
            schema: target_schema.column_shapes(db, schema) for schema in {table.planned.schema for table in existing}
        }

        def changed(table: TableDraft) -> TableDraft:
            there = shapes[table.planned.schema].get(table.planned.table) if table in existing else None
            return replace(table, change=self.change(db, table.planned.key, there, table.sources)) if there else table

        return replace(draft, tables=tuple(map(changed, draft.tables)))

    def change(
        self, db: Database, table: TableName, shapes: Mapping[str, ColumnShape], sources: Sequence[SourceDraft]
    ) -> SchemaChange:
        """What becomes of the columns that a table lacks.

        Args:
            shapes: the columns that it has, by their names in lower case.
            sources: the tables of the dump whose rows it gets.

        Raises:
            CheckpointError: the load has left out columns before, and would not any more.
            TargetError: a column can't be added.
        """
        before = tuple(self.left_out.get(table, ()))
        if before and self.how is not OnSchemaChange.IGNORE_COLUMNS:
            raise CheckpointError(
                f"{table}: this load has left out columns of the dump so far: {', '.join(before)}",
                remedy="Put on_schema_change back to ignore_columns to resume. To load them too, empty the table and "
                "set remove_meta.",
            )
        if self.how is OnSchemaChange.REFUSE:
            return UNCHANGED
        known = [source for source in sources if source.parsed is not None]
        if self.how is OnSchemaChange.ADD_COLUMNS:
            added = tuple(self._added(db, table, shapes, known))
            can_not = [column for column in added if column.stored and self.one_by_one]  # TiDB
            return SchemaChange(
                added=tuple(column for column in added if column not in can_not),
                not_added=tuple(column.name for column in can_not),
                there=frozenset(shapes),
                one_by_one=self.one_by_one,
            )
        missing = (*before, *(name for source in known for name in missing_columns(_parsed(source), shapes)))
        left_out = tuple({name.lower(): name for name in reversed(missing)}.values())[::-1]
        for source in known:
            if all(name.lower() in map(str.lower, left_out) for name in _parsed(source).row_columns):
                raise TargetError(
                    "it has none of the dump's columns: nothing would be loaded (on_schema_change=ignore_columns)",
                    table=str(table),
                    remedy="Rename the table so that the load creates its own, or leave it out with block_allow_list.",
                )
        return SchemaChange(left_out=left_out)

    def _added(
        self, db: Database, table: TableName, shapes: Mapping[str, ColumnShape], sources: Sequence[SourceDraft]
    ) -> Iterator[ColumnText]:
        found: dict[str, ColumnText] = {}
        for source in sources:
            for column in self._columns(source):
                name = column.name.lower()
                if name in shapes:
                    continue
                other = found.setdefault(name, column)
                if _meant(other) != _meant(column):
                    raise TargetError(
                        f"tables of the dump that go here define column {column.name} in two ways, so that it can't be "
                        "added (on_schema_change=add_columns)",
                        table=str(table),
                        remedy=BY_HAND,
                    )
        for column in found.values():
            _check_addable(db, table, column, keeps_rows=self.existing is not OnExistingRows.TRUNCATE)
        yield from found.values()

    def _columns(self, source: SourceDraft) -> tuple[ColumnText, ...]:
        assert source.file is not None
        text = source.file.create.decode("utf-8", "surrogateescape")
        columns = column_texts(text, _parsed(source).body_at, ansi_quotes=ansi_quotes(source.file))
        return tuple(replace(column, text=_with_collation(column.text, self.implied)) for column in columns)


def _may_change(table: TableDraft) -> bool:
    return table.exists and table.planned.has_data and table.file is not None


def _parsed(source: SourceDraft) -> CreateTable:
    assert source.parsed is not None
    return source.parsed


def _meant(column: ColumnText) -> str:
    return " ".join(column.text.split()).lower()


def _with_collation(text: str, implied: Mapping[str, str]) -> str:
    return with_implied_collations(f"({text})", implied)[1:-1]


def _check_addable(db: Database, table: TableName, column: ColumnText, *, keeps_rows: bool) -> None:
    if column.demands:
        raise TargetError(
            f"column {column.name} can't be added by itself (on_schema_change=add_columns), since its definition has "
            f"{', '.join(column.demands)}",
            table=str(table),
            remedy=BY_HAND,
        )
    if column.needs_value and keeps_rows and not target_schema.is_empty(db, *table):
        raise TargetError(
            f"column {column.name} is NOT NULL without a default, and rows that the table holds have no value for it "
            "(on_schema_change=add_columns)",
            table=str(table),
            remedy=BY_HAND,
        )
