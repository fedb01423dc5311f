"""Named instants of a load, at which a process can send itself a signal.

They are made by wrapping functions of the loader in a process of the tests; the loader knows nothing of them.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from airflow_dm_loader.dump.storage import DumpStorage
from airflow_dm_loader.engines.logical import index_builder
from airflow_dm_loader.objects.making import Making
from airflow_dm_loader.phases import guarding, rebuilding, schema_changes
from airflow_dm_loader.state import (
    arrivals,
    chunk_groups,
    chunks,
    error_rows,
    files,
    history,
    holds,
    load_tasks,
    loads,
    outcomes,
    rebuilds,
    replays,
    swaps,
)
from airflow_dm_loader.target import hanging, schema, schema_change, swap
from airflow_dm_loader.target.connection import Database
from airflow_dm_loader.target.local_stream import LocalStreamConnection
from airflow_dm_loader.verify import comparison


@dataclass(frozen=True)
class _Point:
    owner: Any
    name: str
    after: bool = False  # of the call
    in_senders: bool = False  # only calls of threads that send rows count


_HALF_A_PACKET = "in mid stream"

# Those of a chunk are reached again and again.
CHUNK_POINTS = {
    "after the chunk row's insert": _Point(chunks, "claim", after=True),
    _HALF_A_PACKET: None,
    "after the rows": _Point(chunks, "complete"),
    "before COMMIT": _Point(Database, "commit", in_senders=True),
    "after COMMIT, before the client knows": _Point(Database, "commit", after=True, in_senders=True),
}
# Those of several small files in one transaction.
GROUP_POINTS = {
    "after the insert of several chunks' rows": _Point(chunk_groups, "claim_group", after=True),
    "after the rows of several chunks": _Point(chunk_groups, "complete_group"),
    "after COMMIT of several chunks, before the client knows": _Point(chunk_groups, "complete_group", after=True),
}
OTHER_POINTS = {
    "before the load is registered": _Point(loads, "register"),
    "after the load is registered": _Point(load_tasks, "put", after=True),
    "between two CREATE TABLE": _Point(schema, "create_table", after=True),
    "tables created, not written down": _Point(files, "register_tables"),
    "before a file is marked as done": _Point(files, "mark_done"),
    "between two index builds": _Point(index_builder, "add_indexes"),
    "indexes built, the mark still there": _Point(index_builder, "_unmark"),
    "indexes built, not written down": _Point(index_builder, "add_indexes", after=True),
    "in the checksum": _Point(comparison, "compare_table", after=True),
    "outcome stored, not committed": _Point(outcomes, "store", after=True),
    "finished, not committed": _Point(load_tasks, "delete"),
    "before the clean": _Point(DumpStorage, "remove"),
    "in the clean": _Point(Path, "unlink", after=True),
}
# Those of a load that adds columns to tables that exist.
COLUMN_POINTS = {
    "before the ALTER TABLE": _Point(schema_change, "_alter"),
    "columns looked at": _Point(schema_change, "columns_now", after=True),  # the second time right before the ALTER
    "after the ALTER TABLE": _Point(schema_change, "_alter", after=True),
    "columns added, not written down": _Point(schema_changes, "keep_added"),
}
# Those of a load of triggers, routines and events.
OBJECT_POINTS = {"between two objects": _Point(Making, "make", after=True)}
# Those of a load of a dump that is still being made.
STREAM_POINTS = {
    "begun, not committed": _Point(loads, "register", after=True),
    "files are taken up, not committed": _Point(arrivals, "take_up", after=True),
    "between two CREATE TABLE": OTHER_POINTS["between two CREATE TABLE"],
    "before a file is marked as done": OTHER_POINTS["before a file is marked as done"],
    "a file that changed is given up, not committed": _Point(loads, "renumber", after=True),
    "sealed, not committed": _Point(loads, "seal", after=True),
}
# Those of a load that swaps.
SWAP_POINTS = {
    "the round is joined, not committed": _Point(swaps, "join", after=True),
    "the live tables were looked at, not committed": _Point(swaps, "keep_looks", after=True),
    "between two schemas of the round": _Point(swap, "make_schema", after=True),
    "the mark is made": _Point(swap, "make_mark", after=True),
    "between two tables of the round": _Point(schema, "create_table", after=True),
    "ready, not committed": _Point(swaps, "set_ready", after=True),
    "before the RENAME": _Point(swap, "swap"),
    "after the RENAME": _Point(swap, "swap", after=True),
    "swapped, not written down": _Point(swaps, "set_state"),
    "swapped and written down, not committed": _Point(swaps, "set_state", after=True),
    "before former tables are dropped": _Point(swap, "drop"),
    "swapped, not finished": _Point(load_tasks, "delete"),
    "what it brought is in the history, not committed": _Point(history, "keep", after=True),
}
# Those of a load that sets rows aside, and loads them again later.
ASIDE_POINTS = {
    "rows are set aside, not counted": _Point(error_rows, "add"),
    "rows are set aside and counted, not committed": _Point(error_rows, "add", after=True),
    "after COMMIT, before the client knows": CHUNK_POINTS["after COMMIT, before the client knows"],
}
REPLAY_POINTS = {
    "a row is marked as replayed, not sent": _Point(replays, "mark", after=True),
    "a row is replayed, not committed": _Point(replays, "count_in_chunk", after=True),
    "a row is replayed and committed": _Point(replays, "read"),  # the next one
}
# Those of a load that makes again what hung on the tables that it swapped.
REBUILD_POINTS = {
    "stored, nothing taken away": _Point(rebuilding, "take_away"),
    "between two that are taken away": _Point(hanging, "is_there", after=True),
    "all taken away, before the RENAME": _Point(rebuilding, "take_away", after=True),
    "after the RENAME, nothing made again": _Point(rebuilding, "make_again"),
    "between two that are made again": _Point(rebuilding, "_make", after=True),
    "all made again, still stored": _Point(rebuilds, "forget"),
}
# Those of a load that the guard looks at before a row is deleted.
GUARD_POINTS = {
    "before the guard looks": _Point(history, "last"),
    "the guard has looked, and nothing is written down": _Point(history, "last", after=True),
    "what the guard found is accepted": _Point(guarding, "hold_before_rows", after=True),
}
# Those of a table whose rows go before the load's come, by on_existing_rows.
EMPTYING_POINTS = {
    "before the intent is stored": _Point(holds, "intend_emptying"),
    "after the intent is stored": _Point(holds, "intend_emptying", after=True),
    "before rows are deleted": _Point(holds, "delete_some"),
    "after rows are deleted": _Point(holds, "delete_some", after=True),
}
DROPPING_POINTS = {
    "before the intent is stored": EMPTYING_POINTS["before the intent is stored"],
    "after the intent is stored": EMPTYING_POINTS["after the intent is stored"],
    "before the table is dropped": _Point(schema, "drop_table"),
    "dropped, not written down": _Point(schema, "drop_table", after=True),
    "dropped, not created": _Point(holds, "drop_once", after=True),
    "created, not written down": _Point(files, "register_tables"),
}
POINTS: dict[str, _Point | None] = {
    **CHUNK_POINTS,
    **GROUP_POINTS,
    **OTHER_POINTS,
    **OBJECT_POINTS,
    **EMPTYING_POINTS,
    **DROPPING_POINTS,
}


def signal_at(name: str, nth: int, signal_number: int) -> None:
    """Send this process a signal when the point is reached for the ``nth`` time, counted from 1."""
    calls = count(1)

    def reached() -> None:
        if (
            next(calls) == nth
        ):  # to this thread: another one may take longer to hear it, and this one goes on until then
            signal.pthread_kill(threading.get_ident(), signal_number)

    named = {**SWAP_POINTS, **GUARD_POINTS, **COLUMN_POINTS, **REBUILD_POINTS, **ASIDE_POINTS, **REPLAY_POINTS}
    named |= STREAM_POINTS
    point = {**POINTS, **named}[name]
    if point is None:
        _signal_in_half_a_packet(reached)
    else:
        _wrap(point, reached)


def _wrap(point: _Point, reached: Callable[[], None]) -> None:
    original = getattr(point.owner, point.name)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        counts = not point.in_senders or threading.current_thread().name.startswith("dm-loader-sender")
        if counts and not point.after:
            reached()
        result = original(*args, **kwargs)
        if counts and point.after:
            reached()
        return result

    setattr(point.owner, point.name, wrapped)


def _signal_in_half_a_packet(reached: Callable[[], None]) -> None:
    """Rows are written in packets of a kilobyte and more, on either path; nothing else is."""
    original = LocalStreamConnection._write_bytes  # type: ignore[attr-defined]

    def wrapped(self: LocalStreamConnection, data: bytes) -> None:
        if len(data) < 1000:
            original(self, data)
            return
        half = len(data) // 2
        original(self, data[:half])
        reached()
        original(self, data[half:])

    LocalStreamConnection._write_bytes = wrapped  # type: ignore[attr-defined]
