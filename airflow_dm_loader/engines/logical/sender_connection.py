"""The connection of one sender: opened when it is needed, with the session that the file at hand asks for."""

from __future__ import annotations

import time
from collections.abc import Mapping

from airflow_dm_loader.engines.logical.load_context import LoadContext
from airflow_dm_loader.formats.base import Chunk
from airflow_dm_loader.state import senders
from airflow_dm_loader.state.chunks import Hold
from airflow_dm_loader.target import tidb
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.session import file_session

_IDLE_S = 60  # the server closes idle connections after wait_timeout: don't try an old one


class SenderConnection:
    """Opened when needed; whoever met an error closes it, and the server undoes what it had open."""

    def __init__(self, context: LoadContext) -> None:
        self._context = context
        self._db: Database | None = None
        self._session: Mapping[str, str | int] = {}
        self._used_at = 0.0
        self._name: str | None = None  # of this connection, where chunks hold their load by it

    @property
    def connection_id(self) -> int | None:
        """The server's number of it, for KILL."""
        db = self._db
        return db.connection_id if db is not None else None

    @property
    def hold(self) -> Hold:
        """How a transaction over it keeps the load from being started afresh."""
        server = self._context.server
        begin = tidb.BEGIN if server.can.optimistic else None
        return Hold(share_lock=not server.can.optimistic, sender=self._name, begin=begin)

    def ready(self, chunk: Chunk, *, in_place: bool = False) -> Database:
        """The connection, with the chunk's session.

        Args:
            in_place: check each row as it comes, where the server would else do so at COMMIT.
        """
        if self._db is not None and time.monotonic() - self._used_at > _IDLE_S:
            self.close()
        if self._db is None:
            self._db = self._context.open_database()
            self._register(self._db)
        self.take_session_of(chunk, in_place=in_place)
        return self._db

    def take_session_of(self, chunk: Chunk, *, in_place: bool = False) -> None:
        """Give the connection, which is open, the session that the chunk's file asks for."""
        assert self._db is not None
        session = file_session(self._context.config, chunk.head, self._context.default_time_zone)
        if self._context.server.can.optimistic:
            session[tidb.CHECK_IN_PLACE] = int(in_place)
        if session != self._session:
            self._db.set_session(session)
            self._session = session

    def used(self) -> None:
        """Its transaction has just ended well."""
        self._used_at = time.monotonic()

    def close(self) -> None:
        """Drop the connection; the server undoes what it had open."""
        if self._db is not None:
            self._db.close()
        self._db, self._session, self._name = None, {}, None

    def _register(self, db: Database) -> None:
        if self._context.server.can.local_locks:
            begin = tidb.BEGIN_AND_WAIT if self._context.server.can.optimistic else None
            self._name = senders.register(self._context.meta(db), self._context.load_id, begin=begin)
