"""How files become groups of chunks, and how many chunks there are at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from airflow_dm_loader.engines.logical.feed import ChunkFeed, Group
from airflow_dm_loader.engines.logical.file_work import FileWork
from airflow_dm_loader.formats.base import Chain, Chunk, Delivery, Payload, Sent
from airflow_dm_loader.state.files import FileRow
from tests.waiting import PATIENCE_S

MIB = 1 << 20


def work(*file_bytes: int) -> list[FileWork]:
    planned: Any = None
    return [
        FileWork(planned, FileRow(at, f"s.t{at}.sql", "s", f"t{at}", size), {}) for at, size in enumerate(file_bytes)
    ]


class NoRows(Payload[tuple[()]]):
    def send(self, delivery: Delivery) -> Sent:
        raise AssertionError("nobody sends it here")


class Cutter:
    """Cuts files into chunks of given sizes, and counts the bytes that are cut and not sent yet."""

    def __init__(self, *sizes: int) -> None:
        self.sizes = sizes
        self.alive = self.most_alive = 0
        self.lock = threading.Lock()

    @contextmanager
    def open(self, item: FileWork) -> Iterator[Chain]:
        yield _Chunks(self, item)

    def sent(self, group: Group) -> None:
        time.sleep(0.002)
        with self.lock:
            self.alive -= sum(chunk.end - chunk.start for _, chunk in group)


class _Chunks:
    skipped = 0

    def __init__(self, cutter: Cutter, item: FileWork) -> None:
        self._cutter, self._item = cutter, item

    def __iter__(self) -> Iterator[Chunk]:
        start = 0
        for size in self._cutter.sizes or (self._item.row.file_bytes,):
            with self._cutter.lock:
                self._cutter.alive += size
                self._cutter.most_alive = max(self._cutter.alive, self._cutter.most_alive)
            yield Chunk(self._item.row, start, start + size, {}, size, NoRows(()))
            start += size


def run(
    files: list[FileWork],
    cutter: Cutter,
    *,
    readers: int = 2,
    senders: int = 4,
    chunk_bytes: int = 16 * MIB,
    group: bool = True,
) -> list[Group]:
    """All groups that senders got."""
    got: list[Group] = []
    feed = ChunkFeed(
        files,
        cutter.open,
        lambda: False,
        readers=readers,
        senders=senders,
        chunk_bytes=chunk_bytes,
        group=group,
    )

    def send(some: Group) -> None:
        cutter.sent(some)
        got.append(list(some))

    reading = [
        threading.Thread(target=feed.read, args=(lambda _: None, lambda *_: None), daemon=True) for _ in range(readers)
    ]
    sending = [threading.Thread(target=feed.send, args=(send,), daemon=True) for _ in range(senders)]
    for thread in (*reading, *sending):
        thread.start()
    for thread in reading:
        thread.join(PATIENCE_S)
        assert not thread.is_alive(), "a reader waits for ever"
    feed.close()
    for thread in sending:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
    return got


def names(group: Group) -> list[str]:
    return [item.row.name for item, _ in group]


def test_every_chunk_is_handed_over_once() -> None:
    files = work(30 * MIB, 20 * MIB, *[700] * 200)
    got = run(files, Cutter())
    assert sorted(name for group in got for name in names(group)) == sorted(item.row.name for item in files)


def test_large_files_go_alone_and_small_ones_together_in_the_order_of_their_numbers() -> None:
    got = run(work(1 * MIB, 100_000, *[700] * 64), Cutter(), readers=1, senders=2)
    assert [len(group) for group in got if len(group) == 1][:2] == [1, 1]
    large = [group for group in got if len(group) > 1]
    assert max(map(len, large)) == 32
    for group in large:
        ids = [item.row.file_id for item, _ in group]
        assert ids == sorted(ids)


def test_few_small_files_are_shared_out_among_all_senders() -> None:
    assert max(map(len, run(work(*[700] * 8), Cutter()))) == 2


def test_a_group_holds_no_more_than_a_chunk_may() -> None:
    got = run(work(*[700] * 64), Cutter(), chunk_bytes=4096, senders=1, readers=1)
    assert max(sum(chunk.end - chunk.start for _, chunk in group) for group in got) < 4096 + 700


def test_small_files_go_alone_where_they_may_not_be_grouped() -> None:
    assert all(len(group) == 1 for group in run(work(*[700] * 40), Cutter(), group=False))


@pytest.mark.parametrize(("readers", "senders"), [(1, 1), (1, 2), (2, 4), (4, 8), (8, 16)])
@pytest.mark.parametrize("chunk", [16 * MIB, 62 * MIB, 1000 * MIB])
def test_huge_chunks_are_few_at_a_time_and_nobody_waits_for_ever(readers: int, senders: int, chunk: int) -> None:
    cutter = Cutter(*[chunk] * 3)
    got = run(work(*[3 * chunk] * 6), cutter, readers=readers, senders=senders)
    assert len(got) == 18
    for_others = senders + 2 - readers  # slots; each reader may have cut a chunk for which it has only the first
    slots = min(chunk // (16 * MIB), for_others)
    assert cutter.most_alive <= (readers + for_others // slots) * chunk


def test_no_bytes_of_a_chunk_are_left_once_it_was_sent_though_the_chunk_itself_is_kept() -> None:
    for group in run(work(1 * MIB, *[700] * 40), Cutter()):
        for _, chunk in group:
            with pytest.raises(RuntimeError, match="let go of"):
                _ = chunk.payload.content
