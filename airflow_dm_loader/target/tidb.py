"""What TiDB does otherwise than MySQL and MariaDB, as far as a load depends on it; decision 015 tells the reasons."""

from __future__ import annotations

from collections.abc import Mapping

from airflow_dm_loader.errors import TargetError
from airflow_dm_loader.target.answers import as_text
from airflow_dm_loader.target.connection import Database

# With these a transaction is committed in pieces, or not at its COMMIT: they are off in every session that loads.
_SPLITTING: Mapping[str, str | int] = {
    "tidb_batch_insert": 0,
    "tidb_batch_delete": 0,
    "tidb_batch_commit": 0,
    "tidb_dml_batch_size": 0,
    "tidb_dml_type": "standard",
}
# Of a chunk's session; 0: INSERT looks for duplicates at COMMIT, all at once.
CHECK_IN_PLACE = "tidb_constraint_check_in_place"
_ALWAYS: Mapping[str, str | int] = {"tidb_txn_mode": "optimistic"}
# Not every version has each of these; it is asked which it has.
_WHERE_THERE: Mapping[str, str | int] = {
    **_SPLITTING,
    "tidb_disable_txn_auto_retry": 1,  # it would run the writes of a transaction again, without what they were based on
    "tidb_skip_utf8_check": 0,
    "tidb_skip_ascii_check": 0,
    "allow_auto_random_explicit_insert": 1,
}
VARIABLES = frozenset(_WHERE_THERE)
BEGIN = "BEGIN OPTIMISTIC"  # a chunk's transaction
BEGIN_AND_WAIT = "BEGIN PESSIMISTIC"  # one that waits for others instead of failing at its end
CHUNK_BYTES = 4 << 20  # with keys and indexes this stays below txn-total-size-limit, 100 MiB
CREATES_AT_ONCE = 32  # it makes what waits together: each table costs a quarter of what it does over four connections
STATEMENT_BYTES = 96 << 10  # TiDB Lightning's logical-import-batch-size

_LOAD_DATA_IN_TRANSACTION = (7, 6)
_SAVEPOINT = (6, 2)


def load_data_obstacle(version: tuple[int, ...]) -> str | None:
    """Why LOAD DATA can't be part of a chunk's transaction in this version; None: it can."""
    if version < _LOAD_DATA_IN_TRANSACTION:
        return "TiDB below 7.6 commits LOAD DATA by itself"
    return None


def has_savepoints(version: tuple[int, ...]) -> bool:
    return version >= _SAVEPOINT


def loading_session(settings: Mapping[str, str]) -> dict[str, str | int]:
    """The variables of a session that loads, of those that the server has."""
    return {**_ALWAYS, **{name: value for name, value in _WHERE_THERE.items() if name in settings}}


def check_whole_transactions(db: Database) -> None:
    """A session that was opened with :func:`loading_session` must not split transactions.

    Raises:
        TargetError: the variables that would, each by its name.
    """
    names = ", ".join(f"'{name}'" for name in _SPLITTING)
    split = [
        f"{name} is {value}"
        for name, value in db.query(f"SHOW VARIABLES WHERE Variable_name IN ({names})", shape=(as_text, as_text))
        if str(value).lower() not in {"0", "off", "standard"}
    ]
    if split:
        raise TargetError(
            f"TiDB would commit a chunk in pieces: {', '.join(split)}, and stays so in the load's sessions",
            remedy="Turn them off with SET GLOBAL, and let nothing set them at connect; then clear.",
        )
