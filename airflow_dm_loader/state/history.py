"""What former loads brought to each table of this server, whatever their load tasks are called.

A load is written down when it finishes, in that transaction, and stays when it is forgotten. What a restored or
abandoned round brought is not what readers see, so it counts no more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.report import TableReport
from airflow_dm_loader.state.batches import batches, insert_ignore
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.answers import as_number, as_real, as_text


@dataclass(frozen=True, slots=True)
class Brought:
    """What one load brought to one table."""

    of_load: int
    task_name: str
    source_id: str
    rows: int
    finished_at: str  # UTC
    file_bytes: int = 0  # stored bytes of its data files
    seconds: float = 0.0  # that its rows took, over all connections

    @property
    def seconds_per_byte(self) -> float | None:
        """Of one connection; None: it brought nothing."""
        return self.seconds / self.file_bytes if self.file_bytes else None


@dataclass(frozen=True, slots=True)
class Entry:
    """What is written down of a table."""

    table: TableName
    report: TableReport
    file_bytes: int


def keep(
    meta: Meta, config: LoadConfig, load_id: int, entries: Iterable[Entry], *, verdict: str, accepted: bool, token: str
) -> None:
    """Write down what a load that finishes brought, once; the caller commits.

    Args:
        token: of the round that swaps its tables in; "": none does.
    """
    row = meta.db.sure(
        f"SELECT CAST(created_at AS CHAR), CAST(UTC_TIMESTAMP(6) AS CHAR) FROM {meta['load']} WHERE load_id = %s",
        (load_id,),
        shape=(as_text, as_text),
    )
    begun_at, now = map(str, row)
    what = config.what
    insert_ignore(
        meta.db,
        f"{meta['brought']} (of_load, task_name, source_id, table_schema, table_name, token, row_count, data_bytes, "
        "file_bytes, seconds, verdict, accepted, begun_at, finished_at)",
        [
            (
                load_id,
                what.task_name,
                what.source_id,
                *entry.table,
                token,
                entry.report.rows,
                entry.report.data_bytes,
                entry.file_bytes,
                entry.report.sender_seconds or entry.report.seconds,  # an outcome of a loader before has the latter
                verdict,
                accepted,
                begun_at,
                now,
            )
            for entry in entries
        ],
    )


def last(
    meta: Meta, config: LoadConfig, tables: Collection[TableName], *, load_id: int | None, token: str = ""
) -> dict[TableName, Brought]:
    """table -> what the last load before this one brought; those that no load is known of are left out.

    It is the same source's load. Where the load task has one source, and that one never filled the table, it is all
    that the sources of the last task brought together.

    Args:
        load_id: this load; None: it is not registered.
        token: the round that this load is of.
    """
    by_table = _newest_of_each_source(meta, tables, load_id, token)
    alone = len(config.what.all_sources) == 1
    found = {}
    for table, known in by_table.items():
        mine = [one for one in known if one.source_id == config.what.source_id]
        if mine:
            found[table] = mine[-1]
        elif alone:
            newest = known[-1]
            together = [one for one in known if one.task_name == newest.task_name]
            found[table] = replace(
                newest,
                rows=sum(one.rows for one in together),
                file_bytes=sum(one.file_bytes for one in together),
                seconds=sum(one.seconds for one in together),
            )
    return found


def beside(
    meta: Meta,
    before: Mapping[TableName, Brought],
    tables: Collection[TableName],
    *,
    load_id: int | None,
    token: str = "",
) -> dict[TableName, Brought]:
    """Tables that the loads of ``before`` filled too, that are not among ``tables``, and that no later load filled."""
    loads = sorted({one.of_load for one in before.values()})
    folded = {table.folded(meta.db.folds_names) for table in tables}
    found = {}
    for some in batches(loads):
        for schema, table, *row in meta.db.query(
            "SELECT table_schema, table_name, of_load, task_name, source_id, row_count, CAST(finished_at AS CHAR), "
            "file_bytes, seconds "
            f"FROM {meta['brought']} h WHERE undone = 0 AND of_load IN ({', '.join(['%s'] * len(some))}) "
            f"AND NOT EXISTS (SELECT 1 FROM {meta['brought']} o WHERE o.table_schema = h.table_schema "
            "AND o.table_name = h.table_name AND o.history_id > h.history_id AND o.undone = 0 AND o.of_load <> %s "
            "AND (o.token = '' OR o.token <> %s)) ORDER BY 1, 2",
            (*some, load_id or 0, token),
            shape=(as_text, as_text, as_number, as_text, as_text, as_number, as_text, as_number, as_real),
        ):
            key = TableName(str(schema), str(table))
            if key.folded(meta.db.folds_names) not in folded:
                found[key] = _brought(row)
    return found


def undo(meta: Meta, token: str) -> None:
    """What the loads of a round brought is not in place any more; the caller commits."""
    meta.db.execute(f"UPDATE {meta['brought']} SET undone = 1 WHERE token = %s", (token,))


def _newest_of_each_source(
    meta: Meta, tables: Collection[TableName], load_id: int | None, token: str
) -> dict[TableName, list[Brought]]:
    """table -> the last load of each source, the newest last."""
    names = {table.folded(meta.db.folds_names): table for table in tables}
    column = "LOWER({})" if meta.db.folds_names else "{}"
    schema, name = column.format("table_schema"), column.format("table_name")
    found: dict[TableName, list[Brought]] = {}
    for some in batches(sorted(names)):
        places = ", ".join(["(%s, %s)"] * len(some))
        for row in meta.db.query(
            f"SELECT {schema}, {name}, of_load, task_name, source_id, row_count, CAST(finished_at AS CHAR), "
            "file_bytes, seconds "
            f"FROM {meta['brought']} WHERE history_id IN (SELECT MAX(history_id) FROM {meta['brought']} "
            f"WHERE undone = 0 AND of_load <> %s AND (token = '' OR token <> %s) AND ({schema}, {name}) IN ({places}) "
            f"GROUP BY {schema}, {name}, source_id) ORDER BY history_id",
            (load_id or 0, token, *(part for table in some for part in table)),
            shape=(as_text, as_text, as_number, as_text, as_text, as_number, as_text, as_number, as_real),
        ):
            found.setdefault(names[TableName(str(row[0]), str(row[1]))], []).append(_brought(row[2:]))
    return found


def _brought(row: Sequence[object]) -> Brought:
    of_load, task_name, source_id, rows, finished_at, file_bytes, seconds = row
    moment = str(finished_at)[:19]
    took = float(str(seconds))
    return Brought(
        int(str(of_load)), str(task_name), str(source_id), int(str(rows)), moment, int(str(file_bytes)), took
    )
