"""Holds a dump against what the last load of the same tables brought. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.report import Finding
from airflow_dm_loader.rules.guard import Guard

FEWER, EMPTY, GONE = "fewer_rows_than_before", "empty_for_the_first_time", "table_gone"
KINDS = frozenset({FEWER, EMPTY, GONE})  # of findings that are about the last load, and not about the dump


@dataclass(frozen=True, slots=True)
class Before:
    """The rows of a table before this load, and who brought them, in words."""

    rows: int
    told: str


def judge(
    guard: Guard, now: Mapping[TableName, int], before: Mapping[TableName, Before], gone: Mapping[TableName, Before]
) -> Iterator[Finding]:
    """What is otherwise than the last time.

    Args:
        now: table -> the rows that the dump brings.
        before: table -> what it had.
        gone: tables that the last load filled, and that the dump does not bring.
    """
    for table, rows in now.items():
        if (known := before.get(table)) is not None and (kind := _worse(guard, rows, known.rows)):
            yield Finding(
                kind=kind,
                table=str(table),
                text=f"the dump brings {rows:,} rows, and {known.told} {known.rows:,}{_rule(guard, kind)}",
                pauses=kind == FEWER or guard.empty == "pause",
            )
    for table, known in gone.items() if guard.tables_gone != "off" else ():
        yield Finding(
            kind=GONE,
            table=str(table),
            text=f"the dump does not bring it, and {known.told} {known.rows:,} rows",
            pauses=guard.tables_gone == "pause",
        )


def _worse(guard: Guard, rows: int, before: int) -> str:
    if rows == 0 and before > 0 and guard.empty != "off":
        return EMPTY
    drops = guard.rows_drop is not None and before - rows > before * guard.rows_drop
    return FEWER if drops and not (rows == 0 and guard.empty == "accept") else ""


def _rule(guard: Guard, kind: str) -> str:
    return f" (guard: rows_drop={guard.rows_drop:g})" if kind == FEWER and guard.rows_drop is not None else ""
