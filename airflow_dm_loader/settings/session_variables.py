"""Session variables that are the loader's own, or of one kind of server."""

from __future__ import annotations

import re

# A session that changes these would break what the loader promises: why none of them can be set.
OURS = {
    "autocommit": "a chunk is one transaction",
    "foreign_key_checks": "it is always 0 in a load, as in DM",
    "unique_checks": "with 0 duplicates can get into a unique index",
    "tidb_txn_mode": "it is set by the loader",
    "tidb_constraint_check_in_place": "it is set by the loader",
    "tidb_disable_txn_auto_retry": "a transaction must not be run again behind the loader's back",
    "tidb_batch_insert": "it splits transactions",
    "tidb_batch_delete": "it splits transactions",
    "tidb_batch_commit": "it splits transactions",
    "tidb_dml_batch_size": "it splits transactions",
    "tidb_dml_type": "bulk statements commit by themselves",
    "tidb_skip_utf8_check": "bytes that are no text would get in",
    "tidb_skip_ascii_check": "bytes that are no text would get in",
    "character_set_client": "each file's head decides",
    "character_set_connection": "each file's head decides",
    "character_set_results": "the loader reads answers in utf8mb4",
    "lc_messages": "the loader reads the server's messages",
    "max_error_count": "the loader looks at every warning",
}


def is_name(name: str) -> bool:
    """Whether a session variable can have this name."""
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is not None


def only_on_tidb(name: str) -> bool:
    """Whether it is a user's variable that only TiDB has: on another server it is not set, and a warning says so."""
    return name.lower().startswith("tidb_") and name.lower() not in OURS
