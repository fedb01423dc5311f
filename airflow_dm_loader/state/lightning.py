"""How far ``tidb-lightning`` is with a load: our own record, which Lightning's checkpoint never outlives.

begun             its checkpoint may hold something: the next run goes on there
checksum_differs  all rows are in, and Lightning's checksum differs; another run compares again, and no more
imported          all rows are in; it is not run again
cleaned           the load is finished, and Lightning's checkpoint is removed
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.errors import CheckpointError, LockedError
from airflow_dm_loader.state.meta import Meta, check_version
from airflow_dm_loader.target.answers import as_number, as_text, maybe, read_stored

# An owner that was not heard of for so long is dead. The named lock alone does not do: TiDB keeps it in a transaction,
# which lives an hour at most. This alone does not do either: an owner may be frozen while its program runs on.
LEASE_S = 30
_WAIT = "Nothing to fix: a retry resumes once that attempt has ended, or was not heard of for a while."


class LightningStage(StrEnum):
    """See the module."""

    BEGUN = "begun"
    CHECKSUM_DIFFERS = "checksum_differs"
    IMPORTED = "imported"
    CLEANED = "cleaned"


@dataclass(frozen=True, slots=True)
class LightningRow:
    """What is stored of one load."""

    stage: LightningStage
    checkpoint_driver: str
    checkpoint_place: str
    task_id_before: int  # rows in conflict with a higher task_id are of this load, or of its task's other sources
    findings: Mapping[str, Any] = field(default_factory=dict)

    def rows_of_run(self, run_id: str) -> int | None:
        """Rows that one run sent, 0 where it is not the one that sent the last; None: it is not known."""
        if self.findings.get("run_id") != run_id:
            return 0
        return None if (rows := self.findings.get("rows_sent")) is None else int(rows)


def find(meta: Meta, load_id: int) -> LightningRow | None:
    """What is stored; None before the first run."""
    row = meta.db.one(
        "SELECT stage, checkpoint_driver, checkpoint_place, task_id_before, findings, row_version "
        f"FROM {meta['lightning']} WHERE load_id = %s",
        (load_id,),
        shape=(LightningStage, as_text, as_text, as_number, as_text, as_number),
    )
    if row is None:
        return None
    check_version(row[5], f"the import by tidb-lightning of load {load_id}")
    findings = read_stored(dict[str, Any], row[4], f"what tidb-lightning found for load {load_id}")
    return LightningRow(row[0], row[1], row[2], row[3], findings)


def begin(meta: Meta, load_id: int, owner: str, *, driver: str, place: str, task_id_before: int) -> None:
    """Write down that Lightning is about to run for the first time, for ``owner``."""
    meta.db.execute(
        f"INSERT INTO {meta['lightning']} (load_id, stage, owner, checkpoint_driver, checkpoint_place, "
        "task_id_before, findings, updated_at) VALUES (%s, %s, %s, %s, %s, %s, '{}', UTC_TIMESTAMP(6))",
        (load_id, LightningStage.BEGUN.value, owner, driver, place, task_id_before),
    )


def take(meta: Meta, load_id: int, owner: str) -> None:
    """Become the owner of a load that was begun. Raises LockedError while another owner was heard of lately."""
    result = meta.db.execute(
        f"UPDATE {meta['lightning']} SET owner = %s, updated_at = UTC_TIMESTAMP(6) WHERE load_id = %s "
        "AND (owner = '' OR updated_at < UTC_TIMESTAMP(6) - INTERVAL %s SECOND)",
        (owner, load_id, LEASE_S),
    )
    if result.affected != 1:
        raise LockedError(
            f"another attempt ran tidb-lightning for load {load_id} less than {LEASE_S} s ago",
            remedy=_WAIT,
        )


def move(meta: Meta, load_id: int, stage: LightningStage, findings: Mapping[str, Any] | None = None) -> None:
    """Write down the next stage. Raises CheckpointError where the load was started afresh meanwhile."""
    more = "" if findings is None else ", findings = %s"
    result = meta.db.execute(
        f"UPDATE {meta['lightning']} SET stage = %s, updated_at = UTC_TIMESTAMP(6){more} WHERE load_id = %s",
        (stage.value, *(() if findings is None else (json.dumps(findings),)), load_id),
    )
    if result.affected != 1:
        raise CheckpointError(f"load {load_id} is not stored any more: somebody started it afresh")


def lock(meta: Meta, config: LoadConfig) -> None:
    """Be the only attempt that runs Lightning for this task and source, as long as this connection lives.

    Raises:
        LockedError: another attempt is at it.
    """
    lock_source(meta, config.what.task_name, config.what.source_id)


def lock_source(meta: Meta, task_name: str, source_id: str) -> None:
    """The same by the names of the load. It rolls back what is open."""
    row = meta.db.one("SELECT GET_LOCK(%s, 1)", (_lock_name(meta, task_name, source_id),), shape=(maybe(as_number),))
    meta.db.rollback()  # what is read from here on is not older than the lock
    if row is None or row[0] != 1:
        raise LockedError(f"another attempt runs tidb-lightning for {task_name!r} / {source_id!r}", remedy=_WAIT)


def hold(meta: Meta, config: LoadConfig, load_id: int, owner: str, progress: tuple[int, int] | None = None) -> None:
    """Be heard of, and see that nobody else came. It commits.

    Args:
        progress: bytes that are finished and all bytes, as Lightning counts them; None: it has not said.

    Raises:
        LockedError: another attempt is at it.
        CheckpointError: the load was started afresh.
    """
    row = meta.db.one(
        "SELECT GET_LOCK(%s, 1)",
        (_lock_name(meta, config.what.task_name, config.what.source_id),),
        shape=(maybe(as_number),),
    )  # the same connection gets it again
    result = meta.db.execute(
        f"UPDATE {meta['lightning']} SET updated_at = UTC_TIMESTAMP(6), finished_bytes = COALESCE(%s, finished_bytes), "
        "total_bytes = COALESCE(%s, total_bytes) WHERE load_id = %s AND owner = %s",
        (*(progress or (None, None)), load_id, owner),
    )
    meta.db.commit()
    if result.affected != 1 and find(meta, load_id) is None:
        raise CheckpointError(f"load {load_id} is not stored any more: somebody started it afresh")
    if result.affected != 1 or row is None or row[0] != 1:
        raise LockedError("the lock of the import was lost: another attempt may run tidb-lightning", remedy=_WAIT)


def release(meta: Meta, load_id: int, owner: str, progress: tuple[int, int] | None = None) -> None:
    """Nobody needs to wait for this owner any more. It commits. ``progress``: as for :func:`hold`."""
    meta.db.execute(
        f"UPDATE {meta['lightning']} SET owner = '', finished_bytes = COALESCE(%s, finished_bytes), "
        "total_bytes = COALESCE(%s, total_bytes) WHERE load_id = %s AND owner = %s",
        (*(progress or (None, None)), load_id, owner),
    )
    meta.db.commit()


def _lock_name(meta: Meta, task_name: str, source_id: str) -> str:
    """Of the task's source, not of the load: one that is started afresh waits for the old one's program to end."""
    name = json.dumps([meta.schema, task_name, source_id])
    return f"dm_loader_{hashlib.sha256(name.encode()).hexdigest()[:40]}"
