"""One row for each connection that loads, where the server has no shared lock that holds for everybody.

Elsewhere a chunk keeps its load's row under a shared lock, so that nobody starts the load afresh before the chunk has
ended. TiDB has no such lock in an optimistic transaction, and Galera's ends at its node. There every chunk writes to
its sender's row, and starting afresh removes that row: of two transactions that change one row, only one can commit.
Chunks of different senders never meet.
"""

from __future__ import annotations

import secrets

from airflow_dm_loader.errors import CheckpointError
from airflow_dm_loader.state.meta import Meta


def register(meta: Meta, load_id: int, *, begin: str | None) -> str:
    """Write the row of a new sender, and commit it; its name.

    Changing the load's row in the same transaction makes this, too, one of two that can't both commit.

    Args:
        begin: how a transaction is opened here that waits for others; None: as any other.

    Raises:
        CheckpointError: the load is not stored any more.
    """
    if begin is not None:
        meta.db.execute(begin)
    result = meta.db.execute(f"UPDATE {meta['load']} SET updated_at = UTC_TIMESTAMP(6) WHERE load_id = %s", (load_id,))
    if result.affected != 1:
        raise gone(load_id)
    name = secrets.token_hex(16)
    meta.db.execute(f"INSERT INTO {meta['sender']} (load_id, sender, chunks) VALUES (%s, %s, 0)", (load_id, name))
    meta.db.commit()
    return name


def hold(meta: Meta, load_id: int, sender: str) -> None:
    """Make the open transaction fail at its end if the load is started afresh before that.

    Raises:
        CheckpointError: it was started afresh already.
    """
    result = meta.db.execute(
        f"UPDATE {meta['sender']} SET chunks = chunks + 1 WHERE load_id = %s AND sender = %s", (load_id, sender)
    )
    if result.affected != 1:
        raise gone(load_id)


def gone(load_id: int) -> CheckpointError:
    """The error of an attempt that was replaced."""
    return CheckpointError(
        f"load {load_id} is not stored any more: it was started afresh, or went on by another plan, "
        "while this attempt was at work",
        remedy="Nothing to fix: the newer attempt loads the rows.",
    )
