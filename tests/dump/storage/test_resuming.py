"""A disk or a mounted file system that fails in the middle of a file."""

from __future__ import annotations

import errno
import io
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_dm_loader.attempts import Attempts
from airflow_dm_loader.dump.compression import open_decoded
from airflow_dm_loader.dump.filenames import Compression
from airflow_dm_loader.dump.storage import LocalStorage, StoredFile
from airflow_dm_loader.errors import CheckpointError, DumpNotFoundError, RetriableError
from tests.clocks import FastClock

CONTENT = random.Random(3).randbytes(1 << 20)
SOON = Attempts(clock=FastClock(5000))


class FailingStream(io.RawIOBase):
    """A real file whose reads can fail."""

    def __init__(self, stream: BinaryIO, before_read: Callable[[int], None]) -> None:
        self._stream = stream
        self._before_read = before_read

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        self._before_read(self._stream.tell())
        return self._stream.readinto(memoryview(buffer)[:50_000])  # type: ignore[attr-defined, no-any-return]

    def close(self) -> None:
        self._stream.close()
        super().close()


class FailingDisk(LocalStorage):
    """``fail`` is called with the offset of each read, ``fail_open`` at each opening."""

    fail: Callable[[int], None] = staticmethod(lambda offset: None)
    fail_open: Callable[[], None] = staticmethod(lambda: None)

    def _open_at(self, file: StoredFile, offset: int) -> BinaryIO:
        try:
            self.fail_open()
        except OSError as error:
            raise self._unreadable(error, file=file.name) from error
        return cast("BinaryIO", FailingStream(super()._open_at(file, offset), self.fail))


@pytest.fixture
def disk(tmp_path: Path) -> FailingDisk:
    (tmp_path / "f").write_bytes(CONTENT)
    return FailingDisk(tmp_path, attempts=SOON)


def failing_times(count: int, number: int) -> Callable[..., None]:
    left = [count]

    def fail(*_: object) -> None:
        if left[0]:
            left[0] -= 1
            raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.ETIMEDOUT])
def test_a_read_error_that_goes_away_is_not_noticed(disk: FailingDisk, number: int) -> None:
    disk.fail = failing_times(5, number)
    with open_decoded(disk, "f", Compression.NONE) as file:
        assert file.read(2 << 20) == CONTENT


def test_the_file_is_opened_again_at_each_try(disk: FailingDisk) -> None:
    opened = []
    disk.fail_open = lambda: opened.append(1)
    disk.fail = failing_times(3, errno.ESTALE)
    assert disk.read("f", 1 << 20) == CONTENT
    assert len(opened) == 4


def test_a_file_system_that_can_t_open_for_a_while_is_waited_for(disk: FailingDisk) -> None:
    disk.fail_open = failing_times(4, errno.ESTALE)
    assert disk.read("f", 1 << 20) == CONTENT


def test_an_error_that_stays_can_be_mended_by_a_retry_of_the_task(disk: FailingDisk) -> None:
    def fail(offset: int) -> None:
        if offset >= 600_000:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    disk.fail = fail
    with open_decoded(disk, "f", Compression.NONE) as file:
        assert file.read(500_000) == CONTENT[:500_000]
        with pytest.raises(RetriableError, match="Input/output error") as caught:
            file.read(500_000)
    assert caught.value.file == "f"
    assert caught.value.offset == 600_000
    assert not caught.value.worth_another_try  # the phase, which tries again too, does not begin all over


def test_a_right_that_is_missing_is_not_waited_for(disk: FailingDisk) -> None:
    calls = []

    def fail_open() -> None:
        calls.append(1)
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    disk.fail_open = fail_open
    with pytest.raises(DumpNotFoundError, match="Permission denied"):
        disk.open("f")
    assert len(calls) == 1


def test_a_file_that_is_replaced_behind_an_error_is_never_mixed(disk: FailingDisk) -> None:
    replaced: list[int] = []

    def fail(offset: int) -> None:
        if offset >= 500_000 and not replaced:
            replaced.append(1)
            path = disk.folder / "f"
            os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    disk.fail = fail
    with disk.open("f") as file, pytest.raises(CheckpointError) as caught:
        file.read()
    assert (caught.value.code, caught.value.file) == (34018, "f")


def test_a_file_that_is_cut_while_it_is_read_does_not_look_like_a_short_one(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(CONTENT)
    with open_decoded(LocalStorage(tmp_path), "f", Compression.NONE) as file:
        assert file.read(200_000) == CONTENT[:200_000]
        os.truncate(path, 400_000)
        with pytest.raises(CheckpointError):
            file.read(len(CONTENT))


def test_a_file_whose_size_is_not_the_listed_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"12345")
    storage = LocalStorage(tmp_path)
    storage.list()
    (tmp_path / "f").write_bytes(b"123456")
    with pytest.raises(CheckpointError):
        storage.open("f")
    storage.list()
    assert storage.read("f", 10) == b"123456"


@given(
    failures=st.sets(st.integers(0, len(CONTENT)), max_size=5),
    reads=st.lists(st.tuples(st.integers(0, len(CONTENT)), st.integers(1, 300_000)), max_size=6),
)
def test_whatever_fails_where_the_bytes_are_those_of_the_file(
    tmp_path_factory: pytest.TempPathFactory, failures: set[int], reads: list[tuple[int, int]]
) -> None:
    folder = tmp_path_factory.getbasetemp() / "hypothesis"
    folder.mkdir(exist_ok=True)
    if not (folder / "f").exists():
        (folder / "f").write_bytes(CONTENT)
    disk, left = FailingDisk(folder, attempts=SOON), sorted(failures, reverse=True)

    def fail(offset: int) -> None:
        if left and offset >= left[-1]:
            left.pop()
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    disk.fail = fail
    with open_decoded(disk, "f", Compression.NONE) as file:
        for offset, count in reads:
            file.seek(offset)
            assert file.read(count) == CONTENT[offset : offset + count]
