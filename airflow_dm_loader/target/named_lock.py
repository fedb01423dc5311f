"""A lock of the server by a name, for statements that can't be part of a transaction.

It is the session's: with the connection it goes, and with it whatever the session still meant to do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from airflow_dm_loader.errors import ConnectionLostError, LoaderError, RetriableError
from airflow_dm_loader.target.answers import as_number, maybe
from airflow_dm_loader.target.connection import Database

_WAIT_S = 20
_TRIES = 3


@contextmanager
def named_lock(db: Database, *names: str) -> Iterator[None]:
    """Hold the lock of these names within the block.

    Whoever has it for longer than a statement takes is frozen, or gone without the server knowing: the session is ended
    with KILL, so that it does nothing any more.

    Raises:
        RetriableError: somebody else still has it.
    """
    name = "dm_loader_" + hashlib.sha256("\0".join(names).encode("utf-8", "surrogateescape")).hexdigest()[:40]
    for _ in range(_TRIES):
        row = db.one("SELECT GET_LOCK(%s, %s)", (name, _WAIT_S), shape=(maybe(as_number),))
        if row is not None and row[0] == 1:
            break
        holder = db.one("SELECT IS_USED_LOCK(%s)", (name,), shape=(maybe(as_number),))
        if holder is not None and holder[0] is not None:
            with suppress(LoaderError):
                db.execute(f"KILL {int(holder[0])}")
    else:
        raise RetriableError(f"another session has held {'.'.join(names)} for more than {_WAIT_S * _TRIES} s")
    try:
        yield
    finally:
        with suppress(ConnectionLostError):
            db.query("SELECT RELEASE_LOCK(%s)", (name,), shape=(maybe(as_number),))
