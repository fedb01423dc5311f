"""Readers cut files into chunks, senders take them; the chunks in flight bound the memory.

A slot is taken before a chunk is cut and given back once it was sent, so at most ``pool_size + 2`` chunks exist at
a time, whatever the size of the dump; a chunk of huge rows takes as many slots as it stands for.

Small files share a slot, and a transaction: a dump can have a hundred thousand of them, and each transaction costs
the server a flush to its disk, and both sides five messages.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack

from airflow_dm_loader.engines.logical.file_work import FileWork
from airflow_dm_loader.formats.base import Chain, Chunk

_TICK_S = 0.1
_SPARE_SLOTS = 2  # chunks that are cut while every connection sends
_SMALL_FILE_BYTES = 64 << 10  # stored
_LARGEST_GROUP = 32  # files
_LARGEST_GROUP_BYTES = 1 << 20  # decoded; never more than chunk_bytes
_SLOT_BYTES = 16 << 20  # decoded; or chunk_bytes, where it is larger

Group = list[tuple[FileWork, Chunk]]  # of one transaction; hardly ever more than one


class ChunkFeed:
    """Cuts files into chunks, and hands them over in groups of one transaction each.

    Args:
        work: the files that are not done yet, in order: long ones first.
        open_reader: the chunks of a file.
        is_ending: once true, nothing more is cut.
        readers: how many cut at a time.
        senders: how many take from it.
        chunk_bytes: the load's chunk size.
        group: put small files together.
    """

    def __init__(
        self,
        work: Sequence[FileWork],
        open_reader: Callable[[FileWork], AbstractContextManager[Chain]],
        is_ending: Callable[[], bool],
        *,
        readers: int,
        senders: int,
        chunk_bytes: int,
        group: bool,
    ) -> None:
        self._work = work
        self._next = 0
        self._open_reader = open_reader
        self._is_ending = is_ending
        self._senders = senders
        self._small_file_bytes = min(_SMALL_FILE_BYTES, chunk_bytes) if group else -1
        self._slot_bytes = max(_SLOT_BYTES, chunk_bytes)
        self._most_bytes = min(_LARGEST_GROUP_BYTES, chunk_bytes)
        self._lock = threading.Lock()
        self._slots = threading.Semaphore(senders + _SPARE_SLOTS)
        self._most_slots = senders + _SPARE_SLOTS - readers  # of a chunk: each reader may hold one
        self._more_slots = threading.Lock()  # else two readers could each wait for the other's
        self._groups: queue.SimpleQueue[tuple[Group, int] | None] = queue.SimpleQueue()

    # -- readers

    def read(self, on_cut: Callable[[FileWork], None], on_end: Callable[[FileWork, int], None]) -> None:
        """The work of a reader: cut files until none is left.

        Args:
            on_cut: called before a chunk of the file is handed over.
            on_end: called when a file was read to its end, with how many chunks had been committed before.
        """
        while items := self._next_files():
            if not self._cut(items, on_cut, on_end):
                return

    def _next_files(self) -> Sequence[FileWork]:
        """A file, or several small ones: so many that every sender gets its share."""
        with self._lock:
            left = len(self._work) - self._next
            if not left or self._is_ending():
                return ()
            count = 1
            if self._work[self._next].row.file_bytes <= self._small_file_bytes:
                count = min(_LARGEST_GROUP, -(-left // self._senders))
            taken = self._work[self._next : self._next + count]
            self._next += count
        return sorted(taken, key=lambda item: item.row.file_id)

    def _cut(
        self,
        items: Sequence[FileWork],
        on_cut: Callable[[FileWork], None],
        on_end: Callable[[FileWork, int], None],
    ) -> bool:
        """Whether all were cut; false: the import ends."""
        most_bytes = self._most_bytes if len(items) > 1 else 0
        group: Group = []
        group_bytes = 0
        has_slot = False
        for item in items:
            with self._open_reader(item) as reader:
                chunks = iter(reader)
                while True:
                    has_slot = has_slot or self._take_slot()
                    chunk = next(chunks, None) if has_slot and not self._is_ending() else None
                    if chunk is None:
                        break
                    on_cut(item)
                    group.append((item, chunk))
                    group_bytes += chunk.size_bytes
                    if group_bytes >= most_bytes:
                        self._hand_over(group, group_bytes)
                        group, group_bytes, has_slot = [], 0, False
                if self._is_ending():
                    return False
                on_end(item, reader.skipped)
        if group:
            self._hand_over(group, group_bytes)
        elif has_slot:
            self._slots.release()
        return True

    def _hand_over(self, group: Group, group_bytes: int) -> None:
        """Take the further slots of a large group, and hand it to a sender."""
        slots = min(max(1, group_bytes // self._slot_bytes), self._most_slots)
        if slots > 1:
            with self._more_slots:
                if not all(self._take_slot() for _ in range(slots - 1)):
                    return
        self._groups.put((group, slots))

    def _take_slot(self) -> bool:
        while not self._slots.acquire(timeout=_TICK_S):
            if self._is_ending():
                return False
        return True

    # -- senders

    def send(self, send: Callable[[Group], None]) -> None:
        """The work of a sender: ``send`` groups until :meth:`close`; those that come when all ends are dropped."""
        while (received := self._groups.get()) is not None:
            group, slots = received
            with ExitStack() as taken:
                for _, chunk in group:
                    taken.enter_context(chunk.payload.take())
                if not self._is_ending():
                    send(group)
            self._slots.release(slots)

    def close(self) -> None:
        """No more groups come: the senders end."""
        for _ in range(self._senders):
            self._groups.put(None)
