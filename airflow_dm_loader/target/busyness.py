"""How much a server and its replicas have to do, as they say it themselves."""

from __future__ import annotations

from typing import Any

from airflow_dm_loader.errors import LoaderError, TargetError
from airflow_dm_loader.target.answers import as_number, as_real, as_text, unexpected
from airflow_dm_loader.target.connection import Database

NO_REPLICA = "replicates from nowhere"
_UNKNOWN_STATEMENT = 1064
_LAG = ("seconds_behind_source", "seconds_behind_master")
_STATEMENTS = ("SHOW ALL REPLICAS STATUS", "SHOW REPLICA STATUS", "SHOW ALL SLAVES STATUS", "SHOW SLAVE STATUS")


def status_number(db: Database, name: str) -> int | None:
    """One of the server's counters; None: it has none of this name."""
    row = db.one(f"SHOW GLOBAL STATUS LIKE '{name}'", shape=(as_text, as_real))
    return int(row[1]) if row is not None else None


def threads_running(db: Database) -> int | None:
    """Sessions that are at work, this one among them."""
    if db.says_tidb:
        asked = "SELECT COUNT(*) FROM information_schema.cluster_processlist WHERE command <> 'Sleep'"
        return int(db.sure(asked, shape=(as_number,))[0])
    return status_number(db, "Threads_running")


def paused_ns(db: Database) -> int | None:
    """How long Galera's flow control has paused this node's cluster so far; None: it is in none."""
    if db.says_tidb:
        return None
    return status_number(db, "wsrep_flow_control_paused_ns")


def lag(db: Database) -> tuple[float | None, str]:
    """How many seconds a replica is behind, the slowest of its channels; or None, and why it is not known, in words.

    Raises:
        TargetError: the account may not ask, or the server takes no such question.
    """
    rows = _replica_status(db)
    if not rows:
        return None, NO_REPLICA
    found = [next((row[name] for name in _LAG if name in row), None) for row in rows]
    if any(seconds is None for seconds in found):
        return None, "does not replicate now: its threads are stopped, or can't reach their source"
    try:
        return max(as_real(seconds) for seconds in found if seconds is not None), ""
    except ValueError as error:
        raise unexpected(str(error), "SHOW REPLICA STATUS") from None


def _replica_status(db: Database) -> list[dict[str, Any]]:
    """A row for each channel, in whatever words this server has for it."""
    for statement in _STATEMENTS:
        try:
            return db.named(statement)
        except LoaderError as error:
            if error.errno != _UNKNOWN_STATEMENT:
                raise
    raise TargetError("the server can't be asked for the state of replication", remedy="Leave it out of the replicas.")
