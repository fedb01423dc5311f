"""The fence: a chunk's row lives and dies with the chunk's rows.

    BEGIN
      claim     INSERT the chunk's row with a nonce; a second session waits here, or learns that it is done
      ...       the chunk's rows
      complete  UPDATE the row, WHERE it still holds the nonce: one row must be hit
    COMMIT

A crash anywhere undoes both; a zombie and its successor can't both commit; no key in the loaded tables is needed.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from airflow_dm_loader.errors import LockedError, RetriableError, RowError
from airflow_dm_loader.identifiers import OfTable
from airflow_dm_loader.state import senders
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.answers import as_number, as_real, as_text, maybe

_DUPLICATE_KEY = 1062
_LOCK_WAIT_TIMEOUT = 1205


@dataclass(frozen=True, slots=True)
class ChunkKey:
    """Which span of which file; offsets are bytes of the decoded file."""

    load_id: int
    file_id: int
    start_offset: int


@dataclass(slots=True)
class ChunkCounts:
    """What was sent in a chunk, as the server counted it."""

    rows: int = 0
    replaced: int = 0
    ignored: int = 0
    conflicts: int = 0
    refused: int = 0


class ChunkIsDone(Exception):
    """Another session committed this chunk."""

    def __init__(self, end_offset: int) -> None:
        self.end_offset = end_offset


class ChunkIsBusy(LockedError):
    """Another session is at this chunk now."""


class DuplicateAtCommitError(RowError):
    """A row's key, or the chunk's own, was there already, and only COMMIT said so: nothing of the chunk was kept."""


@dataclass(frozen=True, slots=True)
class Hold:
    """How a chunk's transaction keeps its load from being started afresh before it ends.

    Attributes:
        share_lock: by a shared lock on the load's row.
        sender: by writing to this row, see :mod:`airflow_dm_loader.state.senders`.
        begin: the statement that opens the transaction; None: it opens with the first one.
    """

    share_lock: bool = True
    sender: str | None = None
    begin: str | None = None


BY_SHARE_LOCK = Hold()


def hold_load(meta: Meta, load_id: int, hold: Hold) -> None:
    """Open a transaction that ends well only if the load's row is still there then; see :func:`claim`."""
    if hold.begin is not None:
        meta.db.execute(hold.begin)
    if hold.share_lock:
        found = meta.db.one(
            f"SELECT status FROM {meta['load']} WHERE load_id = %s LOCK IN SHARE MODE", (load_id,), shape=(as_text,)
        )
        if found is None:
            raise senders.gone(load_id)
    if hold.sender is not None:
        senders.hold(meta, load_id, hold.sender)


def claim(meta: Meta, key: ChunkKey, run_id: str, *, hold: Hold = BY_SHARE_LOCK) -> str:
    """Insert the chunk's row and return its nonce; the transaction that this opens must carry the rows too.

    Raises:
        ChunkIsDone: it was committed.
        ChunkIsBusy: another session holds it, for longer than the server's lock wait.
        CheckpointError: the load is not stored any more, or does not take rows now.
    """
    hold_load(meta, key.load_id, hold)
    if hold.sender is not None and (end := _committed_end(meta, key)) is not None:
        raise ChunkIsDone(end)  # an INSERT that is checked at COMMIT would tell only after the rows
    nonce = secrets.token_hex(16)  # text: no sql_mode or charset of the file can change it
    try:
        meta.db.execute(
            f"INSERT INTO {meta['chunk']} (load_id, file_id, start_offset, nonce, connection_id, run_id) "
            "VALUES (%s, %s, %s, %s, %s, CONVERT(UNHEX(%s) USING utf8mb4))",
            (key.load_id, key.file_id, key.start_offset, nonce, meta.db.connection_id, run_id.encode().hex()),
        )
    except LockedError as error:
        if error.errno == _LOCK_WAIT_TIMEOUT:
            raise ChunkIsBusy(error.message, errno=error.errno) from error
        raise
    except Exception as error:
        if getattr(error, "errno", None) != _DUPLICATE_KEY:
            raise
        meta.db.rollback()
        end = _committed_end(meta, key)
        if end is None:
            raise RetriableError("a chunk's row vanished while it was looked at") from error
        raise ChunkIsDone(end) from error
    return nonce


def _committed_end(meta: Meta, key: ChunkKey) -> int | None:
    """Where the chunk ends, if it is committed; the transaction ends with it if so."""
    row = meta.db.one(
        f"SELECT end_offset FROM {meta['chunk']} WHERE load_id = %s AND file_id = %s AND start_offset = %s",
        (key.load_id, key.file_id, key.start_offset),
        shape=(maybe(as_number),),
    )
    if row is None or row[0] is None:
        return None
    meta.db.rollback()
    return int(row[0])


def complete(
    meta: Meta,
    key: ChunkKey,
    nonce: str,
    *,
    end_offset: int,
    counts: ChunkCounts,
    sent_as: str,
    file_bytes: int,
    seconds: float,
) -> None:
    """Complete the chunk's row and commit it together with the rows.

    Some server errors undo the whole transaction without saying so: then the nonce is gone, or no transaction is
    open, and nothing is committed.
    """
    result = meta.db.execute(
        f"UPDATE {meta['chunk']} SET end_offset = %s, row_count = %s, replaced = %s, ignored = %s, conflicts = %s, "
        "refused = %s, sent_as = %s, file_bytes = %s, seconds = %s, committed_at = UTC_TIMESTAMP(6) "
        "WHERE load_id = %s AND file_id = %s AND start_offset = %s AND nonce = %s AND end_offset IS NULL",
        (
            end_offset,
            counts.rows,
            counts.replaced,
            counts.ignored,
            counts.conflicts,
            counts.refused,
            sent_as,
            file_bytes,
            seconds,
            key.load_id,
            key.file_id,
            key.start_offset,
            nonce,
        ),
    )
    if result.affected != 1 or not meta.db.in_transaction:
        raise RetriableError("the server undid the chunk's transaction; nothing of it was kept")
    try:
        meta.db.commit()
    except RowError as error:
        if error.errno != _DUPLICATE_KEY:
            raise
        raise DuplicateAtCommitError(error.message, errno=error.errno, remedy=error.remedy) from error


@dataclass(slots=True)
class CommittedFile:
    """What is in of one file: its chunks, start -> end in decoded bytes, the stored bytes they stand for, and rows."""

    spans: dict[int, int]
    file_bytes: int = 0
    rows: int = 0


def committed_files(meta: Meta, load_id: int) -> dict[int, CommittedFile]:
    """file_id -> what is in of it, for the files of which anything is."""
    found: dict[int, CommittedFile] = {}
    for file_id, start, end, file_bytes, rows in meta.db.query(
        f"SELECT file_id, start_offset, end_offset, file_bytes, row_count FROM {meta['chunk']} "
        "WHERE load_id = %s AND end_offset IS NOT NULL",
        (load_id,),
        shape=(as_number,) * 5,
    ):
        file = found.setdefault(int(file_id), CommittedFile({}))
        file.spans[int(start)] = int(end)
        file.file_bytes += int(file_bytes)
        file.rows += int(rows)
    return found


# Seconds by the server's clock between the first begin and the last end of the chunks ``c`` of a load ``l``; NULL where
# one of them does not tell.
_END_SQL = "TIMESTAMPDIFF(MICROSECOND, l.created_at, c.committed_at) / 1000000"
WALL_SQL = f"IF(COUNT(c.committed_at) = COUNT(c.start_offset), MAX({_END_SQL}) - MIN({_END_SQL} - c.seconds), NULL)"


@dataclass(frozen=True, slots=True)
class TableTotals(OfTable):
    """The sums over a table's committed chunks."""

    schema: str
    table: str
    rows: int
    data_bytes: int
    replaced: int
    ignored: int
    conflicts: int
    seconds: float  # over all connections
    sent_as: str
    refused: int = 0
    wall_s: float | None = None  # from its first transaction's begin to its last one's end; None: it is not known

    @property
    def kept(self) -> int:
        """Rows of the table that come from this load, if nobody else wrote to it."""
        return self.rows - self.replaced - self.ignored - self.conflicts - self.refused


def totals_by_table(meta: Meta, load_id: int) -> tuple[TableTotals, ...]:
    """One row a table that has data files, also where nothing was sent."""
    rows = meta.db.query(
        "SELECT f.table_schema, f.table_name, COALESCE(SUM(c.row_count), 0), "
        "COALESCE(SUM(c.end_offset - c.start_offset), 0), COALESCE(SUM(c.replaced), 0), COALESCE(SUM(c.ignored), 0), "
        "COALESCE(SUM(c.conflicts), 0), COALESCE(SUM(c.seconds), 0), "
        "COALESCE(GROUP_CONCAT(DISTINCT c.sent_as ORDER BY c.sent_as SEPARATOR ', '), ''), "
        f"COALESCE(SUM(c.refused), 0), {WALL_SQL} "
        f"FROM {meta['file']} f JOIN {meta['load']} l ON l.load_id = f.load_id "
        f"LEFT JOIN {meta['chunk']} c ON c.load_id = f.load_id AND c.file_id = f.file_id "
        "AND c.end_offset IS NOT NULL WHERE f.load_id = %s "
        "GROUP BY f.table_schema, f.table_name ORDER BY f.table_schema, f.table_name",
        (load_id,),
        shape=(as_text, as_text, *(as_number,) * 5, as_real, as_text, as_number, maybe(as_real)),
    )
    return tuple(
        TableTotals(
            schema=row[0],
            table=row[1],
            rows=int(row[2]),
            data_bytes=int(row[3]),
            replaced=int(row[4]),
            ignored=int(row[5]),
            conflicts=int(row[6]),
            seconds=float(row[7]),
            sent_as=row[8],
            refused=int(row[9]),
            wall_s=None if row[10] is None else max(0.0, float(row[10])),
        )
        for row in rows
    )


def rows_of_run(meta: Meta, load_id: int, run_id: str) -> int:
    """Rows that one run committed."""
    row = meta.db.sure(
        f"SELECT COALESCE(SUM(row_count), 0) FROM {meta['chunk']} "
        "WHERE load_id = %s AND run_id = %s AND end_offset IS NOT NULL",
        (load_id, run_id),
        shape=(as_number,),
    )
    return int(row[0])
