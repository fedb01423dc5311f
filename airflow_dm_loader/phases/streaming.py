"""The phase that loads a dump while it is still being made (``wait_for_dump`` is ``stream``).

It works in rounds: what is whole by now is taken up, its tables are created and its rows sent, by the same phases as
those of a whole dump. It ends with the dump; what is left then is for the phases that follow, which seal the load.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from airflow_dm_loader.attempts import TWO_AT_ONCE
from airflow_dm_loader.config import LoadConfig
from airflow_dm_loader.dump.arriving import arrived_inventory, certain_files, finished_names
from airflow_dm_loader.dump.filenames import FileKind
from airflow_dm_loader.dump.inventory import METADATA_LIMIT_BYTES
from airflow_dm_loader.dump.schema_charset import SchemaOrigin
from airflow_dm_loader.dump.schema_files import load_schema_file
from airflow_dm_loader.dump.secondary_indexes import SecondaryIndex
from airflow_dm_loader.dump.storage import DumpStorage, StoredFile
from airflow_dm_loader.engines.registry import engine_of
from airflow_dm_loader.errors import (
    CheckpointError,
    ConfigError,
    DataError,
    DumpNotFoundError,
    DumpRefusedError,
    DumpTimeoutError,
    LoadInterruptedError,
)
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.logs import visible_log
from airflow_dm_loader.phases.planning import refuse_dry_run
from airflow_dm_loader.phases.tables import create_tables
from airflow_dm_loader.phases.waiting import look_for_dump
from airflow_dm_loader.plan.load_plan import LoadPlan
from airflow_dm_loader.run import Dump, LoadRun
from airflow_dm_loader.settings.choices import DumpTool
from airflow_dm_loader.state import arrivals, chunks, files, indexes, loads
from airflow_dm_loader.state import events as state_events
from airflow_dm_loader.state.arrivals import Found
from airflow_dm_loader.state.events import EventKind
from airflow_dm_loader.state.loads import ARRIVING, Load
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.state.registration import starts_afresh
from airflow_dm_loader.state.updating import check_same_rules
from airflow_dm_loader.target.preflight import check_plan
from airflow_dm_loader.target.server import ask_server
from airflow_dm_loader.target.session import fitting_chunks

_POLL_S = 2.0
_NOTHING = LoadPlan((), (), (), ())
_log = visible_log(__name__)


@dataclass(frozen=True, slots=True)
class Streamed:
    """What was loaded before the dump was whole. Both are 0 where it was from the beginning."""

    files: int
    rows: int


def stream_dump(run: LoadRun) -> Streamed:
    """Load the files of a dump as they are finished, until all are.

    A dump that is whole already is left to the phases that follow.

    Raises:
        DumpTimeoutError: no file was finished for ``dump_timeout_s``.
        CheckpointError: a file was changed, or is gone, after rows of it were loaded (34018).
        ConfigError: the list of finished files can't be read.
        LoaderError: as of :func:`create_tables` and :func:`run_import`, of which it is made.
    """
    refuse_dry_run(run.config)
    if not run.config.streams:
        return Streamed(0, 0)
    stream = _Stream(run)
    deadline_s = run.clock.now_s() + run.config.reading.dump_timeout_s
    while True:
        look = look_for_dump(run.config, access=run.access, attempts=run.attempts)
        if look.finished_at is not None:
            return stream.end()
        if stream.load_what_is_whole():
            deadline_s = run.clock.now_s() + run.config.reading.dump_timeout_s
        elif run.clock.now_s() >= deadline_s:
            raise DumpTimeoutError(
                f"no file of the dump was finished for {run.config.reading.dump_timeout_s} s (dump_timeout_s), and it "
                f"has not ended: {look.waiting_for}"
            )
        elif run.attempts.pause(_POLL_S):
            raise LoadInterruptedError("asked to stop while waiting for files of the dump")


class _Stream:
    def __init__(self, run: LoadRun) -> None:
        self._run = run
        self._config = run.config
        self._certain: dict[str, bool] = {}  # schema files
        self._begun = False
        self._seen: frozenset[str] = frozenset()

    def load_what_is_whole(self) -> bool:
        """Take up what came since, and load what is not in of it; whether there was anything."""
        storage = self._run.open_storage()
        listing, whole = self._look(storage)
        there = frozenset(file.name for file in listing if whole is None or file.name in whole)
        is_news, self._seen = bool(there - self._seen), there
        chosen = certain_files(listing, whole, lambda name, kind: self._is_certain(storage, name, kind))
        dump = Dump(self._config, storage, arrived_inventory(chosen, ARRIVING)) if chosen else None
        has_rows = dump is not None and bool(dump.plan.files)
        if not self._begun and (has_rows or self._is_stored()):  # a load that had finished is not forgotten for nothing
            self._begin()
            self._begun = True
        if self._begun:
            self._check(storage, listing)
        if dump is None or not has_rows:
            return is_news
        return self._load(storage, dump, chosen) or is_news

    def end(self) -> Streamed:
        """The dump is whole: look once more whether all that came before is as it was."""
        if not self._is_stored():
            return Streamed(0, 0)
        storage = self._run.open_storage()
        self._check(storage, self._look(storage)[0], all_of_them=True)
        with self._run.open_stored() as (meta, load):
            arrived = arrivals.list_arrived(meta, load.load_id)
            rows = sum(one.rows for one in chunks.committed_files(meta, load.load_id).values())
        return Streamed(len(arrived), rows)

    # -- what is there

    def _look(self, storage: DumpStorage) -> tuple[list[StoredFile], Collection[str] | None]:
        """The folder's files, and the names of those that are whole; None: all are."""
        name = self._config.reading.finished_files
        whole = None if name is None else finished_names(self._read_list(storage, name))  # first: the folder has those
        try:
            return storage.list(), whole
        except DumpRefusedError:
            raise
        except DumpNotFoundError:
            return [], frozenset()  # it has not begun

    def _read_list(self, storage: DumpStorage, name: str) -> bytes:
        if "/" not in name:
            try:
                return storage.read(name, METADATA_LIMIT_BYTES)
            except DumpRefusedError:
                raise
            except (CheckpointError, DumpNotFoundError):  # it grew while it was read, or is not there yet
                return b""
        path = Path(name.removeprefix("file://"))
        try:
            with path.open("rb") as file:
                return file.read(METADATA_LIMIT_BYTES)
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise ConfigError(
                f"finished_files: {name!r} can't be read: {error.strerror}",
                remedy="Name the list that the dump tool writes, readable on this worker.",
            ) from error

    def _is_certain(self, storage: DumpStorage, name: str, kind: FileKind) -> bool:
        """Whether a schema file reads the same whatever the metadata says, and needs nothing that may come later."""
        if name not in self._certain:
            tool = self._config.reading.dump_tool
            most = self._config.reading.max_schema_file_bytes
            try:
                create = load_schema_file(storage, name, SchemaOrigin(tool), most_bytes=most).create
            except DataError:
                self._certain[name] = False  # the phases that follow say what is wrong with it
            else:
                is_utf8 = create.isascii() or tool is DumpTool.DUMPLING
                needs_sequence = kind is FileKind.TABLE_SCHEMA and b"nextval" in create.lower()
                self._certain[name] = is_utf8 and not needs_sequence
        return self._certain[name]

    # -- the load

    def _is_stored(self) -> bool:
        """Whether a load is stored that began while its dump was being made, and still is."""
        with self._run.open_meta() as meta:
            stored = loads.find(meta, self._config) if meta.version is not None else None
            return stored is not None and not stored.is_sealed

    def _begin(self) -> None:
        """Make the state tables, register the load or take it up, put the load-task lock."""
        run, config = self._run, self._config
        with run.open_meta() as meta, run.coordination(meta) as coordination:
            server = ask_server(meta.db)
            engine_of(config).check_server(server)
            check_plan(meta.db, server, config, _NOTHING, ())
            meta.create()

            def register() -> bool:
                meta.db.rollback()
                load, afresh = self._register(meta, fitting_chunks(config, server))
                state_events.record(meta, load.load_id, EventKind.STARTED, run.worker)
                coordination.take_lock(config.what.source_id, run.worker)
                meta.db.commit()
                return afresh

            if run.attempts.run("registering the load", register, TWO_AT_ONCE):
                run.attempts.run(
                    "beginning a round at the barrier",
                    lambda: coordination.begin_round(config.what.source_id),
                    TWO_AT_ONCE,
                )

    def _register(self, meta: Meta, config: LoadConfig) -> tuple[Load, bool]:
        stored = loads.find(meta, config, for_update=True)
        waiting: Mapping[TableName, tuple[SecondaryIndex, ...]] = {}
        if stored is not None and not self._forgets(meta, stored):
            loads.update_settings(meta, stored.load_id, config, chunk_bytes=stored.chunk_bytes)
            return stored, False
        if stored is not None:
            waiting = indexes.waiting_indexes(meta, stored.load_id)
            meta.forget(stored.load_id)
        notes = {"streamed": True}
        loads.register(meta, config, fingerprint=ARRIVING, binlog_name="", binlog_pos=None, binlog_gtid="", notes=notes)
        load = loads.get(meta, config)
        indexes.register_indexes(meta, load.load_id, waiting)
        return load, True

    def _forgets(self, meta: Meta, stored: Load) -> bool:
        """Whether what is stored gives way to the dump that is being made; CheckpointError where it may not."""
        if starts_afresh(meta, self._config, arrived_inventory((), ""), stored, self._run.worker):
            return True
        check_same_rules(stored, self._config)
        return False

    def _check(self, storage: DumpStorage, listing: Iterable[StoredFile], *, all_of_them: bool = False) -> None:
        """Look whether what was taken up is as it was: sizes of all, versions of those that are still being sent."""
        found = {file.name: Found(file.file_bytes, file.version) for file in listing}

        def look(name: str) -> Found:
            file = storage.find(name)
            return Found(file.file_bytes, file.version)

        with self._run.open_stored() as (meta, load):
            arrived = arrivals.list_arrived(meta, load.load_id)
            sent = [file for file in arrived if file.done and not all_of_them]
            others = arrivals.unlike(sent, found)
            others += arrivals.unlike([file for file in arrived if file not in sent], found, look)
            if begun := [file for file in others if file.begun]:
                raise arrivals.changed(begun[0].name)
            if others:
                arrivals.drop_unbegun(meta, load, others)

    def _load(self, storage: DumpStorage, dump: Dump, chosen: Iterable[StoredFile]) -> bool:
        versions = {file.name: file.version for file in chosen}
        with self._run.open_stored(dump) as (meta, load):
            known = arrivals.places(meta, self._config)
            new = [file.source.name for file in dump.plan.files if file.source.name not in known]
            asked = {name: versions[name] or storage.find(name).version for name in new}
            places = arrivals.take_up(meta, self._config, load.load_id, dump.plan, asked)
            meta.db.commit()
            ready = {row.key for row in files.list_tables(meta, load.load_id)}
            waiting = [row for row in files.list_files(meta, load.load_id) if not row.done]
        if not waiting:
            return bool(new)
        if new:
            _log.info("%d data files of the dump came, %d in all", len(new), len(places))
        run = replace(self._run, arrived=replace(dump, places=places), find_access=lambda: self._run.access)
        if any(table.key not in ready for table in dump.plan.tables):
            create_tables(run)
        engine = engine_of(self._config)
        for share in engine.shares(run):
            engine.import_share(run, share)
        return True
