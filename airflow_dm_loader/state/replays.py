"""Rows of the conflict table that are loaded again: each is marked in the transaction that loads it."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_dm_loader.errors import CheckpointError
from airflow_dm_loader.identifiers import OfTable
from airflow_dm_loader.state import error_rows
from airflow_dm_loader.state.conflicts import ASIDE_SQL, Kind, text_in_hex
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.answers import as_bytes, as_number, as_text, maybe

_TEXT = "CONVERT(UNHEX(%s) USING utf8mb4)"


@dataclass(frozen=True, slots=True)
class AsideRow(OfTable):
    """A row that is set aside, as it stands in the conflict table now.

    ``session``: JSON, the variables that it reads by; None: a loader that did not keep them has kept the row.
    """

    conflict_id: int
    schema: str
    table: str
    file: str
    file_id: int
    offset: int
    column_list: bytes
    row_data: bytes
    kind: Kind
    error_kind: str
    session: str | None


def waiting(meta: Meta, load_id: int) -> tuple[int, ...]:
    """The numbers of the rows that are set aside, in the order in which they came."""
    rows = meta.db.query(
        f"SELECT conflict_id FROM {meta['conflict']} WHERE load_id = %s AND {ASIDE_SQL} ORDER BY conflict_id",
        (load_id,),
        shape=(as_number,),
    )
    return tuple(int(number) for (number,) in rows)


def read(meta: Meta, conflict_id: int) -> AsideRow | None:
    """One of them; None: it is not set aside any more."""
    row = meta.db.one(
        "SELECT c.table_schema, c.table_name, c.file_name, f.file_id, c.file_offset, c.column_list, c.row_data, "
        f"c.kind, c.error_kind, c.session FROM {meta['conflict']} c LEFT JOIN {meta['file']} f "
        f"ON f.load_id = c.load_id AND f.name = c.file_name WHERE c.conflict_id = %s AND c.{ASIDE_SQL}",
        (conflict_id,),
        shape=(
            *(as_text, as_text, as_text, maybe(as_number), as_number, as_bytes, as_bytes, Kind, as_text),
            maybe(as_text),
        ),
    )
    if row is None:
        return None
    if row[3] is None:
        raise CheckpointError(f"the load has no record of the file {row[2]!r}")
    return AsideRow(
        conflict_id,
        row[0],
        row[1],
        row[2],
        int(row[3]),
        int(row[4]),
        row[5],
        row[6].strip(),
        row[7],
        row[8],
        row[9],
    )


def mark(meta: Meta, conflict_id: int) -> bool:
    """Mark a row as replayed, in the transaction that loads it; False: somebody else has done so."""
    result = meta.db.execute(
        f"UPDATE {meta['conflict']} SET kind = 'replayed', replayed_at = UTC_TIMESTAMP(6) "
        f"WHERE conflict_id = %s AND {ASIDE_SQL}",
        (conflict_id,),
    )
    return result.affected == 1


def count_in_chunk(meta: Meta, load_id: int, row: AsideRow, *, replaced: int) -> None:
    """The row is in the table now: say so in its chunk, and in the load's budget; in the same transaction.

    Raises:
        CheckpointError: the chunk is not stored any more, or has set no row aside.
    """
    column = "conflicts" if row.kind is Kind.CONFLICT else "refused"
    result = meta.db.execute(
        f"UPDATE {meta['chunk']} SET {column} = {column} - 1, replaced = replaced + %s WHERE load_id = %s "
        f"AND file_id = %s AND start_offset <= %s AND end_offset > %s AND {column} > 0",
        (replaced, load_id, row.file_id, row.offset, row.offset),
    )
    if result.affected != 1:
        raise CheckpointError(f"the load has no record of the chunk of {row.file} that holds byte {row.offset}")
    if row.error_kind:
        error_rows.give_back(meta, load_id, row.error_kind)


def note_error(meta: Meta, conflict_id: int, errno: int, error: str) -> None:
    """Why the row can't be loaded now; the caller commits."""
    meta.db.execute(
        f"UPDATE {meta['conflict']} SET errno = %s, error = {_TEXT} WHERE conflict_id = %s AND {ASIDE_SQL}",
        (errno, text_in_hex(error), conflict_id),
    )


def since_outcome(meta: Meta, load_id: int, outcome_id: str) -> bool:
    """Whether rows were loaded since an outcome was stored, so that it is not what is there now."""
    return bool(
        meta.db.query(
            f"SELECT 1 FROM {meta['conflict']} c JOIN {meta['outcome']} o ON o.outcome_id = %s "
            "WHERE c.load_id = %s AND c.kind = 'replayed' AND c.replayed_at >= o.created_at LIMIT 1",
            (outcome_id, load_id),
            shape=(as_number,),
        )
    )
