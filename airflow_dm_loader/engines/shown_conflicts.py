"""Rows that met a row with the same key, or were refused, as a person is shown them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.errors import excerpt, visible
from airflow_dm_loader.hidden_values import hide_in_message
from airflow_dm_loader.state import conflicts
from airflow_dm_loader.state.conflicts import Conflict, Kind
from airflow_dm_loader.state.meta import Meta

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class ShownConflict:
    """Two rows beside each other. ``exists``: the row that was there, or what the server said where nobody saw it."""

    table: str  # "schema.table"
    came: str
    exists: str
    place: str  # of the row that came: "s.t.sql at byte 17"


@dataclass(frozen=True, slots=True)
class ConflictsShown:
    """Some of them, and how all of them are seen."""

    kind: Literal["table", "schema"]
    where: str  # the name of that table or schema, for people
    select: str = ""  # the statement that shows all of them; "": there is no one such statement
    rows: tuple[ShownConflict, ...] = ()
    can_replay: bool = False  # by ``replay_conflicts``


def kept_conflicts(config: LoadConfig, meta: Meta, load_id: int) -> ConflictsShown:
    """Those in the conflict table; rows only where their values may be seen."""
    hides = config.hides_values
    first = () if hides else conflicts.first(meta, load_id, _SHOWN)
    columns = "table_schema, table_name, file_name, file_offset, error" + ("" if hides else ", row_data")
    return ConflictsShown(
        kind="table",
        where=f"{meta.schema}.dm_loader_conflict",
        select=f"SELECT {columns}\nFROM {meta['conflict']}\nWHERE load_id = {load_id} AND {conflicts.ASIDE_SQL}",
        rows=tuple(_shown(row) for row in first),
        can_replay=True,
    )


def describe_kept_conflicts(config: LoadConfig, meta: Meta, load_id: int, count: int) -> str:
    """How many there are, where, and the first of them: of those that met another row, else of those refused."""
    met = conflicts.count(meta, load_id)
    what = "met a row with the same key" if met else "were refused by the server, or would have been changed,"
    examples = "; ".join(
        f"{row.schema}.{row.table}: {_error_of(row, config)} ({row.file} at byte {row.offset})"
        for row in conflicts.first(meta, load_id, _SHOWN, (Kind.CONFLICT if met else Kind.REFUSED,))
    )
    return f"{count} row(s) {what} and were kept aside in {meta['conflict']} (load_id {load_id}): {examples}"


def _shown(row: Conflict) -> ShownConflict:
    error, _, met = row.error.partition(conflicts.MET)
    return ShownConflict(
        f"{row.schema}.{row.table}", excerpt(row.row_data), visible(met or error), f"{row.file} at byte {row.offset}"
    )


def _error_of(row: Conflict, config: LoadConfig) -> str:
    if config.hides_values:
        return hide_in_message(row.error.partition(conflicts.MET)[0], row.errno)
    return f"{row.error}; the row that came: {excerpt(row.row_data)}"
