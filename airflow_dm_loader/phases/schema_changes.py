"""What a load knows of columns that tables lacked: found before its first row, and kept with it.

A load goes on as it began: columns that it left out stay so, also where somebody adds them meanwhile. An ALTER TABLE is
written down before it is made, so that it is told whatever dies in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.report import Finding
from airflow_dm_loader.state import findings, lacking_columns
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.drafts import SchemaDraft, TableDraft


def noted(notes: Mapping[str, object], draft: SchemaDraft) -> dict[str, object]:
    """The notes of a load, to be kept before anything is changed."""
    left_out = {found.planned.key: found.change.left_out for found in draft.tables if found.change.left_out}
    added = {found.planned.key: _alter(found) for found in draft.tables if found.change.added}
    return lacking_columns.with_more(notes, left_out, added)


def keep_added(meta: Meta, load_id: int, notes: Mapping[str, object], draft: SchemaDraft) -> None:
    """Write down that columns are there now that were not, and which are not; the caller commits."""
    findings.keep(meta, load_id, "each ALTER TABLE", _found(lacking_columns.added(notes), draft))


def _found(added: Mapping[TableName, str], draft: SchemaDraft) -> Iterator[Finding]:
    for table, text in added.items():
        yield Finding(kind="added_columns", table=str(table), text=f"lacked columns of the dump: {text}")
    for each in draft.tables:
        if each.change.not_added:
            names = ", ".join(each.change.not_added)
            text = f"lacks computed columns of the dump, which this server adds to no table that exists: {names}"
            yield Finding(kind="columns_not_added", table=each.name, text=text)


def in_words(draft: SchemaDraft) -> Iterator[str]:
    """A sentence for each table that lacks columns, or of whose columns rules speak."""
    for found in draft.tables:
        by_rules = dict.fromkeys(said for source in found.planned.sources for said in source.columns.columns)
        for column, what in by_rules:
            yield f"{found.name}: values of column {column} are {what}"
        if found.change.added:
            yield f"{found.name} lacks columns of the dump, which are added before the rows: {_alter(found)}"
        if found.change.not_added:
            names = ", ".join(found.change.not_added)
            yield f"{found.name} lacks computed columns of the dump, which this server adds to no table: {names}"
        if found.change.left_out:
            names = ", ".join(found.change.left_out)
            yield f"{found.name} lacks columns of the dump, whose values are left out: {names}"


def _alter(found: TableDraft) -> str:
    return "; ".join(found.change.alters(found.planned.key))
