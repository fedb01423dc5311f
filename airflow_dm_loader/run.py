"""One run of a load: what every phase takes.

A run says what is loaded (``config``), where to (``target``), who does it (``worker``), how what it needs besides is
reached (the dump's storage, where the sources meet, the server to compare with), and how it is stopped and watched. It
opens the dump and the state tables for the phases; it holds no connection, so that each phase can run in a process of
its own.
"""

from __future__ import annotations

import socket
import threading
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from airflow_dm_loader.attempts import REAL_CLOCK, Attempts, Clock
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.coordination.backends import backend_of
from airflow_dm_loader.coordination.base import Backend, Coordination, LoadTask
from airflow_dm_loader.dump.access import DumpAccess
from airflow_dm_loader.dump.ddl_changes import map_collations
from airflow_dm_loader.dump.inventory import DumpInventory, read_inventory
from airflow_dm_loader.dump.mysqldump.pieces import Split
from airflow_dm_loader.dump.mysqldump.storage import SplitStorage
from airflow_dm_loader.dump.routed import MAX_STATEMENT_BYTES, Routed, open_routed
from airflow_dm_loader.dump.schema_charset import SchemaOrigin
from airflow_dm_loader.dump.schema_files import SchemaFile, checked, load_schema_file
from airflow_dm_loader.dump.schema_objects import ObjectKind
from airflow_dm_loader.dump.storage import DumpStorage, open_storage
from airflow_dm_loader.errors import LoaderError, RetriableError
from airflow_dm_loader.objects.grammar import with_definer
from airflow_dm_loader.plan.load_plan import LoadPlan, at_places
from airflow_dm_loader.plan.planner import make_plan
from airflow_dm_loader.plan.shadows import Shadows
from airflow_dm_loader.report import LoadStatus
from airflow_dm_loader.rules.mask_key import MaskKey
from airflow_dm_loader.state import arrivals, loads, splits, swaps
from airflow_dm_loader.state.events import Worker
from airflow_dm_loader.state.loads import Load
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.state.migrating import check_own_tables
from airflow_dm_loader.state.migrations import VERSION
from airflow_dm_loader.state.registration import check_same_dump
from airflow_dm_loader.state.updating import check_same_rules
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.session import kept_session

_SOMETHING_IS_MISSING = frozenset({1049, 1054, 1146})  # a database, a column, a table


def _by_itself() -> None:
    return None


@dataclass(frozen=True)
class LoadRun:
    """What a phase works on, and with.

    The ``find_...`` are asked by phases that need what they find, the first time: in Airflow each is a connection to
    look up, which may fail (:class:`~airflow_dm_loader.errors.ConfigError`,
    :class:`~airflow_dm_loader.errors.RetriableError`) and is asked again then. :meth:`of` takes what is known already.

    Args:
        find_access: how the dump's storage is reached; None: as its client library finds out from the environment.
        find_coordination: where the sources meet; None: where ``barrier`` says, if that takes no more to be reached.
        find_source: the server that the dump was made of, to compare all values with; None where nobody asked for it.
        find_replicas: the target's, whose lag is asked for with ``max_replica_lag_s``.
        find_mask_key: the key of values that are hashed (``mask``).
        stop: setting it ends the phase soon, and its sessions in the server.
        on_retry: called each time that something failed and is to be done again, in whichever thread that is.
        on_progress: called in the phase's own thread, about every ``progress_interval_s`` seconds.
        clock: what waits go by: before another try, and for other sources and jobs.
        arrived: what is there of a dump that is still being made: the phases take it for the dump.
    """

    config: LoadConfig
    target: TargetConfig
    worker: Worker
    find_access: Callable[[], DumpAccess | None] = _by_itself
    find_coordination: Callable[[], Backend | None] = _by_itself
    find_source: Callable[[], TargetConfig] | None = None
    find_replicas: Callable[[], tuple[TargetConfig, ...]] = tuple
    find_mask_key: Callable[[], MaskKey | None] = _by_itself
    stop: threading.Event = field(default_factory=threading.Event)
    on_progress: Callable[[LoadStatus], None] | None = None
    on_retry: Callable[[], None] | None = None
    progress_interval_s: float = 5.0
    clock: Clock = REAL_CLOCK
    arrived: Dump | None = None

    @classmethod
    def of(
        cls,
        config: LoadConfig,
        target: TargetConfig,
        worker: Worker | None = None,
        *,
        access: DumpAccess | None = None,
        coordination: Backend | None = None,
        compare_with: TargetConfig | None = None,
        replicas: Sequence[TargetConfig] = (),
        mask_key: MaskKey | None = None,
        **watching: Any,
    ) -> LoadRun:
        """A run of what is known already; ``worker`` None: this process, as a run of its own."""
        return cls(
            config,
            target,
            worker or Worker(host=socket.gethostname(), run_id=f"load_dump-{uuid.uuid4()}"),
            find_access=lambda: access,
            find_coordination=lambda: coordination,
            find_source=None if compare_with is None else lambda: compare_with,
            find_replicas=lambda: tuple(replicas),
            find_mask_key=lambda: mask_key,
            **watching,
        )

    @cached_property
    def access(self) -> DumpAccess | None:
        return self.find_access()

    @cached_property
    def _backend(self) -> Backend:
        return self.find_coordination() or backend_of(self.config.coordination.barrier)

    @cached_property
    def compare_with(self) -> TargetConfig | None:
        return None if self.find_source is None else self.find_source()

    @cached_property
    def replicas(self) -> tuple[TargetConfig, ...]:
        return self.find_replicas()

    @cached_property
    def mask_key(self) -> MaskKey | None:
        return self.find_mask_key()

    @property
    def compares_with_source(self) -> bool:
        """Whether there will be a :attr:`compare_with`, without looking for it."""
        return self.find_source is not None

    @property
    def attempts(self) -> Attempts:
        """How what fails is tried again, until the run is stopped."""
        return Attempts(self.stop.is_set, self.config.hides_values, self.clock, self.on_retry)

    def open_storage(self) -> DumpStorage:
        """The dump's folder or prefix. Its waiting ends when the run is stopped."""
        config = self.config
        return open_storage(
            config.what.dump_uri,
            self.access,
            attempts=self.attempts,
            follow_links=config.reading.follow_links,
            deep=bool(config.where.files),
        )

    def open_dump(self) -> Dump:
        """List the dump and read its metadata: a phase does it once, so that it reads the files that were listed."""
        if self.arrived is not None:
            return self.arrived
        storage, routed = self.open_storage(), None
        if self.config.where.files:
            routed = self.open_routed(storage)
            storage = routed.storage
        inventory = read_inventory(
            storage,
            require_finished=self.config.reading.require_finished_dump,
            max_metadata_bytes=self.config.reading.max_metadata_bytes,
            routed=routed,
            beside=self.beside,
        )
        splits = {} if routed is None else routed.splits
        return Dump(self.config, storage, inventory, splits=splits, places=self._places())

    @property
    def beside(self) -> tuple[str, ...]:
        """Files in the dump's folder that are not of the dump, and that the load knows."""
        name = self.config.reading.finished_files
        return (name,) if name is not None and "/" not in name else ()

    def _places(self) -> Mapping[str, int]:
        """Those of files that were loaded while the dump was being made."""
        if not self.config.streams:
            return {}
        with self.open_meta() as meta:
            return arrivals.places(meta, self.config)

    def open_routed(self, storage: DumpStorage) -> Routed:
        """The folder by the rules of ``files``; its scripts as they are stored with the load, else read once."""

        def known(keys: Collection[str]) -> Mapping[str, Split]:
            with self.open_meta() as meta:
                return splits.find(meta, self.config, keys)

        most = self.config.reading.max_statement_bytes or MAX_STATEMENT_BYTES
        return open_routed(storage, self.config.where.files, known=known, max_statement_bytes=most)

    @contextmanager
    def coordination(self, meta: Meta | None = None) -> Iterator[Coordination]:
        """Where the sources of the load task meet, and its lock is.

        Args:
            meta: the phase's own state tables. What it has done over their connection commits with a call's own part,
                where the backend keeps that there, too.

        Raises:
            ConfigError: ``barrier`` needs to know more of how that place is reached.
        """
        task = LoadTask(self.config.what.task_name, self.config.what.all_sources)
        with self._backend.open(task, self.open_meta if meta is None else lambda: nullcontext(meta)) as found:
            yield found

    @contextmanager
    def open_meta(self) -> Iterator[Meta]:
        """The state tables, over a connection that ends with the block.

        A missing table or column of the loader's own is told as that, whatever statement met it.
        """
        with Database.open(self.target, session=kept_session(self.config), stop=self.stop.is_set) as db:
            try:
                yield Meta(db, self.config.state.meta_schema)
            except LoaderError as error:
                if error.errno in _SOMETHING_IS_MISSING:
                    with suppress(RetriableError), Database.open(self.target) as another:
                        check_own_tables(another, self.config.state.meta_schema, error)
                raise

    @contextmanager
    def open_stored(self, dump: Dump | None = None) -> Iterator[tuple[Meta, Load]]:
        """The same with the load's row, whichever loader registered it: a worker may have been upgraded since.

        Raises:
            CheckpointError: no load is stored, or it is not one of this ``dump`` or goes by other rules.
        """
        with self.open_meta() as meta:
            version = meta.version
            if version is None:
                raise loads.not_stored(meta, self.config)
            if version < VERSION:
                meta.create()
            load = loads.get(meta, self.config)
            if dump is not None:
                check_same_dump(load, dump.inventory)
                check_same_rules(load, self.config)
            yield meta, load


@dataclass(frozen=True)
class Dump:
    """A dump as one phase sees it: what was listed, and what goes where of it."""

    config: LoadConfig
    storage: DumpStorage
    inventory: DumpInventory
    shadows: Shadows | None = None  # where rows go at first, with on_existing_rows=swap
    splits: Mapping[str, Split] = field(default_factory=dict)  # of its scripts
    places: Mapping[str, int] = field(default_factory=dict)  # of files that came before the dump was whole

    @property
    def pieces(self) -> Collection[str]:
        """The files that are pieces of scripts."""
        return self.storage.readings.keys() if isinstance(self.storage, SplitStorage) else ()

    @cached_property
    def plan(self) -> LoadPlan:
        """What goes where. Raises as :func:`~airflow_dm_loader.plan.planner.make_plan`."""
        plan = at_places(make_plan(self.inventory, self.config), self.places)
        return plan if self.shadows is None else self.shadows.place(plan)

    def at(self, meta: Meta) -> Dump:
        """The dump of a load that is registered, with the tables that its rows go to at first.

        Raises:
            CheckpointError: those tables are given up.
        """
        if not self.config.swaps:
            return self
        what = self.config.what
        return replace(self, shadows=swaps.current(meta, what.task_name, what.source_id).shadows)

    def read_schema(self, name: str) -> SchemaFile:
        """A schema file: the CREATE of its object alone, in UTF-8, with ``collation_map`` applied to it.

        Raises:
            NotCreateStatementError: it holds anything else.
        """
        wanted = self.inventory.schema_objects[name]
        origin = SchemaOrigin.of(self.inventory.metadata, self.config.reading.dump_tool)
        most = self.config.reading.max_schema_file_bytes
        file = checked(load_schema_file(self.storage, name, origin, most_bytes=most), wanted, most_bytes=most)
        collations = self.config.tables.collation_map
        definer = self.config.tables.definer if wanted.kind is ObjectKind.VIEW else None
        if not collations and definer is None:
            return file
        create = map_collations(file.create.decode("utf-8", "surrogateescape"), collations)
        create = with_definer(create, definer or "keep")
        settings = dict(file.settings)
        if (collation := settings.get("collation_connection", "").lower()) in collations:  # a view's
            settings["collation_connection"] = collations[collation]
        return checked(
            replace(file, create=create.encode("utf-8", "surrogateescape"), settings=settings), wanted, most_bytes=most
        )
