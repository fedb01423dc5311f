"""The threads of an import: readers cut files, connections send the chunks, complete tables get their indexes."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from airflow_dm_loader.attempts import Attempts
from airflow_dm_loader.dump.storage import DumpStorage
from airflow_dm_loader.engines.logical.chunk_sender import ChunkSender
from airflow_dm_loader.engines.logical.feed import ChunkFeed, Group
from airflow_dm_loader.engines.logical.file_work import FileWork, ImportCounts
from airflow_dm_loader.engines.logical.index_builder import IndexBuilder
from airflow_dm_loader.engines.logical.load_context import LoadContext
from airflow_dm_loader.engines.logical.watch import Watch
from airflow_dm_loader.errors import LoadInterruptedError
from airflow_dm_loader.formats.base import Chain, Chunk, Reading, open_chunks
from airflow_dm_loader.identifiers import TableName
from airflow_dm_loader.state import files
from airflow_dm_loader.state.chunks import ChunkCounts
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.session import user_time_zone
from airflow_dm_loader.target.sessions import kill_sessions

_TICK_S = 0.1
_KILL_AGAIN_S = 1.0
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
        attempts: Attempts,
        watch: Watch,
    ) -> None:
        self._context = context
        self._index_builder = index_builder
        self._storage = storage
        self._work = sorted(work, key=lambda item: (-item.row.file_bytes, item.row.file_id))  # long ones first
        self._table_bytes: dict[TableName, int] = defaultdict(int)
        for item in self._work:
            self._table_bytes[item.table] += item.row.file_bytes
        self._chunk_bytes = chunk_bytes
        self._watch = watch
        self._stop = stop
        self._attempts = replace(attempts, stop=lambda: self._ending)
        self._threads: list[threading.Thread] = []
        self._all_sent = threading.Event()
        self._to_mark = threading.Event()  # a file is done, or all were sent
        self._failed = threading.Event()
        self._failures: list[BaseException] = []
        self._unmarked: list[int] = []  # files that are done, but not stored as such yet
        self._marking_session: int | None = None
        self._lock = threading.Lock()
        self._senders = [ChunkSender(context, lambda: self._ending) for _ in range(context.config.work.pool_size)]
        self._senders_left = len(self._senders)
        self._readers_left = max(1, len(self._senders) // 2)
        self._feed = ChunkFeed(
            [item for item in self._work if not item.done],
            self._open_reader,
            lambda: self._ending,
            readers=self._readers_left,
            senders=len(self._senders),
            chunk_bytes=chunk_bytes,
            group=context.group_small_files,
        )
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

    def run(self, on_tick: Callable[[], None]) -> ImportCounts:
        """Import the files; ``on_tick`` is called about ten times a second, in this thread.

        The first error ends it: what is being sent then is still committed, or undone, and nothing new is begun.

        Raises:
            LoaderError: the first error.
            LoadInterruptedError: the stop signal came; no session of ours is left in the server.
        """
        try:
            with self._watch.at_work():
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
        for number in range(self._readers_left):
            self._thread(self._read_files, f"reader-{number}")
        for number, sender in enumerate(self._senders):
            self._thread(self._send_chunks, f"sender-{number}", sender)
        self._thread(self._mark_files, "marker")
        killed_at = 0.0
        while self._busy:
            if self._ending:
                self._index_builder.abandon()
            if self._stop.is_set() and time.monotonic() - killed_at > _KILL_AGAIN_S:
                self._kill_sessions()  # again and again: one may just have been opened
                killed_at = time.monotonic()
            on_tick()
            self._pause()
        on_tick()

    def _pause(self) -> None:
        """A tick, or less where everything ends meanwhile."""
        alive = [thread for thread in self._threads if thread.is_alive()]
        if alive:
            alive[-1].join(_TICK_S)
        else:
            self._index_builder.pause(_TICK_S)

    @property
    def _busy(self) -> bool:
        return any(thread.is_alive() for thread in self._threads) or self._index_builder.busy

    @property
    def _ending(self) -> bool:
        return self._failed.is_set() or self._stop.is_set()

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
        try:
            self._feed.read(self._count_cut, self._count_end)
        finally:
            with self._lock:
                self._readers_left -= 1
                was_last = not self._readers_left
            if was_last:
                self._feed.close()

    @contextmanager
    def _open_reader(self, item: FileWork) -> Iterator[Chain]:
        limits = self._context.config.reading
        reading = Reading(
            storage=self._storage,
            table=self._context.tables.get(item.row.file_id),
            committed=item.committed,
            chunk_bytes=self._chunk_bytes,
            max_row_bytes=limits.max_statement_bytes or max(64 << 20, 4 * self._context.server.max_allowed_packet),
            max_head_bytes=limits.max_head_bytes,
            load_data=self._context.load_data,
            statements_cost_less=not self._context.server.can.load_data_is_faster,
            dump_tool=limits.dump_tool,
            max_row_group_bytes=limits.max_row_group_bytes,
            time_zone=user_time_zone(self._context.config),
        )
        with open_chunks(item.planned, item.row, reading) as reader:
            yield reader

    def _count_cut(self, item: FileWork) -> None:
        with self._lock:
            item.in_flight += 1

    def _count_end(self, item: FileWork, skipped: int) -> None:
        with self.counts.lock:
            self.counts.chunks_skipped += skipped
        self._settle(item, all_cut=True)

    # -- senders

    def _send_chunks(self, sender: ChunkSender) -> None:
        try:
            self._feed.send(lambda group: self._send_in_turn(sender, group))
        finally:
            sender.close()
            with self._lock:
                self._senders_left -= 1
                was_last = not self._senders_left
            if was_last:
                self._all_sent.set()
                self._to_mark.set()

    def _send_in_turn(self, sender: ChunkSender, group: Group) -> None:
        with self._context.throttle.turn(lambda: self._ending) as may_send:
            if may_send:
                self._send_group(sender, group)

    def _send_group(self, sender: ChunkSender, group: Group) -> None:
        sent = sender.send_together([chunk for _, chunk in group]) if len(group) > 1 else None
        if sent is None:
            for item, chunk in group:
                if not self._ending:
                    self._send_chunk(sender, item, chunk)
            return
        for (item, chunk), counts in zip(group, sent, strict=True):
            self._count_sent(item, chunk, counts)

    def _send_chunk(self, sender: ChunkSender, item: FileWork, chunk: Chunk) -> None:
        counts = self._attempts.run(chunk.file.name, lambda: sender.send(chunk))
        self._count_sent(item, chunk, counts)

    def _count_sent(self, item: FileWork, chunk: Chunk, counts: ChunkCounts | None) -> None:
        with self.counts.lock:
            if counts is None:
                self.counts.chunks_skipped += 1
            else:
                self.counts.chunks_sent += 1
                self.counts.rows_sent += counts.rows
        self._settle(item, finished_bytes=chunk.file_bytes, rows=counts.rows if counts is not None else 0)

    def _settle(
        self, item: FileWork, *, all_cut: bool = False, finished_bytes: int | None = None, rows: int = 0
    ) -> None:
        """A file was read to its end, or one of its chunks is in; once both are so of all, it is done."""
        with self._lock:
            item.all_cut = item.all_cut or all_cut
            if finished_bytes is not None:
                item.finished_bytes += finished_bytes
                item.rows += rows
                item.in_flight -= 1
            if item.all_cut and item.in_flight == 0 and not item.done:
                item.done = True
                self._unmarked.append(item.row.file_id)
                self._to_mark.set()

    # -- files that are done

    def _mark_files(self) -> None:
        self._attempts.run("looking for complete tables", self._start_indexes)  # an earlier try may have left some
        last = False
        while not last:
            self._to_mark.wait()
            self._to_mark.clear()
            last = self._all_sent.is_set()
            with self._lock:
                done, self._unmarked = self._unmarked, []
            if done:
                self._attempts.run("marking files as done", partial(self._mark_done, done))
                self.counts.files_done += len(done)
                if self._index_builder.stages:
                    self._attempts.run("looking for complete tables", self._start_indexes)
            self._all_sent.wait(_TICK_S)  # a statement for many files, where they are small

    def _mark_done(self, file_ids: Iterable[int]) -> None:
        with self._context.open_database() as db:
            self._marking_session = db.connection_id
            try:
                files.mark_done(Meta(db, self._context.config.state.meta_schema), self._context.load_id, file_ids)
                db.commit()
            finally:
                self._marking_session = None

    def _start_indexes(self) -> None:
        if not self._ending:
            self._index_builder.start_complete_tables()

    # -- stopping

    def _abort(self) -> None:
        self._failed.set()
        self._all_sent.set()
        self._to_mark.set()
        self._feed.close()
        self._index_builder.abandon()
        until = time.monotonic() + _LONGEST_ABORT_S
        while self._busy and time.monotonic() < until:
            self._kill_sessions()
            time.sleep(_TICK_S)

    def _kill_sessions(self) -> None:
        ids = [*(sender.connection_id for sender in self._senders), self._marking_session, self._watch.session]
        kill_sessions(self._context.open_database, [*filter(None, ids), *self._index_builder.sessions])
