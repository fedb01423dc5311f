"""Readers cut files into chunks, connections send them; the chunks in flight bound the memory.

A slot is taken before a chunk is cut and given back once it was sent, so at most ``pool_size + 2`` chunks exist at
a time, whatever the size of the dump.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from tenacity import Retrying

from airflow_dm_loader.dump.compression import open_decoded
from airflow_dm_loader.dump.storage import DumpStorage
from airflow_dm_loader.engines.logical.chunks import Chunk, ChunkReader
from airflow_dm_loader.engines.logical.file_work import FileWork, ImportCounts
from airflow_dm_loader.engines.logical.index_builder import IndexBuilder, Table
from airflow_dm_loader.engines.logical.transaction import ChunkSender, LoadContext
from airflow_dm_loader.errors import LoadInterruptedError
from airflow_dm_loader.report import TableStatus
from airflow_dm_loader.state import files
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.retries import retrying
from airflow_dm_loader.target.sessions import kill_sessions

_log = logging.getLogger(__name__)
_TICK_S = 0.1
_KILL_AGAIN_S = 1.0
_SPARE_SLOTS = 2  # chunks that are cut while every connection sends
_LONGEST_ABORT_S = 5.0


class ImportPool:
    """Imports some files of a load; see :meth:`run`."""

    def __init__(
        self,
        context: LoadContext,
        index_builder: IndexBuilder,
        storage: DumpStorage,
        work: Iterable[FileWork],
        *,
        chunk_bytes: int,
        stop: threading.Event,
    ) -> None:
        self._context = context
        self._index_builder = index_builder
        self._storage = storage
        self._work = sorted(work, key=lambda item: (-item.row.file_bytes, item.row.file_id))  # long ones first
        self._table_bytes: dict[Table, int] = defaultdict(int)
        for item in self._work:
            self._table_bytes[item.table] += item.row.file_bytes
        self._todo: Iterator[FileWork] = iter([item for item in self._work if not item.done])
        self._chunk_bytes = chunk_bytes
        self._stop = stop
        self._threads: list[threading.Thread] = []
        self._all_sent = threading.Event()
        self._failed = threading.Event()
        self._failures: list[BaseException] = []
        self._unmarked: list[int] = []  # files that are done, but not stored as such yet
        self._marking_session: int | None = None
        self._lock = threading.Lock()
        pool_size = context.config.pool_size
        self._slots = threading.Semaphore(pool_size + _SPARE_SLOTS)
        self._chunks: queue.SimpleQueue[tuple[FileWork, Chunk] | None] = queue.SimpleQueue()
        self._senders = [ChunkSender(context, lambda: self._ending) for _ in range(pool_size)]
        self.counts = ImportCounts()

    @property
    def total_bytes(self) -> int:
        """Stored bytes of all files of this import."""
        return sum(item.row.file_bytes for item in self._work)

    @property
    def finished_bytes(self) -> int:
        """Stored bytes whose rows are committed."""
        return sum(item.counted_bytes for item in self._work)

    @property
    def indexes_waiting(self) -> int:
        """Tables of this import whose indexes are still to be built."""
        return len(self._index_builder.stages.keys() & self._table_bytes.keys())

    @property
    def index_seconds_left(self) -> float:
        """See :meth:`IndexBuilder.seconds_left`."""
        return self._index_builder.seconds_left(self._table_bytes)

    def table_statuses(self) -> tuple[TableStatus, ...]:
        """The tables of this import that are begun and not complete, indexes included."""
        stages = self._index_builder.stages
        finished: dict[Table, int] = defaultdict(int)
        for item in self._work:
            finished[item.table] += item.counted_bytes
        return tuple(
            TableStatus(
                table=".".join(table),
                finished_bytes=finished[table],
                total_bytes=total,
                indexes=stages.get(table, "none"),
            )
            for table, total in self._table_bytes.items()
            if 0 < finished[table] < total or (finished[table] == total and table in stages)
        )

    def run(self, on_tick: Callable[[], None]) -> ImportCounts:
        """Import the files; ``on_tick`` is called about ten times a second, in this thread.

        The first error ends it: what is being sent then is still committed, or undone, and nothing new is begun.

        Raises:
            LoaderError: the first error.
            LoadInterruptedError: the stop signal came; no session of ours is left in the server.
        """
        try:
            self._run(on_tick)
        except BaseException:  # a signal's, or on_tick's: nothing of ours may go on without this thread
            self._abort()
            raise
        if self._stop.is_set():
            raise LoadInterruptedError("the import was stopped; what was committed stays")
        if self._failures:
            raise self._failures[0]
        self._index_builder.close(raise_errors=True)
        return self.counts

    def _run(self, on_tick: Callable[[], None]) -> None:
        readers = [self._thread(self._read_files, f"reader-{n}") for n in range(max(1, len(self._senders) // 2))]
        senders = [self._thread(self._send_chunks, f"sender-{n}", sender) for n, sender in enumerate(self._senders)]
        self._thread(self._mark_files, "marker")
        everything_cut = False
        killed_at = 0.0
        while self._busy:
            if not everything_cut and not any(thread.is_alive() for thread in readers):
                everything_cut = True
                self._tell_senders_to_end()
            if not any(thread.is_alive() for thread in senders):
                self._all_sent.set()
            if self._ending:
                self._index_builder.abandon()
            if self._stop.is_set() and time.monotonic() - killed_at > _KILL_AGAIN_S:
                self._kill_sessions()  # again and again: one may just have been opened
                killed_at = time.monotonic()
            on_tick()
            time.sleep(_TICK_S)
        on_tick()

    @property
    def _busy(self) -> bool:
        return any(thread.is_alive() for thread in self._threads) or self._index_builder.busy

    @property
    def _ending(self) -> bool:
        return self._failed.is_set() or self._stop.is_set()

    def _retrying(self, what: str) -> Retrying:
        return retrying(what, lambda: self._ending)

    def _thread(self, work: Callable[..., None], name: str, *args: object) -> threading.Thread:
        thread = threading.Thread(target=self._guarded, args=(work, *args), name=f"dm-loader-{name}", daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread

    def _guarded(self, work: Callable[..., None], *args: object) -> None:
        try:
            work(*args)
        except BaseException as error:
            with self._lock:
                self._failures.append(error)
            self._failed.set()

    # -- readers

    def _read_files(self) -> None:
        while not self._ending:
            with self._lock:
                item = next(self._todo, None)
            if item is None:
                return
            self._read_file(item)

    def _read_file(self, item: FileWork) -> None:
        source = item.planned.source
        with open_decoded(self._storage, source.name, source.compression) as decoded:
            reader = ChunkReader(
                decoded,
                item.row,
                source_table=(source.schema, source.table),
                committed=item.committed,
                chunk_bytes=self._chunk_bytes,
                max_statement_bytes=max(64 << 20, 4 * self._context.max_packet_bytes),
                table=self._context.tables.get((item.row.schema, item.row.table)) if self._context.load_data else None,
            )
            for chunk in self._with_slots(reader):
                with self._lock:
                    item.in_flight += 1
                self._chunks.put((item, chunk))
            if self._ending:
                return
            with self.counts.lock:
                self.counts.chunks_skipped += reader.skipped
        self._settle(item, all_cut=True)

    def _with_slots(self, reader: Iterable[Chunk]) -> Iterator[Chunk]:
        """Take a slot before each chunk is cut; the sender gives it back."""
        found = iter(reader)
        while True:
            while not self._slots.acquire(timeout=_TICK_S):
                if self._ending:
                    return
            chunk = None if self._ending else next(found, None)
            if chunk is None:
                self._slots.release()
                return
            yield chunk

    # -- senders

    def _send_chunks(self, sender: ChunkSender) -> None:
        try:
            while (received := self._chunks.get()) is not None:
                item, chunk = received
                if not self._ending:
                    self._send_chunk(sender, item, chunk)
                del received, chunk  # a waiting sender must not hold a chunk's bytes
                self._slots.release()
        finally:
            sender.close()

    def _send_chunk(self, sender: ChunkSender, item: FileWork, chunk: Chunk) -> None:
        held = [chunk]  # tenacity's state is a reference cycle: it must not keep the chunk alive until a collection
        try:
            counts = self._retrying(chunk.file.name)(lambda: sender.send(held[0]))
        finally:
            held.clear()
        with self.counts.lock:
            if counts is None:
                self.counts.chunks_skipped += 1
            else:
                self.counts.chunks_sent += 1
                self.counts.rows_sent += counts.rows
        self._settle(item, finished_bytes=chunk.file_bytes)

    def _settle(self, item: FileWork, *, all_cut: bool = False, finished_bytes: int | None = None) -> None:
        """A file was read to its end, or one of its chunks is in; once both are so of all, it is done."""
        with self._lock:
            item.all_cut = item.all_cut or all_cut
            if finished_bytes is not None:
                item.finished_bytes += finished_bytes
                item.in_flight -= 1
            if item.all_cut and item.in_flight == 0 and not item.done:
                item.done = True
                self._unmarked.append(item.row.file_id)

    # -- files that are done

    def _mark_files(self) -> None:
        self._retrying("looking for complete tables")(self._start_indexes)  # an earlier try may have left some
        last = False
        while not last:
            last = self._all_sent.wait(_TICK_S)
            with self._lock:
                done, self._unmarked = self._unmarked, []
            if done:
                self._retrying("marking files as done")(self._mark_done, done)
                self.counts.files_done += len(done)
                self._retrying("looking for complete tables")(self._start_indexes)

    def _mark_done(self, file_ids: Iterable[int]) -> None:
        with self._context.open_database() as db:
            self._marking_session = db.connection_id
            try:
                files.mark_done(Meta(db, self._context.config.meta_schema), self._context.load_id, file_ids)
                db.commit()
            finally:
                self._marking_session = None

    def _start_indexes(self) -> None:
        if not self._ending:
            self._index_builder.start_complete_tables()

    # -- stopping

    def _tell_senders_to_end(self) -> None:
        for _ in self._senders:
            self._chunks.put(None)

    def _abort(self) -> None:
        self._failed.set()
        self._all_sent.set()
        self._tell_senders_to_end()
        self._index_builder.abandon()
        until = time.monotonic() + _LONGEST_ABORT_S
        while self._busy and time.monotonic() < until:
            self._kill_sessions()
            time.sleep(_TICK_S)

    def _kill_sessions(self) -> None:
        ids = [*(sender.connection_id for sender in self._senders), self._marking_session]
        kill_sessions(self._context.open_database, [*filter(None, ids), *self._index_builder.sessions])
