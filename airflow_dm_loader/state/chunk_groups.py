"""The fence for several small chunks in one transaction: each has its own row, all are claimed and completed at once.

Whoever meets one of them waits or learns that it is done, as with :mod:`airflow_dm_loader.state.chunks`. A group is
all or nothing: whatever comes between, the transaction is undone, and its chunks go one by one.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from airflow_dm_loader.errors import RetriableError
from airflow_dm_loader.state.chunks import BY_SHARE_LOCK, ChunkCounts, ChunkKey, Hold, hold_load
from airflow_dm_loader.state.meta import Meta

_COMPLETED = (
    *("end_offset", "row_count", "replaced", "ignored", "conflicts", "refused"),
    *("sent_as", "file_bytes", "seconds", "committed_at"),
)
# The run's name as hex: no sql_mode or charset of a file can change it.
_CLAIM = "(%s, %s, %s, %s, %s, CONVERT(UNHEX(%s) USING utf8mb4))"
_COMPLETE = "(%s, %s, %s, %s, 0, '', %s, %s, %s, %s, %s, %s, %s, %s, %s, UTC_TIMESTAMP(6))"


@dataclass(frozen=True, slots=True)
class SentChunk:
    """A chunk whose rows were sent; see :func:`airflow_dm_loader.state.chunks.complete`."""

    key: ChunkKey
    end_offset: int
    counts: ChunkCounts
    sent_as: str
    file_bytes: int
    seconds: float


def claim_group(meta: Meta, keys: Sequence[ChunkKey], run_id: str, *, hold: Hold = BY_SHARE_LOCK) -> str:
    """Insert the rows of chunks of one load, all in one statement, and return their nonce.

    Args:
        keys: of one load, in the same order whoever claims them: so two sessions don't lock each other out.
        hold: see :func:`airflow_dm_loader.state.chunks.claim`.

    Raises:
        CheckpointError: the load is not stored any more.
        RowError: one of them was committed.
        LockedError: another session holds one of them, for longer than the server's lock wait.
    """
    hold_load(meta, keys[0].load_id, hold)
    nonce = secrets.token_hex(16)
    run = run_id.encode().hex()
    values = [(key.load_id, key.file_id, key.start_offset, nonce, meta.db.connection_id, run) for key in keys]
    meta.db.execute(
        f"INSERT INTO {meta['chunk']} (load_id, file_id, start_offset, nonce, connection_id, run_id) VALUES "
        + ", ".join([_CLAIM] * len(keys)),
        [value for row in values for value in row],
    )
    return nonce


def complete_group(meta: Meta, nonce: str, sent: Sequence[SentChunk]) -> None:
    """Complete the rows of chunks, and commit them together with the rows that they stand for.

    One statement finds each row by its key alone, so no other session's row is waited for. The server counts two for
    a row that was there and is changed by it, and one for any other; so anything but two for each means that a row
    is gone, or is not ours: the server undid the transaction, and nothing is committed.
    """
    changes = ", ".join(f"{name} = IF(nonce = VALUES(nonce), VALUES({name}), {name})" for name in _COMPLETED)
    values = [
        (
            *(chunk.key.load_id, chunk.key.file_id, chunk.key.start_offset, nonce),
            *(chunk.end_offset, chunk.counts.rows, chunk.counts.replaced, chunk.counts.ignored),
            *(chunk.counts.conflicts, chunk.counts.refused, chunk.sent_as, chunk.file_bytes, chunk.seconds),
        )
        for chunk in sent
    ]
    result = meta.db.execute(
        f"INSERT INTO {meta['chunk']} (load_id, file_id, start_offset, nonce, connection_id, run_id, "
        f"{', '.join(_COMPLETED)}) VALUES {', '.join([_COMPLETE] * len(sent))} ON DUPLICATE KEY UPDATE {changes}",
        [value for row in values for value in row],
    )
    if result.affected != 2 * len(sent) or not meta.db.in_transaction:
        raise RetriableError("the server undid the transaction of several chunks; nothing of it was kept")
    meta.db.commit()
