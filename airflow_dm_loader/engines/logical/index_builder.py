"""Builds the indexes of tables whose rows are in, while other tables still load; all of a table in one ALTER."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace

from airflow_dm_loader.attempts import Attempts
from airflow_dm_loader.dump.secondary_indexes import SecondaryIndex
from airflow_dm_loader.dump.waiting_mark import mark, split_mark
from airflow_dm_loader.errors import CheckpointError, LoaderError, LoadInterruptedError
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.logs import visible_log
from airflow_dm_loader.progress.forecast import build_work
from airflow_dm_loader.progress.table_clock import Pace, TableClock
from airflow_dm_loader.report import IndexStage
from airflow_dm_loader.rules.skips import NO_SKIPS, Skips
from airflow_dm_loader.run import LoadRun
from airflow_dm_loader.server_errors import NO_SUCH_TABLE
from airflow_dm_loader.state import indexes
from airflow_dm_loader.state.loads import Load
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target import schema as target_schema
from airflow_dm_loader.target.answers import as_text, as_truth
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.server import ask_server
from airflow_dm_loader.target.session import base_session, sql_mode_for, user_sql_mode
from airflow_dm_loader.target.sessions import kill_sessions

_TICK_S = 0.1
_ALREADY_THERE = frozenset({1022, 1061, 1826})  # another session was faster
_log = visible_log(__name__)


class IndexBuilder:
    """Builds indexes in the background, one connection a table; nothing is built twice.

    Args:
        open_database: a connection for DDL.
        workers: how many tables at a time.
        attempts: how a table whose build failed is tried again.
        before: how fast the last builds of this load were.
        starts: whether any is built; off: they are left for a later run.
        skips: which kinds are not built, and stay written down.
    """

    def __init__(
        self,
        open_database: Callable[[], Database],
        meta_schema: str,
        load_id: int,
        *,
        workers: int,
        attempts: Attempts,
        before: Pace | None = None,
        starts: bool = True,
        skips: Skips = NO_SKIPS,
    ) -> None:
        self._skips = skips
        self._starts = starts
        self._open = open_database
        self._meta_schema = meta_schema
        self._load_id = load_id
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="dm-loader-index")
        self._started: set[TableName] = set()
        self._futures: list[Future[None]] = []
        self._sessions: set[int] = set()
        self._ending = threading.Event()
        self._attempts = replace(attempts, stop=lambda: self._ending.is_set() or attempts.stop())
        self._waiting: frozenset[TableName] = frozenset()
        self._clock = TableClock(workers, before=before)
        self._counts: dict[TableName, int] = {}

    def start_complete_tables(self) -> None:
        """Start with every table that has all its rows and lacks indexes."""
        if not self._starts:
            return
        with self._open() as db:
            meta = Meta(db, self._meta_schema)
            every = indexes.waiting_indexes(meta, self._load_id)
            waiting, left = indexes.to_build(every, self._skips), indexes.skipped(every, self._skips)
            complete = indexes.complete_tables(meta, self._load_id) if waiting else set()
        self._counts |= {table: len(found) for table, found in waiting.items()}
        self._waiting = frozenset(waiting)
        for table in sorted(complete & set(waiting) - self._started):
            self._started.add(table)
            self._futures.append(self._threads.submit(self._build, table, waiting[table], left.get(table, ())))

    @property
    def busy(self) -> bool:
        """Whether a build has not ended yet."""
        return not all(future.done() for future in self._futures)

    @property
    def stages(self) -> dict[TableName, IndexStage]:
        """The tables whose indexes are not built yet."""
        begun = self._clock.begun
        return {table: "building" if table in begun else "waiting" for table in self._waiting - self._clock.ended}

    def pace(self, readings: Mapping[TableName, float]) -> Pace | None:
        """How fast the builds that ended were; None before the first one.

        Args:
            readings: what reading each table takes, see :func:`~airflow_dm_loader.progress.forecast.reading_work`.
        """
        return self._clock.pace(self._work(readings))

    def seconds_left(self, readings: Mapping[TableName, float]) -> float | None:
        """How long the builds will take, if they go as fast as those that ended, or as the last time; None: neither."""
        return self._clock.seconds_left(self.stages.keys() & readings.keys(), self._work(readings))

    def left(self, readings: Mapping[TableName, float]) -> dict[TableName, float] | None:
        """The same of each table whose indexes are not built yet."""
        return self._clock.left(self.stages.keys() & readings.keys(), self._work(readings))

    def _work(self, readings: Mapping[TableName, float]) -> dict[TableName, float]:
        counts = self._counts.copy()
        return {table: build_work(reading, counts[table]) for table, reading in readings.items() if table in counts}

    @property
    def sessions(self) -> tuple[int, ...]:
        """The server's numbers of our connections, for KILL."""
        return tuple(self._sessions)

    def wait(self, stop: threading.Event) -> None:
        """Wait for all builds; :class:`LoadInterruptedError` if ``stop`` is set, with our sessions ended."""
        while self.busy:
            if stop.is_set():
                self.abandon()
                kill_sessions(self._open, self.sessions)
            self.pause(_TICK_S)
        if stop.is_set():
            raise LoadInterruptedError("the building of indexes was stopped; those that are built stay")

    def pause(self, seconds: float) -> None:
        """Until a build ends, but no longer."""
        wait([future for future in self._futures if not future.done()], seconds, FIRST_COMPLETED)

    def abandon(self) -> None:
        """Begin no further table and try nothing again; what is being built goes on while :attr:`busy`."""
        self._ending.set()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def close(self, *, raise_errors: bool) -> None:
        """Wait for all builds that were started and not abandoned; with ``raise_errors``, raise the first error."""
        self._threads.shutdown(wait=True)
        for future in self._futures:
            error = None if future.cancelled() else future.exception()
            if error is not None and raise_errors:
                raise error

    def _build(self, key: TableName, wanted: tuple[SecondaryIndex, ...], left: tuple[SecondaryIndex, ...]) -> None:
        self._clock.begin(key)
        self._attempts.run(f"the indexes of {key}", lambda: self._add(key, wanted, left))
        took = self._clock.end(key)
        _log.info("built %d indexes of %s in %.1f s", len(wanted), key, took)

    def _add(self, key: TableName, wanted: tuple[SecondaryIndex, ...], left: tuple[SecondaryIndex, ...]) -> None:
        with self._open() as db:
            self._sessions.add(db.connection_id)
            try:
                if self._ending.is_set():  # whoever kills our sessions may have looked before this one was there
                    raise LoadInterruptedError("the load ends")
                add_indexes(db, *key, wanted, left)
                indexes.mark_built(Meta(db, self._meta_schema), *key, left)
                db.commit()
            finally:
                self._sessions.discard(db.connection_id)


def add_indexes(
    db: Database,
    schema: str,
    table: str,
    indexes: Iterable[SecondaryIndex],
    left: Collection[SecondaryIndex] = (),
) -> None:
    """Add those that the table does not have, then take its mark away; doing it again, or at once, does no harm.

    The mark goes by a statement of its own: in one with the indexes, MySQL would copy the whole table. What is ``left``
    for a later run stays in it.
    """
    wanted = tuple(indexes)
    try:
        _add_missing(db, schema, table, wanted)
        _unmark(db, schema, table, wanted, left)
    except LoaderError as error:
        if error.errno in NO_SUCH_TABLE:
            return  # somebody dropped it: it lacks nothing
        if error.errno not in _ALREADY_THERE:
            raise error.at(table=f"{schema}.{table}") from error
        _add_missing(db, schema, table, wanted)
        _unmark(db, schema, table, wanted, left)


def _add_missing(db: Database, schema: str, table: str, wanted: tuple[SecondaryIndex, ...]) -> None:
    there = _parts(db, schema, table)
    parts = [part for index in wanted for part in index.parts()]
    missing = [part.definition for part in parts if (part.name.lower(), part.is_foreign_key) not in there]
    if missing:
        added = ", ".join(f"ADD {definition}" for definition in missing)
        db.execute(f"ALTER TABLE {TableName(schema, table).quoted} {added}".encode("utf-8", "surrogateescape"))


def _unmark(
    db: Database, schema: str, table: str, built: tuple[SecondaryIndex, ...], left: Collection[SecondaryIndex]
) -> None:
    """Give the table its comment back; what its mark names besides, and is not there, stays in it."""
    comment, names = split_mark(target_schema.table_comment(db, schema, table))
    if not names:
        return
    there = {index.name.lower() for index in built} | {name for name, _ in _parts(db, schema, table)}
    there -= {index.name.lower() for index in left}
    comment += mark([name for name in names if name.lower() not in there])
    db.execute(f"ALTER TABLE {TableName(schema, table).quoted.replace('%', '%%')} COMMENT = %s", (comment,))


def _parts(db: Database, schema: str, table: str) -> set[tuple[str, bool]]:
    """The names of its indexes and foreign keys, in lower case, and which they are."""
    return {
        (str(name).lower(), bool(is_foreign_key))
        for name, is_foreign_key in db.query(
            "SELECT index_name, 0 FROM information_schema.statistics WHERE table_schema = %s AND table_name = %s "
            "UNION SELECT constraint_name, 1 FROM information_schema.table_constraints "
            "WHERE table_schema = %s AND table_name = %s AND constraint_type = 'FOREIGN KEY'",
            (schema, table, schema, table),
            shape=(as_text, as_truth),
        )
    }


def index_builder(
    run: LoadRun, load: Load, session: Mapping[str, str | int], before: Pace | None = None
) -> IndexBuilder:
    """Builds indexes over connections of its own; ``session`` as the rows have it, ``before`` for the time left."""
    ddl = {**session, "sql_mode": sql_mode_for(user_sql_mode(run.config), "")}
    return IndexBuilder(
        lambda: Database.open(run.target, session=ddl, stop=run.stop.is_set),
        run.config.state.meta_schema,
        load.load_id,
        workers=run.config.work.pool_size,
        attempts=run.attempts,
        before=before,
        starts=run.config.what.only != "data" and load.is_sealed,  # else more rows of a table may come
        skips=run.config.logical.skips,
    )


def build_waiting_indexes(run: LoadRun) -> int:
    """Build the indexes that tables were created without, where the import has not built them; of how many tables.

    Raises:
        LoadInterruptedError: the run was stopped, and with it the sessions in the server.
        CheckpointError: a table that waits for its indexes has not all its rows yet.
    """
    with run.open_stored() as (meta, load):
        waiting = indexes.to_build(indexes.waiting_indexes(meta, load.load_id), run.config.logical.skips)
        incomplete = set(waiting) - indexes.complete_tables(meta, load.load_id)
        server = ask_server(meta.db)
    if incomplete:
        raise CheckpointError(
            f"{len(incomplete)} tables wait for rows before their indexes can be built",
            remedy="Clear run_import: it resumes where it stopped.",
        )
    builder = index_builder(run, load, base_session(run.config, server))
    builder.start_complete_tables()
    builder.wait(run.stop)
    builder.close(raise_errors=True)
    return len(waiting)
