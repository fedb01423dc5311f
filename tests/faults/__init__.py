"""What can go wrong in the middle of an import, made to happen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest

from airflow_dm_loader import loader
from airflow_dm_loader.config import LoadConfig, TargetConfig
from airflow_dm_loader.errors import TargetError
from airflow_dm_loader.state import chunks
from airflow_dm_loader.state.meta import Meta
from airflow_dm_loader.target.connection import Database
from tests.dumps import run_of
from tests.foreign_server import ForeignServer
from tests.servers import AnyServer
from tests.tables import query
from tests.waiting import PATIENCE_S


def before_each_commit(monkeypatch: pytest.MonkeyPatch, happens: Callable[[int, Database], None]) -> None:
    """Let something happen where the rows of a chunk that goes alone were sent but its row is not completed.

    ``happens`` gets how many chunks came that far, this one included, and the chunk's connection.
    """
    complete = chunks.complete
    came = 0

    def wrapped(meta: Meta, *args: Any, **kwargs: Any) -> None:
        nonlocal came
        came += 1
        happens(came, meta.db)
        complete(meta, *args, **kwargs)

    monkeypatch.setattr(chunks, "complete", wrapped)


def hold_chunks_after(monkeypatch: pytest.MonkeyPatch, number: int) -> threading.Event:
    """Let so many chunks that go alone begin, and the others when the event is set.

    An import then can't end before its test has seen it in the middle.
    """
    claim, begun, go_on = chunks.claim, count(1), threading.Event()

    def wrapped(*args: Any, **kwargs: Any) -> str:
        if next(begun) > number:
            assert go_on.wait(PATIENCE_S)
        return claim(*args, **kwargs)

    monkeypatch.setattr(chunks, "claim", wrapped)
    return go_on


def import_until_broken(config: LoadConfig, target: TargetConfig, *, chunks: int) -> None:
    """Commit so many chunks, then meet a fatal error."""

    def break_down(came: int, _: Database) -> None:
        if came > chunks:
            raise TargetError("the test says so")

    with pytest.MonkeyPatch.context() as patch:
        before_each_commit(patch, break_down)
        with pytest.raises(TargetError, match="the test says so"):
            loader.run_import(run_of(config, target))


@contextmanager
def global_variable(server: AnyServer, name: str, value: str | float) -> Iterator[None]:
    """A server's variable, for the sessions that begin meanwhile."""
    if isinstance(server, ForeignServer):
        server.leave_out("configures the server")
    ((before,),) = query(server, f"SELECT @@GLOBAL.{name}")
    query(server, f"SET GLOBAL {name} = %s", value)
    try:
        yield
    finally:
        query(server, f"SET GLOBAL {name} = %s", before)
