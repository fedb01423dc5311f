"""Looks at the target and its replicas once a second while rows are sent, and tells the throttle what it sees."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.engines.logical.throttle import Limits, Look, ReplicaLook, Throttle
from airflow_dm_loader.errors import ConfigError, LoaderError, TargetError
from airflow_dm_loader.logs import visible_log
from airflow_dm_loader.run import LoadRun
from airflow_dm_loader.state import events
from airflow_dm_loader.state.events import EventKind
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target import busyness
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.server import Server

_log = visible_log(__name__)
_LOOK_S = 1.0
_TICK_S = 0.1
_LONGEST_END_S = 5.0


def limits_of(config: LoadConfig, server: Server) -> Limits:
    """What is to be looked at here."""
    work = config.work
    return Limits(work.max_threads_running, work.max_replica_lag_s, work.max_flow_control if server.galera else None)


def check_replicas(run: LoadRun) -> tuple[TargetConfig, ...]:
    """The replicas whose lag is asked for, each asked once; none where nobody wants to know it.

    Raises:
        ConfigError: the setting names no replica.
        TargetError: one is no replica, or the account may not ask it.
    """
    if run.config.work.max_replica_lag_s is None:
        return ()
    if not run.replicas:
        raise ConfigError(
            "max_replica_lag_s: no replica is named whose lag could be asked for",
            remedy="Name their connections in replica_conn_ids (in Python: replicas), or leave max_replica_lag_s out.",
        )
    for replica in run.replicas:
        with Database.open(replica, autocommit=True, stop=run.stop.is_set) as db:
            lag, unknown = busyness.lag(db)
        if lag is None:
            _log.warning("The replica %s %s", replica.address, unknown)
        if unknown == busyness.NO_REPLICA:
            raise TargetError(
                f"{replica.address} {unknown}, so it has no lag (max_replica_lag_s)",
                remedy="Name replicas of the target in replica_conn_ids.",
            )
    return run.replicas


@dataclass
class Watch:
    """The thread that looks, for as long as :meth:`at_work`."""

    run: LoadRun
    load_id: int
    throttle: Throttle
    replicas: Sequence[TargetConfig]
    open_target: Callable[[], Database]
    _ended: threading.Event = field(default_factory=threading.Event)
    _told: str = ""
    _target: Database | None = None
    _replicas: dict[str, Database] = field(default_factory=dict)

    @property
    def session(self) -> int | None:
        """The server's number of its connection to the target, for KILL."""
        target = self._target
        return target.connection_id if target is not None else None

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Look once before the first row goes, and then until the block ends."""
        if self.throttle.looks:
            self._look_once()
        thread = threading.Thread(target=self._look_often, name="dm-loader-watch", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join(_LONGEST_END_S)

    def _look_often(self) -> None:
        clock = self.throttle.clock
        next_s = clock.now_s() + _LOOK_S
        while not self._ended.wait(_TICK_S) and not self.run.stop.is_set():
            if clock.now_s() >= next_s and self.throttle.looks:
                next_s = clock.now_s() + _LOOK_S
                self._look_once()
        if self._told:
            self._record("")
        self._close()

    def _look_once(self) -> None:
        self.throttle.see(self._look())
        if self.throttle.reasons != self._told:
            self._told = self.throttle.reasons
            self._tell()

    def _look(self) -> Look:
        limits = self.throttle.limits
        threads = paused = None
        if limits.threads_running is not None or limits.flow_control is not None:
            with suppress(LoaderError), self._of_target() as db:
                threads = busyness.threads_running(db) if limits.threads_running is not None else None
                paused = busyness.paused_ns(db) if limits.flow_control is not None else None
        return Look(
            at_s=self.throttle.clock.now_s(),
            threads_running=threads,
            paused_ns=paused,
            replicas=tuple(map(self._look_at, self.replicas)),
            refusals=self.throttle.take_refusals(),
        )

    def _look_at(self, replica: TargetConfig) -> ReplicaLook:
        name = replica.address
        try:
            if name not in self._replicas:
                self._replicas[name] = Database.open(replica, autocommit=True, stop=self._is_ending)
            return ReplicaLook(name, *busyness.lag(self._replicas[name]))
        except LoaderError as error:
            if (db := self._replicas.pop(name, None)) is not None:
                db.close()
            return ReplicaLook(name, None, f"can't be asked: {error.message}")

    @contextmanager
    def _of_target(self) -> Iterator[Database]:
        """The connection to the target, which is opened anew after an error."""
        try:
            if self._target is None:
                self._target = self.open_target()
            yield self._target
            self._target.rollback()
        except LoaderError:
            if self._target is not None:
                self._target.close()
            self._target = None
            raise

    def _tell(self) -> None:
        """To the log, once a change."""
        if self._told:
            _log.warning("The load sends less: %s", self._told)
        else:
            _log.info("The load sends more again, step by step")
        self._record(self._told)

    def _record(self, reasons: str) -> None:
        """For whoever asks for the load's status."""
        with suppress(LoaderError), self._of_target() as db:
            meta = Meta(db, self.run.config.state.meta_schema)
            events.record(meta, self.load_id, EventKind.SLOWED, self.run.worker, detail=reasons)
            db.commit()

    def _is_ending(self) -> bool:
        return self._ended.is_set() or self.run.stop.is_set()

    def _close(self) -> None:
        for db in (self._target, *self._replicas.values()):
            if db is not None:
                with suppress(LoaderError):
                    db.close()
        self._target = None
