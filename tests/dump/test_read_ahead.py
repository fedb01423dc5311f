"""What is read ahead is handed out as it stands in the file, however it is cut, and large pieces are not copied."""

from __future__ import annotations

import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_dm_loader.dump import read_ahead
from airflow_dm_loader.dump.read_ahead import ReadAhead

MIB = 1 << 20


class Steps:
    """A file that counts how much was read of it."""

    def __init__(self, raw: bytes) -> None:
        self._file = io.BytesIO(raw)
        self.bytes_read = 0

    def read(self, size: int, /) -> bytes:
        piece = self._file.read(size)
        self.bytes_read += len(piece)
        return piece

    def seek(self, offset: int, /) -> int:
        return self._file.seek(offset)


@given(raw=st.binary(max_size=300), large=st.integers(1, 20), spent=st.integers(1, 60), data=st.data())
def test_what_is_taken_is_what_stands_there(raw: bytes, large: int, spent: int, data: st.DataObject) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(read_ahead, "_LARGE_BYTES", large)
        patch.setattr(read_ahead, "_SPENT_BYTES", spent)
        patch.setattr(read_ahead, "_PIECE_BYTES", 16)
        ahead = ReadAhead(io.BytesIO(raw))
        taken: list[tuple[bytes, bytes]] = []
        for _ in range(data.draw(st.integers(1, 12))):
            if data.draw(st.booleans()):
                before = ahead.rest_bytes
                more = ahead.read_more(data.draw(st.integers(1, 64)), b";")
                assert ahead.at == 0 or not more
                assert (ahead.rest_bytes > before) == more
            else:
                begin = data.draw(st.integers(ahead.at, len(ahead.data)))
                end = data.draw(st.integers(begin, len(ahead.data)))
                after = data.draw(st.integers(end, len(ahead.data)))
                here = ahead.base
                taken.append((ahead.take(begin, end, after), raw[here + begin : here + end]))
                assert ahead.base + ahead.at == here + after
            assert ahead.data[ahead.at :] == raw[ahead.base + ahead.at : ahead.base + len(ahead.data)]
        for found, expected in taken:  # also once all was read and taken: nobody writes into what was handed out
            assert found == expected


def test_reading_stops_where_the_end_may_be() -> None:
    source = Steps(b"x" * (20 * MIB) + b";\n" + b"y" * (60 * MIB))
    ahead = ReadAhead(source)
    while b";\n" not in ahead.data:
        assert ahead.read_more(max(4 * MIB, ahead.rest_bytes), b";\n")
    assert source.bytes_read <= 24 * MIB


def test_an_end_that_is_none_still_lets_it_grow_by_a_part() -> None:
    source = Steps(b";\n" * (64 * MIB // 2))
    ahead = ReadAhead(source)
    reads = 0
    while ahead.read_more(max(4 * MIB, ahead.rest_bytes), b";\n"):
        reads += 1
    assert reads <= 14  # an eighth each time, of what is scanned again; 16 if each piece were looked at
    assert ahead.rest_bytes == 64 * MIB


def test_a_jump_within_reads_nothing_and_a_far_one_nothing_between() -> None:
    source = Steps(b"".join(b"%07d\n" % at for at in range(1000)))
    ahead = ReadAhead(source)
    ahead.read_more(800, b";")
    ahead.jump(400)
    assert ahead.data[ahead.at : ahead.at + 8] == b"0000050\n"
    ahead.jump(7200)
    assert ahead.rest_bytes == 0
    ahead.read_more(80, b";")
    assert ahead.data[:8] == b"0000900\n"
    assert source.bytes_read == 880


def test_one_copy_of_a_large_piece_is_in_memory_while_it_is_read_and_taken() -> None:
    size = 48 * MIB
    source = Zeros(size + 3 * MIB)
    ahead = ReadAhead(source)
    tracemalloc.start()
    try:
        while len(ahead.data) < size:
            assert ahead.read_more(max(4 * MIB, ahead.rest_bytes), b"no such end")
        taken = ahead.take(0, size, size)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(taken) == size
    assert peak < 1.4 * size  # what was read beyond it, a piece, and what BytesIO asks for in advance


class Zeros:
    """A file of zeros that holds none of them."""

    def __init__(self, size: int) -> None:
        self._left = size

    def read(self, size: int, /) -> bytes:
        given = min(size, self._left)
        self._left -= given
        return bytes(given)

    def seek(self, offset: int, /) -> int:
        raise AssertionError(f"nobody asked to seek to {offset}")
