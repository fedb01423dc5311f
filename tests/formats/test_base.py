"""The rows of a chunk are in memory while one holder needs them, whoever else keeps the chunk."""

from __future__ import annotations

import gc
import weakref

import pytest

from airflow_dm_loader.formats.base import Chunk, Delivery, Payload, Sent
from airflow_dm_loader.state.files import FileRow


class Bytes:
    """What a weak reference can be made to."""


class OneRow(Payload[Bytes]):
    def send(self, delivery: Delivery) -> Sent:
        raise AssertionError("nobody sends it here")


def test_the_bytes_go_when_the_one_who_took_them_is_done() -> None:
    payload = OneRow(Bytes())
    chunk = Chunk(FileRow(0, "s.t.sql", "s", "t", 1), 0, 1, {}, 1, payload)
    bytes_of_it = weakref.ref(payload.content)
    gc.disable()  # no cycle may have to be found first
    try:
        with chunk.payload.take() as taken:
            assert taken.content is bytes_of_it()
        assert bytes_of_it() is None
    finally:
        gc.enable()
    with pytest.raises(RuntimeError, match="let go of"):
        _ = payload.content


def test_the_bytes_go_though_sending_failed_and_the_error_is_kept() -> None:
    payload = OneRow(Bytes())
    bytes_of_it = weakref.ref(payload.content)
    try:
        with payload.take():
            raise ValueError("kept")
    except ValueError as error:
        kept = error
    assert bytes_of_it() is None
    assert kept.args == ("kept",)


def test_rows_are_taken_once() -> None:
    payload = OneRow(Bytes())
    with payload.take(), pytest.raises(RuntimeError, match="once"), payload.take():
        pass
